import {
  type BaselineHistory,
  type EvidenceBlock,
  judge,
  latencyThresholds,
  profiles,
  resolvePolicy,
} from './index.js';

const history: BaselineHistory = {
  invocations: 100_000,
  errors: 100,
  requestsPerSecond: 20,
  dispersion: 1,
  latencyThresholdsMs: [100, 200, 400],
};
const policy = resolvePolicy(profiles.fast, { history });

/** A ten-second block at 20 requests a second; `slow` counts per threshold. */
function block(
  index: number,
  stableSlow: number[],
  canarySlow: number[],
  errors: [number, number] = [0, 0],
): EvidenceBlock {
  const startMs = index * 10_000;
  return {
    startMs,
    endMs: startMs + 10_000,
    weightPercent: 50,
    stable: { invocations: 100, errors: errors[0], durationMs: { count: 100, above: stableSlow } },
    canary: { invocations: 100, errors: errors[1], durationMs: { count: 100, above: canarySlow } },
  };
}

const blocks = (count: number, ...shape: Parameters<typeof block> extends [number, ...infer Rest] ? Rest : never) =>
  Array.from({ length: count }, (_, index) => block(index, ...shape));

test('a canary that is slower without failing is rolled back, and the sentence says what is slow', () => {
  const { verdict } = judge(undefined, blocks(3, [50, 10, 1], [85, 40, 12]), policy);
  expect(verdict).toMatchObject({ kind: 'fail', reason: 'regression' });
  expect(verdict.numbers.leadingMetric).toMatch(/^latency/);
  expect(verdict.sentence).toMatch(/^requests slower than \d+ ms rose from .* % to .* % \(/);
});

test('a canary with the same durations is not held against', () => {
  const { verdict } = judge(undefined, blocks(12, [50, 10, 1], [50, 10, 1]), policy);
  expect(verdict.kind).toBe('pass');
  expect(verdict.numbers.metrics.map((metric) => metric.metric)).toEqual([
    'errors',
    'latency_p50',
    'latency_p90',
    'latency_p99',
  ]);
});

test('a pass has to exclude a regression in every metric', () => {
  const withoutDurations = blocks(30, [50, 10, 1], [50, 10, 1]).map((each) => ({
    ...each,
    canary: { invocations: 100, errors: 0 },
  }));
  expect(judge(undefined, withoutDurations, policy).verdict.kind).toBe('continue');
});

test('errors still roll back when latency is watched too', () => {
  const { verdict } = judge(undefined, blocks(2, [50, 10, 1], [50, 10, 1], [0, 30]), policy);
  expect(verdict).toMatchObject({ kind: 'fail' });
  expect(verdict.sentence).toMatch(/^errors rose from 0 % to 30 %/);
});

test('a stable version that is itself failing lets a better canary through and says so', () => {
  const errorsOnly = resolvePolicy(policy, { history: { ...history, latencyThresholdsMs: [] } });
  const { verdict } = judge(undefined, blocks(12, [], [], [30, 1]), errorsOnly);
  expect(verdict).toMatchObject({ kind: 'pass', reason: 'canary_better_than_failing_stable' });
});

test('while the stable version fails more than its history allows, an equally bad canary gets no more weight', () => {
  const errorsOnly = resolvePolicy(policy, { history: { ...history, latencyThresholdsMs: [] } });
  const { verdict } = judge(undefined, blocks(6, [], [], [30, 30]), errorsOnly);
  expect(verdict).toMatchObject({ kind: 'continue', reason: 'stable_unhealthy' });
  expect(verdict.advice.nextWeightPercent).toBe(50);
});

test('thresholds are the percentiles of history, and too little history gives none', () => {
  const durations = Array.from({ length: 1000 }, (_, index) => index + 1);
  const [p50, p90, p99] = latencyThresholds(durations);
  expect(p50).toBeCloseTo(500, -1);
  expect(p90).toBeCloseTo(900, -1);
  expect(p99).toBeCloseTo(990, -1);
  expect(latencyThresholds(durations.slice(0, 100))).toEqual([]);
});
