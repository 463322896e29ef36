import { addCounts, type Counts, noCounts } from './evidence.js';
import { calmTotals, newGate } from './gate.js';
import { gateSettings, type JudgeState, metricRollbackE, smallestAdvanceE } from './judge-state.js';
import { metricPlans } from './metrics.js';
import type { AnalysisPolicy } from './policy.js';

/** The few numbers a decision is made of; everything else in a verdict is for the reader. */
export interface Signals {
  readonly rollbackE: number;
  readonly advanceE: number;
  /** Index, in `metricPlans`, of the metric with the most evidence against the canary. */
  readonly leading: number;
}

export function signalsOf(state: JudgeState, policy: AnalysisPolicy): Signals {
  const weighed = metricPlans(policy).map((plan, index) => plan.share * metricRollbackE(state, index, policy));
  return {
    rollbackE: weighed.reduce((sum, value) => sum + value, 0),
    advanceE: state.gates.length === 0 ? 1 : smallestAdvanceE(state),
    leading: weighed.indexOf(Math.max(...weighed)),
  };
}

/** Counts of one metric, what is still pending included. */
export function allCounts(state: JudgeState, index: number): Counts {
  const gate = state.gates[index] ?? newGate;
  return addCounts(gate.totals, gate.pending);
}

/** The same without the blocks of an outage of the stable version. */
export function calmCounts(state: JudgeState, index: number): Counts {
  const gate = state.gates[index] ?? newGate;
  return addCounts(calmTotals(gate), gate.pending);
}

/**
 * The stable version's usual rate of one metric, steadied by history's pseudo-counts as the bets are; 0 without anything
 * seen.
 */
export function steadiedStableRate(state: JudgeState, policy: AnalysisPolicy, index: number): number {
  const plan = metricPlans(policy)[index];
  if (!plan) return 0;
  const { prior } = gateSettings(plan, policy, state.requestsPerSecond);
  const counts = calmCounts(state, index);
  const count = counts.stableCount + prior.count;
  return count === 0 ? 0 : (counts.stableBad + prior.bad) / count;
}

/**
 * Bad canary requests beyond what the stable version would have had, estimated; negative when the canary is better. An
 * outage is compared with itself: the weight was another one then, and one rate for both would blame whoever had more
 * of the traffic.
 * @param all what of this metric is counted; everything fed when absent
 */
export function excessBad(
  state: JudgeState,
  policy: AnalysisPolicy,
  index: number,
  all: Counts = allCounts(state, index),
): number {
  const outage = state.gates[index]?.outage?.counts ?? noCounts;
  const calmCount = all.canaryCount - outage.canaryCount;
  const usual = all.canaryBad - outage.canaryBad - calmCount * steadiedStableRate(state, policy, index);
  if (outage.stableCount === 0) return usual;
  return usual + outage.canaryBad - (outage.canaryCount * outage.stableBad) / outage.stableCount;
}
