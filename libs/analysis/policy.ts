import type { SplitPolicy } from './split.js';

/**
 * How the judge decides. A plain JSON value: it is stored with the deployment, so that a verdict can be replayed.
 * Rates are fractions (0.01 is 1 %), times are milliseconds, weights are percent.
 */
export interface AnalysisPolicy {
  /** Name of the profile this policy came from; shown, never interpreted. */
  readonly profile: string;
  /** Largest tolerated chance of rolling back a version that is no worse, over the whole rollout, every look included. */
  readonly falseRollbackOdds: number;
  /** Largest tolerated chance of calling a regression beyond the margin excluded when it is there. */
  readonly missOdds: number;
  /** From this rollback e-value on the canary is under suspicion: weight does not grow, nothing passes. */
  readonly suspicion: number;
  /** A rollback also needs an excess of at least this fraction of requests … */
  readonly minimumExcess: number;
  /** … and of at least this share of the stable version's own error rate. */
  readonly minimumExcessRatio: number;
  /** What the rollback test must refute: "canary rate <= ratio x stable rate + offset". 1 and 0 mean "no worse". */
  readonly rollbackNull: { readonly ratio: number; readonly offset: number };
  /** What a pass excludes: "canary rate >= ratio x stable rate + offset"; the offset may follow the traffic. */
  readonly advanceNull: { readonly ratio: number; readonly offset: number | 'by_traffic' | 'by_traffic_strict' };
  /**
   * `regression_excluded`: pass only when a regression beyond the margin is excluded (adaptive rollouts).
   * `unsuspicious`: pass once enough of the canary was seen at this weight and nothing points at it (fixed steps).
   */
  readonly passWhen: 'regression_excluded' | 'unsuspicious';
  /** Canary invocations needed at the present weight before an `unsuspicious` pass. */
  readonly minimumCanaryInvocations: number;
  /** No pass before this long after the first block began, milliseconds. */
  readonly minimumWatchMs: number;
  /** After this long without a decision the verdict is `inconclusive`, milliseconds. */
  readonly maximumWatchMs: number;
  /** The same when the canary looks worse, though not significantly so, milliseconds. */
  readonly leaningWatchMs: number;
  /** Without a single canary invocation for this long the verdict is `inconclusive` (`no_data`), milliseconds. */
  readonly noDataAfterMs: number;
  /** What the caller does with an `inconclusive` verdict for want of data. */
  readonly whenNoData: 'hold' | 'rollback';
  /** What the caller does with an `inconclusive` verdict at the deadline. */
  readonly whenInconclusive: 'promote' | 'hold' | 'rollback';
  /** Whether throttled requests count as invocations that failed. */
  readonly throttlesAreBad: boolean;
  /** Share of the alarm budget per metric; they add up to 1 over the metrics in use. Fixed before the rollout. */
  readonly shares: { readonly errors: number; readonly latency: readonly number[] };
  /** Per latency threshold: smallest excess that may roll back, and the excess a pass must exclude (fractions). */
  readonly latency: readonly LatencyThresholdPolicy[];
  readonly ramp: RampPolicy;
  readonly bake: BakePolicy;
  /** Comparison with the stable version's own history, for functions too quiet to compare two versions. */
  readonly historyTest: { readonly enabled: boolean; readonly belowRequestsPerSecond: number; readonly share: number };
  /** Whether the alias splits traffic as configured; a mismatch stops the analysis. */
  readonly measuredSplit: SplitPolicy;
  /** What is known about the stable version from before the rollout; null when nothing is. */
  readonly history: BaselineHistory | null;
}

export interface LatencyThresholdPolicy {
  /** Quantile of the stable version's history at which the threshold was frozen. */
  readonly quantile: number;
  readonly minimumExcess: number;
  readonly margin: number;
}

/** The next weight is what the harm budget can pay for, not what a schedule says. */
export interface RampPolicy {
  /** Harm budget in requests: `max(budgetMinimum, budgetPerRootRps x sqrt(requests per second))`. */
  readonly budgetPerRootRps: number;
  readonly budgetMinimum: number;
  /** The weight grows at most by this factor over the weight whose data has been seen. */
  readonly growthCap: number;
  /** Time from a bad request to a rollback in effect, milliseconds. */
  readonly reactionMs: number;
  readonly minimumWeightPercent: number;
  readonly maximumWeightPercent: number;
}

export interface BakePolicy {
  /** How long the holdback lasts after a pass, milliseconds, and at most when suspicion falls on the canary. */
  readonly bakeMs: number;
  readonly maximumBakeMs: number;
  readonly minimumWeightPercent: number;
  readonly maximumWeightPercent: number;
}

