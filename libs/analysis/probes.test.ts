import { newGate, rollbackE, stepGate } from './gate.js';
import { judgeProbes } from './probes.js';

const always = [true, true, true];
const never = [false, false, false];

test('a payload that only the canary fails, every time, rejects it', () => {
  const verdict = judgeProbes([
    { payload: 'order', stable: always, canary: never },
    { payload: 'refund', stable: always, canary: always },
  ]);
  expect(verdict).toMatchObject({ kind: 'fail', failedPayloads: ['order'] });
});

test('a payload that both versions fail, or that the canary fails only sometimes, convicts nobody', () => {
  const verdict = judgeProbes([
    { payload: 'broken', stable: never, canary: never },
    { payload: 'flaky', stable: always, canary: [false, true, false] },
  ]);
  expect(verdict.kind).toBe('pass');
});

test('probes that never succeed on the stable version prove nothing', () => {
  expect(judgeProbes([]).kind).toBe('inconclusive');
  expect(judgeProbes([{ payload: 'broken', stable: never, canary: never }]).kind).toBe('inconclusive');
});

test.each([
  [10, 8],
  [20, 9],
  [50, 10],
  [100, 11],
])(
  'with %i independent probes each, %i failures on the canary reach the rollback threshold and one less does not',
  (count, needed) => {
    const settings = {
      prior: { count: 0, bad: 0 },
      rollbackNull: { ratio: 1, offset: 0 },
      advanceNull: { ratio: 1.5, offset: 0.005 },
      dispersion: 1,
    };
    const after = (bad: number) =>
      rollbackE(stepGate(newGate, { stableCount: count, stableBad: 0, canaryCount: count, canaryBad: bad }, settings));
    expect(after(needed)).toBeGreaterThanOrEqual(100);
    expect(after(needed - 1)).toBeLessThan(100);
  },
);
