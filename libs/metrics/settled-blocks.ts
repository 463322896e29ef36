import type { DurationCounts, EvidenceBlock, VersionCounts } from '#analysis';
import type { VersionPeriod } from '#aws';

/** The periods that may be read now: whole ones after `fromMs` that ended at least `settleMs` before `toMs`. */
export interface SettledSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodMs: number;
}

/** A day of minutes; what lies beyond is read next time. */
const LONGEST_SPAN_PERIODS = 1_440;

export function settledSpan(fromMs: number, toMs: number, periodSeconds: number, settleMs: number): SettledSpan {
  const periodMs = periodSeconds * 1000;
  const first = Math.ceil(fromMs / periodMs) * periodMs;
  const end = Math.floor((toMs - settleMs) / periodMs) * periodMs;
  return { fromMs: first, toMs: Math.min(Math.max(first, end), first + LONGEST_SPAN_PERIODS * periodMs), periodMs };
}

/**
 * Blocks of a span, up to the first period that cannot be counted. A period with invocations but without an error
 * count is not finished yet: taking its errors as zero would call a failing version healthy, so it and everything after
 * it wait for the next reading.
 */
export function cutBlocks(
  span: SettledSpan,
  weightPercent: number,
  stable: readonly VersionPeriod[],
  canary: readonly VersionPeriod[],
): EvidenceBlock[] {
  const stableAt = byStart(stable);
  const canaryAt = byStart(canary);
  const blocks: EvidenceBlock[] = [];
  for (let startMs = span.fromMs; startMs < span.toMs; startMs += span.periodMs) {
    const stableCounts = countsOf(stableAt.get(startMs));
    const canaryCounts = countsOf(canaryAt.get(startMs));
    if (!stableCounts || !canaryCounts) break;
    blocks.push({ startMs, endMs: startMs + span.periodMs, weightPercent, stable: stableCounts, canary: canaryCounts });
  }
  return blocks;
}

function byStart(periods: readonly VersionPeriod[]): Map<number, VersionPeriod> {
  return new Map(periods.map((period) => [period.startMs, period]));
}

/** Undefined when the period has invocations whose errors are not known. */
function countsOf(period: VersionPeriod | undefined): VersionCounts | undefined {
  if (!period) return { invocations: 0, errors: 0 };
  const invocations = period.invocations ?? 0;
  if (invocations > 0 && period.errors === undefined) return undefined;
  const durationMs = durationsOf(period);
  return {
    invocations,
    errors: Math.min(period.errors ?? 0, invocations),
    ...(period.throttles === undefined ? {} : { throttles: period.throttles }),
    ...(durationMs ? { durationMs } : {}),
  };
}

/** CloudWatch's `Duration` leaves initialisation out, so a cold start counts with its handler time only. */
function durationsOf(period: VersionPeriod): DurationCounts | undefined {
  if (period.durationCount === undefined) return undefined;
  return {
    count: period.durationCount,
    // No point for a trimmed count means that nothing lay above the threshold: the sample count says there was data.
    above: period.durationsAbove.map((count) => count ?? 0),
    ...(period.p50 === undefined ? {} : { p50: period.p50 }),
    ...(period.p90 === undefined ? {} : { p90: period.p90 }),
    ...(period.p99 === undefined ? {} : { p99: period.p99 }),
  };
}