/** Measured before the first shift and frozen. */
export interface BaselineHistory {
  /** Invocations and errors (with throttles, if they count) of the stable version, usually over seven days. */
  readonly invocations: number;
  readonly errors: number;
  /** Traffic of the alias in requests per second, both versions together. */
  readonly requestsPerSecond: number;
  /** How clumped errors come, `dispersion()`; 1 means independently. */
  readonly dispersion: number;
  /** The same for slow requests; 1 when absent. */
  readonly latencyDispersion?: number;
  /** Frozen p50, p90 and p99 of warm durations, milliseconds; empty when there is no latency to compare. */
  readonly latencyThresholdsMs: readonly number[];
}

const minute = 60_000;

/** For fixed steps: a gate that needs evidence to fail and enough canary traffic to pass. */
export const defaultPolicy: AnalysisPolicy = {
  profile: 'steps',
  falseRollbackOdds: 0.01,
  missOdds: 0.05,
  suspicion: 3,
  minimumExcess: 0.0005,
  minimumExcessRatio: 0.25,
  rollbackNull: { ratio: 1, offset: 0 },
  advanceNull: { ratio: 1.5, offset: 'by_traffic' },
  passWhen: 'unsuspicious',
  minimumCanaryInvocations: 30,
  minimumWatchMs: 0,
  maximumWatchMs: 15 * minute,
  leaningWatchMs: 30 * minute,
  noDataAfterMs: 5 * minute,
  whenNoData: 'hold',
  whenInconclusive: 'promote',
  throttlesAreBad: true,
  shares: { errors: 0.4, latency: [0.2, 0.2, 0.2] },
  latency: [
    { quantile: 0.5, minimumExcess: 0.05, margin: 0.1 },
    { quantile: 0.9, minimumExcess: 0.02, margin: 0.05 },
    { quantile: 0.99, minimumExcess: 0.005, margin: 0.02 },
  ],
  ramp: {
    budgetPerRootRps: 10,
    budgetMinimum: 2,
    growthCap: 20,
    reactionMs: 2 * minute,
    minimumWeightPercent: 0.1,
    maximumWeightPercent: 25,
  },
  bake: { bakeMs: 30 * minute, maximumBakeMs: 40 * minute, minimumWeightPercent: 35, maximumWeightPercent: 95 },
  historyTest: { enabled: true, belowRequestsPerSecond: 0.5, share: 0.3 },
  measuredSplit: { enabled: true, falseAlarmOdds: 0.001, oddsFactor: 2, minimumPoints: 1 },
  history: null,
};

const cloudwatch: AnalysisPolicy = {
  ...defaultPolicy,
  profile: 'cloudwatch',
  passWhen: 'regression_excluded',
  minimumWatchMs: 2 * minute,
};

/**
 * Policies for adaptive rollouts. `cloudwatch`: one-minute data, two minutes of reaction time. `careful`: the same at
 * half the harm budget. `fast`: ten-second data from function logs. `strict`: also excludes small regressions.
 */
export const profiles = {
  steps: defaultPolicy,
  cloudwatch,
  careful: {
    ...cloudwatch,
    profile: 'careful',
    ramp: { ...cloudwatch.ramp, budgetPerRootRps: 5, growthCap: 5 },
  },
  fast: {
    ...cloudwatch,
    profile: 'fast',
    minimumWatchMs: minute,
    ramp: { ...cloudwatch.ramp, budgetPerRootRps: 1.75, budgetMinimum: 0.5, growthCap: 5, reactionMs: minute / 2 },
  },
  strict: {
    ...cloudwatch,
    profile: 'strict',
    advanceNull: { ratio: 1.5, offset: 'by_traffic_strict' },
    whenInconclusive: 'hold',
  },
} as const satisfies Record<string, AnalysisPolicy>;

export type ProfileName = keyof typeof profiles;

/** Every field may be overridden per target and per deployment; nested objects are merged one level deep. */
export type PolicyOverrides = {
  readonly [K in keyof AnalysisPolicy]?: AnalysisPolicy[K] extends readonly unknown[] | string | number | null
    ? AnalysisPolicy[K]
    : NonNullable<AnalysisPolicy[K]> extends object
      ? Partial<NonNullable<AnalysisPolicy[K]>>
      : AnalysisPolicy[K];
};

/** Lays overrides over a base policy; a later layer wins. Absent fields keep the base's value. */
export function resolvePolicy(base: AnalysisPolicy, ...layers: readonly PolicyOverrides[]): AnalysisPolicy {
  const merged: Record<string, unknown> = { ...base };
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer)) {
      if (value === undefined) continue;
      const current = merged[key];
      merged[key] = isPlainObject(current) && isPlainObject(value) ? { ...current, ...value } : value;
    }
  }
  return merged as unknown as AnalysisPolicy;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
