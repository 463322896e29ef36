import { quantileSorted } from 'simple-statistics';
import { dispersion } from './dispersion.js';
import type { BaselineHistory } from './policy.js';

/** One minute of the stable version, before the rollout. */
export interface HistoryMinute {
  readonly invocations: number;
  /** Errors, and throttles if the policy counts them. */
  readonly errors: number;
}

/**
 * What the judge needs to know about the stable version, frozen before the first shift.
 * @param minutes consecutive minutes, the first at a full hour, minutes without traffic included (seven days if known)
 * @param latencyThresholdsMs from `latencyThresholds`, or empty to leave latency out
 */
export function baselineHistory(
  minutes: readonly HistoryMinute[],
  latencyThresholdsMs: readonly number[] = [],
): BaselineHistory {
  const invocations = minutes.reduce((total, minute) => total + minute.invocations, 0);
  return {
    invocations,
    errors: minutes.reduce((total, minute) => total + minute.errors, 0),
    requestsPerSecond: minutes.length === 0 ? 0 : invocations / (minutes.length * 60),
    dispersion: dispersion(minutes.map((minute) => minute.errors)),
    latencyThresholdsMs,
  };
}

/** Fewer warm durations than this do not show where the 99th percentile lies. */
const durationsWanted = 200;
const latencyQuantiles = [0.5, 0.9, 0.99] as const;

/** Frozen p50, p90 and p99 of the stable version's warm durations; empty when there are too few of them. */
export function latencyThresholds(warmDurationsMs: readonly number[]): number[] {
  if (warmDurationsMs.length < durationsWanted) return [];
  const sorted = [...warmDurationsMs].sort((a, b) => a - b);
  return latencyQuantiles.map((quantile) => quantileSorted(sorted, quantile));
}
