import { type AdaptiveInput, type AdaptiveState, newAdaptive, profiles, resolvePolicy, stepAdaptive } from './index.js';

const policy = profiles.fast;
const advice = { nextWeightPercent: 5, mayLower: false, bakeWeightPercent: 95 };

function input(decision: Partial<AdaptiveInput['decision']>, nowMs = 60_000, weightPercent = 1): AdaptiveInput {
  return {
    decision: { kind: 'continue', reason: 'gathering', suspicious: false, advice, evidenceUntilMs: nowMs, ...decision },
    nowMs,
    weightPercent,
  };
}

const pass = { kind: 'pass', reason: 'regression_excluded' } as const;
const baking: AdaptiveState = { stage: 'bake', bakeSinceMs: 60_000 };
const afterBake = 60_000 + policy.bake.bakeMs;

test('the weight follows the advice upwards, and downwards only under suspicion', () => {
  expect(stepAdaptive(newAdaptive, input({}), policy).move).toEqual({ kind: 'shift', weightPercent: 5 });
  expect(stepAdaptive(newAdaptive, input({}, 60_000, 10), policy).move).toEqual({ kind: 'stay' });
  const suspected = input({ suspicious: true, advice: { ...advice, mayLower: true } }, 60_000, 10);
  expect(stepAdaptive(newAdaptive, suspected, policy).move).toEqual({ kind: 'shift', weightPercent: 5 });
});

test('a raise by a few percent is not worth the period that nobody would see', () => {
  expect(stepAdaptive(newAdaptive, input({}, 60_000, 4.1), policy).move).toEqual({ kind: 'stay' });
  expect(stepAdaptive(newAdaptive, input({}, 60_000, 3.9), policy).move).toEqual({ kind: 'shift', weightPercent: 5 });
});

test('a pass begins the holdback, and only its end promotes', () => {
  const passed = stepAdaptive(newAdaptive, input(pass), policy);
  expect(passed).toEqual({ state: baking, move: { kind: 'shift', weightPercent: 95 } });
  expect(stepAdaptive(baking, input(pass, afterBake - 1, 95), policy).move).toEqual({ kind: 'stay' });
  expect(stepAdaptive(baking, input(pass, afterBake, 95), policy).move).toEqual({ kind: 'promote' });
});

test('suspicion lengthens the holdback but never rolls back by itself', () => {
  const suspected = (nowMs: number) => input({ reason: 'suspicious', suspicious: true }, nowMs, 95);
  expect(stepAdaptive(baking, suspected(afterBake), policy).move).toEqual({ kind: 'stay' });
  const atLast = 60_000 + policy.bake.maximumBakeMs;
  expect(stepAdaptive(baking, suspected(atLast), policy).move).toEqual({ kind: 'promote' });
});

test('a failure rolls back at every stage', () => {
  const failed = input({ kind: 'fail', reason: 'regression' });
  for (const state of [newAdaptive, baking]) {
    expect(stepAdaptive(state, failed, policy).move).toEqual({ kind: 'rollback' });
  }
});

test('missing data holds or rolls back as the policy says, and never promotes', () => {
  const silent = input({ kind: 'inconclusive', reason: 'no_data' }, afterBake, 95);
  for (const state of [newAdaptive, baking]) {
    expect(stepAdaptive(state, silent, policy).move).toEqual({ kind: 'hold' });
    const strict = resolvePolicy(policy, { whenNoData: 'rollback' });
    expect(stepAdaptive(state, silent, strict).move).toEqual({ kind: 'rollback' });
  }
});

test('the deadline promotes into the holdback, holds or rolls back, as the policy says', () => {
  const late = input({ kind: 'inconclusive', reason: 'deadline' });
  const on = (whenInconclusive: 'promote' | 'hold' | 'rollback') =>
    stepAdaptive(newAdaptive, late, resolvePolicy(policy, { whenInconclusive }));
  expect(on('promote')).toMatchObject({ state: { stage: 'bake' }, move: { kind: 'shift', weightPercent: 95 } });
  expect(on('hold').move).toEqual({ kind: 'hold' });
  expect(on('rollback').move).toEqual({ kind: 'rollback' });
});

test('an incident that outlasts the deadline is left to a person, not promoted', () => {
  const late = input({ kind: 'inconclusive', reason: 'stable_unhealthy' });
  expect(policy.whenInconclusive).toBe('promote');
  expect(stepAdaptive(newAdaptive, late, policy).move).toEqual({ kind: 'hold' });
});

test('a canary still under suspicion at the deadline is left to a person, not promoted', () => {
  const late = input({ kind: 'inconclusive', reason: 'deadline', suspicious: true });
  expect(stepAdaptive(newAdaptive, late, policy).move).toEqual({ kind: 'hold' });
});

test('a bake that nobody could watch does not end', () => {
  const blind = input({ ...pass, evidenceUntilMs: 120_000 }, afterBake + 3_600_000, 95);
  expect(stepAdaptive(baking, blind, policy).move).toEqual({ kind: 'stay' });
});
