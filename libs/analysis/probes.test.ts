import { newGate, rollbackE, stepGate } from './gate.js';
import { judge } from './judge.js';
import { defaultPolicy, resolvePolicy } from './policy.js';
import { isSettled, isSlower, judgeProbes, probeBlock } from './probes.js';

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

test('a payload that the stable version answers now and then, and the canary never, clears nobody', () => {
  const settled = (stable: boolean[], canary: boolean[]) => isSettled({ payload: 'x', stable, canary });
  expect(settled([true], [true])).toBe(true);
  expect(settled([false], [false])).toBe(true);
  expect(settled(always, never)).toBe(true);
  expect(settled([true, true], [false, false])).toBe(false);
  expect(settled([true, false, true], never)).toBe(false);
  expect(settled([true], [])).toBe(false);
});

test('medians are compared when both sides have enough, and a difference nobody would notice is none', () => {
  const stable = [20, 21, 22, 23, 24];
  expect(isSlower(stable, [70, 71, 72, 73, 74], 3)).toBe(true);
  expect(isSlower(stable, [60, 61, 62, 63, 64], 3)).toBe(false);
  expect(isSlower([1, 1, 1, 1, 1], [5, 5, 5, 5, 5], 3)).toBe(false);
  expect(isSlower(stable, [500, 500, 500, 500], 3)).toBeUndefined();
});

describe('probes as the first evidence', () => {
  const results = (bad: number) =>
    Array.from({ length: 20 }, (_, index) => ({
      payload: String(index),
      stable: [true],
      canary: index < bad ? [false, true] : [true],
    }));
  const block = (bad: number) => probeBlock(results(bad), { startMs: 1_000, endMs: 2_000 });
  const history = {
    invocations: 36_000,
    errors: 36,
    requestsPerSecond: 1,
    dispersion: 1,
    latencyDispersion: 1,
    latencyThresholdsMs: [],
    upperErrorRate: 0.002,
  };

  test('only first attempts count, and only of payloads that both versions answered', () => {
    const lonely = [...results(3), { payload: 'x', stable: [true], canary: [] }];
    expect(probeBlock(lonely, { startMs: 0, endMs: 1 })).toMatchObject({
      stable: { invocations: 20, errors: 0 },
      canary: { invocations: 20, errors: 3 },
    });
  });

  test('failures are remembered by the error test; traffic, time and split begin with the traffic', () => {
    const policy = resolvePolicy(defaultPolicy, {}, { history: history as never });
    const { state, verdict } = judge(undefined, [block(9)], policy);
    expect(state).toMatchObject({ blocks: 0, seen: { canaryCount: 0 }, canaryAtWeight: 0 });
    expect(state.highestRollbackE).toBeGreaterThan(10);
    expect(verdict.kind).not.toBe('pass');
    expect(judge(undefined, [block(0)], policy).state.highestRollbackE).toBeLessThanOrEqual(1);
  });

  test('without a history they are left out: the margin of the test is not known yet', () => {
    expect(judge(undefined, [block(9)], defaultPolicy).state.highestRollbackE).toBe(1);
  });
});
