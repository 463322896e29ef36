import type { Counts, EvidenceBlock, VersionCounts } from './evidence.js';
import type { AnalysisPolicy } from './policy.js';
import type { MetricName } from './verdict.js';

/** What the judge has to know about one metric; fixed before the first block and never changed after. */
export interface MetricPlan {
  readonly metric: MetricName;
  /** Index into the latency thresholds; -1 for errors. */
  readonly threshold: number;
  /** Share of the alarm budget; the shares of all metrics in use add up to 1. */
  readonly share: number;
  readonly minimumExcess: number;
  readonly minimumExcessRatio: number;
}

const latencyNames: readonly MetricName[] = ['latency_p50', 'latency_p90', 'latency_p99'];

/** Errors always; latency when thresholds were frozen before the rollout. */
export function metricPlans(policy: AnalysisPolicy): MetricPlan[] {
  const errors: MetricPlan = {
    metric: 'errors',
    threshold: -1,
    share: policy.shares.errors,
    minimumExcess: policy.minimumExcess,
    minimumExcessRatio: policy.minimumExcessRatio,
  };
  const thresholds = policy.history?.latencyThresholdsMs ?? [];
  const latency = thresholds.slice(0, latencyNames.length).map(
    (_, index): MetricPlan => ({
      metric: latencyNames[index] ?? 'latency_p99',
      threshold: index,
      share: policy.shares.latency[index] ?? 0,
      minimumExcess: policy.latency[index]?.minimumExcess ?? 0.05,
      minimumExcessRatio: 0,
    }),
  );
  const plans = [errors, ...latency];
  const total = plans.reduce((sum, plan) => sum + plan.share, 0);
  return plans.map((plan) => ({ ...plan, share: total > 0 ? plan.share / total : 1 / plans.length }));
}

/** The counts of one metric in one block. A version without durations contributes nothing to a latency metric. */
export function countsOf(block: EvidenceBlock, plan: MetricPlan, throttlesAreBad: boolean): Counts {
  const stable = versionCounts(block.stable, plan.threshold, throttlesAreBad);
  const canary = versionCounts(block.canary, plan.threshold, throttlesAreBad);
  return { stableCount: stable.count, stableBad: stable.bad, canaryCount: canary.count, canaryBad: canary.bad };
}

function versionCounts(version: VersionCounts, threshold: number, throttlesAreBad: boolean) {
  if (threshold >= 0) {
    return { count: version.durationMs?.count ?? 0, bad: version.durationMs?.above[threshold] ?? 0 };
  }
  const throttles = throttlesAreBad ? (version.throttles ?? 0) : 0;
  return { count: version.invocations + throttles, bad: version.errors + throttles };
}
