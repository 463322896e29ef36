import { readFileSync } from 'node:fs';
import { logEValue, projectOntoNull } from './e-value.js';
import { advanceE, type GateSettings, newGate, rollbackE, stepGate } from './gate.js';
import { wilsonUpper } from './intervals.js';
import { priorOf } from './process.js';

interface Reference {
  single: {
    nb: number;
    kb: number;
    nc: number;
    kc: number;
    b: number;
    c: number;
    s: number;
    d: number;
    x: number;
    y: number;
    loge: number;
  }[];
  traces: Record<
    string,
    {
      blocks: [number, number, number, number][];
      kw: { phi?: number; hist_n?: number; hist_k?: number };
      E: [number, number][];
    }
  >;
  wilsonUpper: [number, number, number][];
}

const reference = JSON.parse(readFileSync(new URL('./reference.fixture.json', import.meta.url), 'utf8')) as Reference;

function expectRelative(actual: number, expected: number, tolerance = 1e-9) {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected));
}

describe('one block', () => {
  test.each(reference.single)('the e-value of $kb/$nb against $kc/$nc matches the reference', (row) => {
    const line = { ratio: row.s, offset: row.d };
    const bet = { stable: row.b, canary: row.c };
    expectRelative(projectOntoNull(bet, line, row.nb, row.nc), row.x);
    const block = { stableCount: row.nb, stableBad: row.kb, canaryCount: row.nc, canaryBad: row.kc };
    expectRelative(logEValue(block, bet, line), row.loge);
  });

  test('further reference values hold to the digits they were printed with', () => {
    const at = (nb: number, kb: number, nc: number, kc: number, b: number, c: number, s: number, d: number) =>
      logEValue(
        { stableCount: nb, stableBad: kb, canaryCount: nc, canaryBad: kc },
        { stable: b, canary: c },
        { ratio: s, offset: d },
      );
    expectRelative(at(90, 1, 10, 0, 0.01, 0.02, 1, 0), -0.09678335535807876);
    expectRelative(at(300, 3, 300, 9, 0.01, 0.02, 1.25, 0.0005), 0.7297232867750266);
    expectRelative(at(50, 0, 50, 0, 0.001, 0.001, 1.5, 0.005), 0.20651783030853849);
  });
});

describe('traces', () => {
  test.each(Object.entries(reference.traces))('%s: both e-processes match the reference', (_, trace) => {
    const settings: GateSettings = {
      prior: priorOf(trace.kw.hist_n ?? 0, trace.kw.hist_k ?? 0),
      rollbackNull: { ratio: 1, offset: 0 },
      advanceNull: { ratio: 1.5, offset: 0.005 },
      dispersion: trace.kw.phi ?? 1,
    };
    let state = newGate;
    trace.blocks.forEach(([stableCount, stableBad, canaryCount, canaryBad], index) => {
      state = stepGate(state, { stableCount, stableBad, canaryCount, canaryBad }, settings);
      const expected = trace.E[index] ?? [Number.NaN, Number.NaN];
      expectRelative(rollbackE(state), expected[0]);
      expectRelative(advanceE(state), expected[1]);
    });
  });
});

test.each(reference.wilsonUpper)('the upper bound of %i bad in %i is %f', (bad, count, expected) => {
  expectRelative(wilsonUpper(bad, count, 1.96), expected);
});
