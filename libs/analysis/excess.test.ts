import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { addCounts, type Counts, noCounts } from './evidence.js';
import { excessBounds } from './excess.js';
import { rateInterval } from './intervals.js';
import {
  advanceBetCount,
  advanceValue,
  type Prior,
  rollbackBetCount,
  rollbackValue,
  stepAdvance,
  stepRollback,
} from './process.js';

interface Reference {
  excessBounds: Record<string, [number, number]>;
  betaMixtureConfidenceSequence: [number, number, number, number][];
}

const reference = JSON.parse(readFileSync(new URL('./reference.fixture.json', import.meta.url), 'utf8')) as Reference;
const noHistory = { count: 0, bad: 0 };

function near(actual: number | null, expected: number, tolerance = 1e-9) {
  expect(actual).not.toBeNull();
  expect(Math.abs((actual ?? 0) - expected)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(expected), 1e-300));
}

function repeated(times: number, [stableCount, stableBad, canaryCount, canaryBad]: [number, number, number, number]) {
  return Array.from({ length: times }, () => ({ stableCount, stableBad, canaryCount, canaryBad }));
}

test.each([
  ['A (300,0,300,0)x4', repeated(4, [300, 0, 300, 0])],
  ['C (1000,10,1000,10)x6', repeated(6, [1000, 10, 1000, 10])],
  ['E (900,1,100,5)x2', repeated(2, [900, 1, 100, 5])],
])('the excess bounds of %s match the reference', (name, blocks) => {
  const bounds = excessBounds(blocks, noHistory, 1);
  near(bounds.lower, reference.excessBounds[name]?.[0] ?? Number.NaN);
  near(bounds.upper, reference.excessBounds[name]?.[1] ?? Number.NaN);
});

test('a failing canary seen once has a lower bound and, so far, no upper one', () => {
  const bounds = excessBounds(repeated(1, [54, 0, 6, 6]), noHistory, 1);
  near(bounds.lower, 0.410080405, 1e-8);
  expect(bounds.upper).toBeNull();
});

test('further excess bounds hold to the digits they were printed with', () => {
  const doubled = excessBounds(repeated(6, [1000, 10, 1000, 20]), noHistory, 1);
  near(doubled.lower, 0.002921556, 1e-6);
  near(doubled.upper, 0.018235416, 1e-6);
  const quiet = excessBounds(repeated(10, [90, 0, 10, 0]), noHistory, 1);
  near(quiet.lower, -0.005435401, 1e-6);
  near(quiet.upper, 0.03253342, 1e-6);
});

/** The evidence against "at most d" and against "at least d". */
function evidenceAt(blocks: readonly Counts[], prior: Prior, d: number): [number, number] {
  const line = { ratio: 1, offset: d };
  let wealth = new Array<number>(rollbackBetCount).fill(0);
  let logs = new Array<number>(advanceBetCount).fill(0);
  let totals = noCounts;
  blocks.forEach((block, index) => {
    wealth = stepRollback(wealth, index + 1, block, totals, prior, line, 1);
    logs = stepAdvance(logs, block, totals, prior, line, 1);
    totals = addCounts(totals, block);
  });
  return [rollbackValue(wealth, blocks.length), advanceValue(logs)];
}

/** Some of the fixed places that bounds are looked for at: only there is it promised. */
const asked = [-0.999, -0.4995, -0.24975, -0.124875, -0.0624375, 0, 0.0624375, 0.124875, 0.24975, 0.4995, 0.999];

function expectCovered(blocks: readonly Counts[], prior: Prior): void {
  const { lower, upper } = excessBounds(blocks, prior, 1, 0.95, 2e-5);
  for (const d of asked) {
    const [atMost, atLeast] = evidenceAt(blocks, prior, d);
    if (atMost < 20) expect(lower).toBeLessThanOrEqual(d + 1e-5);
    if (atLeast < 20) expect(upper ?? 1).toBeGreaterThanOrEqual(d - 1e-5);
  }
}

const block = ([stableCount, stableBad, canaryCount, canaryBad]: readonly number[]): Counts =>
  ({ stableCount, stableBad, canaryCount, canaryBad }) as Counts;

test.each([
  [
    'lower',
    [
      [50, 0, 50, 50],
      [50, 50, 5, 3],
      [50, 50, 1, 0],
    ],
  ],
  [
    'upper',
    [
      [50, 0, 50, 1],
      [1, 1, 50, 25],
      [50, 1, 50, 1],
      [1, 1, 50, 50],
      [1000, 1000, 50, 1],
      [50, 25, 50, 0],
      [5, 3, 1, 0],
    ],
  ],
])('the %s bound does not jump over what erratic blocks leave standing', (_side, blocks) => {
  expectCovered(blocks.map(block), noHistory);
});

test('whatever the blocks, the bounds have every excess between them that stands', () => {
  const arm = fc
    .record({ count: fc.constantFrom(1, 5, 50, 1000), rate: fc.constantFrom(0, 0.001, 0.01, 0.1, 0.5, 1) })
    .map(({ count, rate }) => [count, Math.round(count * rate)]);
  const blocks = fc.array(
    fc.tuple(arm, arm).map(([stable, canary]) => block([...stable, ...canary])),
    {
      minLength: 1,
      maxLength: 10,
    },
  );
  const prior = fc.constantFrom(noHistory, { count: 1000, bad: 10 });
  fc.assert(fc.property(blocks, prior, expectCovered), { numRuns: 150 });
});

test.each(reference.betaMixtureConfidenceSequence)('the interval of %i in %i is [%f, %f]', (bad, count, low, high) => {
  const { lower, upper } = rateInterval(bad, count);
  near(lower, low);
  near(upper, high);
});
