/** What the judge says after a block, and everything a person needs to see why. All values are plain JSON. */
export interface Verdict {
  /**
   * `fail`: put the stable version back. `pass`: this gate may be left. `continue`: not enough seen yet.
   * `inconclusive`: it will not become clearer by waiting (or there is no data); the policy says what to do.
   */
  readonly kind: 'pass' | 'fail' | 'continue' | 'inconclusive';
  readonly reason: VerdictReason;
  /** The rollback e-value is above the policy's suspicion: no weight is added, nothing passes. */
  readonly suspicious: boolean;
  /** One plain sentence for the person on call. */
  readonly sentence: string;
  readonly numbers: VerdictNumbers;
  /** What an adaptive rollout should do with the weight. */
  readonly advice: WeightAdvice;
}

export type VerdictReason =
  | 'regression'
  | 'regression_excluded'
  | 'nothing_suspicious'
  | 'canary_better_than_failing_stable'
  | 'gathering'
  | 'suspicious'
  | 'stable_unhealthy'
  | 'split_mismatch'
  | 'no_data'
  | 'deadline';

export type MetricName = 'errors' | 'latency_p50' | 'latency_p90' | 'latency_p99';

export interface VersionNumbers {
  readonly invocations: number;
  readonly errors: number;
  /** Fraction of invocations that went wrong; null without invocations. */
  readonly errorRate: number | null;
  /** 95 % interval of that rate, valid at every look. */
  readonly interval: { readonly lower: number; readonly upper: number };
}

export interface MetricNumbers {
  readonly metric: MetricName;
  /** Duration above which a request counts as slow; null for errors. */
  readonly thresholdMs: number | null;
  readonly stable: { readonly count: number; readonly bad: number; readonly rate: number | null };
  readonly canary: { readonly count: number; readonly bad: number; readonly rate: number | null };
  /** Canary rate minus stable rate, null without both. */
  readonly excess: number | null;
  /** Evidence that the canary is worse; 100 means odds of at most 1 in 100 that this is chance. */
  readonly rollbackE: number;
  /** Evidence that it is not worse than the margin allows; 20 excludes it at 95 %. */
  readonly advanceE: number;
  /** The excess over the stable rate that `advanceE` is about, besides the ratio. */
  readonly margin: number;
}

export interface VerdictNumbers {
  readonly blocks: number;
  /** Late or repeated blocks, which were not fed. */
  readonly ignoredBlocks: number;
  /** From the start of the first block to the end of the last, milliseconds. */
  readonly watchedMs: number;
  readonly weightPercent: number;
  readonly stable: VersionNumbers;
  readonly canary: VersionNumbers;
  /** The combined rollback e-value over all metrics, now, and the largest ever. */
  readonly rollbackE: number;
  readonly highestRollbackE: number;
  /** Always-valid: it may be looked at after every block. */
  readonly pValue: number;
  /** The smallest advance e-value over all metrics. */
  readonly advanceE: number;
  /** The metric with the most evidence against the canary. */
  readonly leadingMetric: MetricName;
  readonly metrics: readonly MetricNumbers[];
  /** 95 % one-sided bounds of the excess error rate, valid at every look; present once a verdict is reached. */
  readonly excessInterval: { readonly lower: number; readonly upper: number | null } | null;
  /** Share of requests seen at the canary at the present weight, percent; null without any. */
  readonly seenWeightPercent: number | null;
  /** Requests that would not have failed on the stable version, estimated. */
  readonly harmedRequests: number;
  readonly harmBudget: number;
  readonly harmBudgetLeft: number;
}

export interface WeightAdvice {
  /** The weight to set next, 0–100; at or below the present one under suspicion. */
  readonly nextWeightPercent: number;
  /** Whether the weight may be lowered to reach it; otherwise a higher present weight stays. */
  readonly mayLower: boolean;
  /** The weight of the holdback after a pass. */
  readonly bakeWeightPercent: number;
}
