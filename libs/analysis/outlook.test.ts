import { decisionOf, newAdaptive, newJudge, outlook, profiles, resolvePolicy, stepJudge } from './index.js';

const history = { invocations: 90_000, errors: 90, requestsPerSecond: 100, dispersion: 1, latencyThresholdsMs: [] };
const policy = resolvePolicy(profiles.fast, { history });
const block = (startMs: number, weightPercent: number, canaryErrors = 0) => ({
  startMs,
  endMs: startMs + 10_000,
  weightPercent,
  stable: { invocations: 990, errors: 1 },
  canary: { invocations: 10 * weightPercent, errors: canaryErrors },
});
const pace = { periodMs: 10_000, settleMs: 5_000 };

test('a healthy canary is seen to go up and to pass, sooner the more was seen', () => {
  const early = stepJudge(newJudge, block(0, 1), policy);
  const first = outlook(early, newAdaptive, policy, { weightPercent: 1, nowMs: 15_000, ...pace });
  expect(first).toMatchObject({ stage: 'ramp', suspicious: false });
  expect(first.nextWeightPercent).toBeGreaterThan(1);
  const later = [1, 2, 3, 4].reduce((state, index) => stepJudge(state, block(index * 10_000, 20), policy), early);
  const second = outlook(later, newAdaptive, policy, { weightPercent: 20, nowMs: 55_000, ...pace });
  expect(second.leftMs ?? 0).toBeLessThan(first.leftMs ?? 0);
  expect((second.leftMs ?? 0) - policy.bake.bakeMs).toBeGreaterThan(0);
});

test('what it foresees is what the judge does when it comes so', () => {
  let state = stepJudge(newJudge, block(0, 5), policy);
  const { leftMs } = outlook(state, newAdaptive, policy, { weightPercent: 5, nowMs: 15_000, ...pace });
  const foreseen = (leftMs ?? 0) - policy.bake.bakeMs;
  let periods = 0;
  while (decisionOf(state, policy).kind !== 'pass' && periods < 100) {
    periods += 1;
    state = stepJudge(state, block(periods * 10_000, 25), policy);
  }
  expect(foreseen).toBeGreaterThanOrEqual(periods * 10_000);
  expect(foreseen).toBeLessThan(periods * 10_000 + 60_000);
});

test('suspicion is told, and the holdback counts down what was watched', () => {
  const bad = stepJudge(newJudge, block(0, 5, 3), policy);
  expect(outlook(bad, newAdaptive, policy, { weightPercent: 5, nowMs: 15_000, ...pace }).suspicious).toBe(true);
  const state = stepJudge(newJudge, block(60_000, 95), policy);
  const baking = { stage: 'bake', bakeSinceMs: 40_000 } as const;
  const seen = outlook(state, baking, policy, { weightPercent: 95, nowMs: 75_000, ...pace });
  expect(seen).toMatchObject({ stage: 'bake', nextWeightPercent: null, leftMs: policy.bake.bakeMs - 30_000 });
});

test('without known traffic no end is in sight', () => {
  const silent = stepJudge(
    newJudge,
    { ...block(0, 1), stable: { invocations: 0, errors: 0 }, canary: { invocations: 0, errors: 0 } },
    profiles.fast,
  );
  expect(outlook(silent, newAdaptive, profiles.fast, { weightPercent: 1, nowMs: 15_000, ...pace })).toMatchObject({
    nextWeightPercent: null,
    leftMs: null,
  });
});
