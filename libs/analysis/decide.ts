import { stableUnhealthy } from './history-test.js';
import type { JudgeState } from './judge-state.js';
import { metricPlans } from './metrics.js';
import type { AnalysisPolicy } from './policy.js';
import { bakeWeight, budgetWeight, firstWeight } from './ramp.js';
import { allCounts, calmCounts, excessBad, type Signals, steadiedStableRate } from './signals.js';
import { splitMismatch } from './split.js';
import type { Verdict, VerdictReason, WeightAdvice } from './verdict.js';

export interface Decision {
  readonly kind: Verdict['kind'];
  readonly reason: VerdictReason;
  /** The rollback e-value is above the policy's suspicion: no weight is added, nothing passes. */
  readonly suspicious: boolean;
}

/** A canary that should have been invoked this often and was not, is a source without data and not bad luck. */
const unluckySilence = 7;

/** The decision after a block. The order of the questions is the rule: a rollback is looked for before anything else. */
export function decide(state: JudgeState, signals: Signals, policy: AnalysisPolicy): Decision {
  return { suspicious: signals.rollbackE >= policy.suspicion, ...answer(state, signals, policy) };
}

type Answer = Omit<Decision, 'suspicious'>;

function answer(state: JudgeState, signals: Signals, policy: AnalysisPolicy): Answer {
  if (signals.rollbackE >= 1 / policy.falseRollbackOdds && excessMatters(state, signals, policy)) {
    return { kind: 'fail', reason: 'regression' };
  }
  if (silent(state, policy)) return { kind: 'inconclusive', reason: 'no_data' };
  if (state.canaryAtWeight > 0 && splitMismatch(state.split, policy.measuredSplit)) {
    return { kind: 'inconclusive', reason: 'split_mismatch' };
  }
  if (state.seen.canaryCount === 0) return { kind: 'continue', reason: 'gathering' };
  const suspicious = signals.rollbackE >= policy.suspicion;
  const unhealthy = stableUnhealthy(state.recentStable, policy.history);
  if (!suspicious && evidenceSuffices(state, signals, policy)) {
    if (!unhealthy) return { kind: 'pass', reason: passReason(policy) };
    if (betterThanStable(state)) return { kind: 'pass', reason: 'canary_better_than_failing_stable' };
  }
  const watched = state.lastMs - watchStart(state, policy);
  const leaning = suspicious || excessMatters(state, signals, policy);
  if (watched >= (leaning || unhealthy ? policy.leaningWatchMs : policy.maximumWatchMs)) {
    return { kind: 'inconclusive', reason: unhealthy ? 'stable_unhealthy' : 'deadline' };
  }
  if (suspicious) return { kind: 'continue', reason: 'suspicious' };
  return { kind: 'continue', reason: unhealthy ? 'stable_unhealthy' : 'gathering' };
}

/** Fixed steps wait at each weight; an adaptive rollout has one deadline. */
function watchStart(state: JudgeState, policy: AnalysisPolicy): number {
  return policy.passWhen === 'unsuspicious' ? state.weightSinceMs : state.firstMs;
}

function passReason(policy: AnalysisPolicy): VerdictReason {
  return policy.passWhen === 'unsuspicious' ? 'nothing_suspicious' : 'regression_excluded';
}

function evidenceSuffices(state: JudgeState, signals: Signals, policy: AnalysisPolicy): boolean {
  if (state.lastMs - state.firstMs < policy.minimumWatchMs) return false;
  if (policy.passWhen === 'regression_excluded') return signals.advanceE >= 1 / policy.missOdds;
  return state.canaryAtWeight >= policy.minimumCanaryInvocations && !excessMatters(state, signals, policy);
}

function betterThanStable({ seen }: JudgeState): boolean {
  return seen.stableCount > 0 && seen.canaryBad / seen.canaryCount < seen.stableBad / seen.stableCount;
}

/** Whether the leading metric's excess is large enough to act on; significance alone is not. */
export function excessMatters(state: JudgeState, signals: Signals, policy: AnalysisPolicy): boolean {
  const plan = metricPlans(policy)[signals.leading];
  const counts = allCounts(state, signals.leading);
  if (!plan || counts.canaryCount === 0) return false;
  const stableRate = steadiedStableRate(state, policy, signals.leading);
  const excess = excessBad(state, policy, signals.leading) / counts.canaryCount;
  return excess >= Math.max(plan.minimumExcess, plan.minimumExcessRatio * stableRate);
}

function silent(state: JudgeState, policy: AnalysisPolicy): boolean {
  const silentMs = state.lastMs - state.lastCanaryMs;
  if (state.blocks === 0 || silentMs < policy.noDataAfterMs) return false;
  const expected = state.requestsPerSecond * (state.weightPercent / 100) * (silentMs / 1000);
  return state.requestsPerSecond === 0 || expected >= unluckySilence;
}

/** What to do with the weight after this decision. */
export function adviceOf(
  state: JudgeState,
  signals: Signals,
  decision: Decision,
  policy: AnalysisPolicy,
): WeightAdvice {
  const rps = state.requestsPerSecond || policy.history?.requestsPerSecond || 0;
  const bakeWeightPercent = bakeWeight(policy.bake, rps);
  if (decision.kind === 'fail') return { nextWeightPercent: 0, mayLower: true, bakeWeightPercent };
  if (state.blocks === 0) {
    return { nextWeightPercent: firstWeight(policy.ramp, rps), mayLower: false, bakeWeightPercent };
  }
  if (decision.kind === 'pass') {
    const nextWeightPercent = Math.max(state.weightPercent, bakeWeightPercent);
    return { nextWeightPercent, mayLower: false, bakeWeightPercent };
  }
  const seen = {
    errors: calmCounts(state, 0),
    stableRate: steadiedStableRate(state, policy, 0),
    harmed: excessBad(state, policy, 0),
    weightPercent: state.weightPercent,
  };
  const affordable = budgetWeight(policy.ramp, rps, seen);
  const suspicious = signals.rollbackE >= policy.suspicion;
  const held = suspicious || decision.reason !== 'gathering';
  const nextWeightPercent = held
    ? Math.min(state.weightPercent, suspicious ? affordable : state.weightPercent)
    : Math.max(state.weightPercent, affordable);
  return { nextWeightPercent, mayLower: suspicious, bakeWeightPercent };
}
