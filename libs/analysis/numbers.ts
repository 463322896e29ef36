import { loggedBlocks } from './evidence-log.js';
import { type ExcessBounds, excessBounds } from './excess.js';
import { advanceE, newGate } from './gate.js';
import { rateInterval } from './intervals.js';
import { gateSettings, type JudgeState, metricRollbackE } from './judge-state.js';
import { metricPlans } from './metrics.js';
import type { AnalysisPolicy } from './policy.js';
import { priorOf } from './process.js';
import { harmBudget } from './ramp.js';
import { allCounts, excessBad, type Signals } from './signals.js';
import type { MetricNumbers, VerdictNumbers, VersionNumbers } from './verdict.js';

/** Everything measured so far, in the shape a verdict carries. */
export function numbersOf(state: JudgeState, signals: Signals, policy: AnalysisPolicy): VerdictNumbers {
  const metrics = metricNumbers(state, policy);
  const budget = harmBudget(policy.ramp, state.requestsPerSecond);
  const harmedRequests = Math.max(0, excessBad(state, policy, 0, state.seen));
  return {
    blocks: state.blocks,
    ignoredBlocks: state.ignoredBlocks,
    watchedMs: state.lastMs - state.firstMs,
    weightPercent: state.weightPercent,
    stable: versionNumbers(state.seen.stableCount, state.seen.stableBad),
    canary: versionNumbers(state.seen.canaryCount, state.seen.canaryBad),
    rollbackE: signals.rollbackE,
    highestRollbackE: state.highestRollbackE,
    pValue: Math.min(1, 1 / state.highestRollbackE),
    advanceE: signals.advanceE,
    leadingMetric: metrics[signals.leading]?.metric ?? 'errors',
    metrics,
    excessInterval: null,
    seenWeightPercent: seenWeight(state),
    harmedRequests,
    harmBudget: budget,
    harmBudgetLeft: Math.max(0, budget - harmedRequests),
  };
}

/** The interval in a verdict: to 0.002 percentage points, finer than anyone reads. */
const interval = { confidence: 0.95, resolution: 2e-5 };

/** Bounds of the excess error rate from everything logged; costs milliseconds, so it is left to final verdicts. */
export function excessIntervalOf(state: JudgeState, policy: AnalysisPolicy): ExcessBounds {
  const history = policy.history;
  const prior = priorOf(history?.invocations ?? 0, history?.errors ?? 0);
  const blocks = loggedBlocks(state.evidence);
  return excessBounds(blocks, prior, history?.dispersion ?? 1, interval.confidence, interval.resolution);
}

function metricNumbers(state: JudgeState, policy: AnalysisPolicy): MetricNumbers[] {
  return metricPlans(policy).map((plan, index) => {
    const counts = allCounts(state, index);
    const stableRate = rate(counts.stableBad, counts.stableCount);
    const canaryRate = rate(counts.canaryBad, counts.canaryCount);
    return {
      metric: plan.metric,
      thresholdMs: plan.threshold < 0 ? null : (policy.history?.latencyThresholdsMs[plan.threshold] ?? null),
      stable: { count: counts.stableCount, bad: counts.stableBad, rate: stableRate },
      canary: { count: counts.canaryCount, bad: counts.canaryBad, rate: canaryRate },
      excess: stableRate === null || canaryRate === null ? null : canaryRate - stableRate,
      rollbackE: metricRollbackE(state, index, policy),
      advanceE: advanceE(state.gates[index] ?? newGate),
      margin: gateSettings(plan, policy, state.requestsPerSecond).advanceNull.offset,
    };
  });
}

function versionNumbers(invocations: number, errors: number): VersionNumbers {
  return { invocations, errors, errorRate: rate(errors, invocations), interval: rateInterval(errors, invocations) };
}

function seenWeight(state: JudgeState): number | null {
  const share = rate(state.split.canaryCount, state.split.canaryCount + state.split.stableCount);
  return share === null ? null : share * 100;
}

function rate(bad: number, count: number): number | null {
  return count === 0 ? null : bad / count;
}
