/**
 * What was seen, version by version, in one settled period. A block is fed to the judge once, when no late data can
 * change it any more; it is cut at every weight change. Whether a block is closed may depend on how many invocations
 * it holds, never on how many of them failed: otherwise the false-alarm rate no longer holds.
 */
export interface EvidenceBlock {
  /** Start of the period, milliseconds since the epoch. */
  readonly startMs: number;
  /** End of the period (exclusive), milliseconds since the epoch. */
  readonly endMs: number;
  /** Weight of the canary during this period, 0–100. It never enters the test, only the counts do. */
  readonly weightPercent: number;
  readonly stable: VersionCounts;
  readonly canary: VersionCounts;
  /** What probes showed before any traffic: outcomes count as evidence; time, traffic and split are not theirs. */
  readonly probes?: true;
}

/** Counts of one version in one period. All are whole numbers of invocations unless said otherwise. */
export interface VersionCounts {
  /** Invocations that ran (Lambda's `Invocations`: throttled requests are not among them). */
  readonly invocations: number;
  /** Invocations that ended in an error or a time-out (Lambda's `Errors`). */
  readonly errors: number;
  /** Requests refused because of concurrency limits; absent when the source cannot tell them apart by version. */
  readonly throttles?: number;
  /** Warm invocations only: a cold start is not a slow version. Absent when the source has no durations. */
  readonly durationMs?: DurationCounts;
  /** Initialisations of cold starts, milliseconds; absent when there were none or the source does not know them. */
  readonly initMs?: readonly number[];
}

/** Durations as counts against thresholds frozen before the rollout, plus what a chart may want to show. */
export interface DurationCounts {
  /** Warm invocations whose duration is known. */
  readonly count: number;
  /** How many of them took longer than each of `policy.history.latencyThresholdsMs`, in that order. */
  readonly above: readonly number[];
  /** Percentiles in milliseconds, for display; the judge does not read them. */
  readonly p50?: number;
  readonly p90?: number;
  readonly p99?: number;
}

/** The same four numbers every metric comes down to: invocations and bad events of stable and canary. */
export interface Counts {
  stableCount: number;
  stableBad: number;
  canaryCount: number;
  canaryBad: number;
}

export const noCounts: Readonly<Counts> = { stableCount: 0, stableBad: 0, canaryCount: 0, canaryBad: 0 };

export function addCounts(a: Readonly<Counts>, b: Readonly<Counts>): Counts {
  return {
    stableCount: a.stableCount + b.stableCount,
    stableBad: a.stableBad + b.stableBad,
    canaryCount: a.canaryCount + b.canaryCount,
    canaryBad: a.canaryBad + b.canaryBad,
  };
}

/**
 * The block with numbers a test can be run on. What is not a number is no data, and no data is never a pass; a source
 * that reports more failures than invocations (it may count them in different minutes) has all of them failing.
 */
export function plausible(block: EvidenceBlock): EvidenceBlock {
  return { ...block, stable: plausibleCounts(block.stable), canary: plausibleCounts(block.canary) };
}

function plausibleCounts(version: VersionCounts): VersionCounts {
  const invocations = amount(version.invocations);
  const { durationMs } = version;
  return {
    invocations,
    errors: Math.min(invocations, amount(version.errors)),
    throttles: amount(version.throttles ?? 0),
    ...(durationMs && { durationMs: plausibleDurations(durationMs) }),
    ...(version.initMs && { initMs: version.initMs.filter((one) => Number.isFinite(one) && one >= 0) }),
  };
}

function plausibleDurations(durations: DurationCounts): DurationCounts {
  const count = amount(durations.count);
  return { ...durations, count, above: durations.above.map((above) => Math.min(count, amount(above))) };
}

function amount(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/**
 * Counts how many durations lie above each threshold, as `DurationCounts` wants it.
 * @param durationsMs warm durations of one version in one period, milliseconds
 */
export function countAbove(durationsMs: readonly number[], thresholdsMs: readonly number[]): DurationCounts {
  const above = thresholdsMs.map((threshold) => durationsMs.filter((duration) => duration > threshold).length);
  return { count: durationsMs.length, above };
}
