/**
 * Probes: the same payloads invoked on both versions by qualifier, before the canary has any weight.
 * A payload convicts the canary when every attempt failed on it and none on the stable version: three unlucky attempts
 * in a row on a good version that fails 1 % of the time happen once in a million.
 */
export interface ProbeResult {
  readonly payload: string;
  /** Outcome per attempt, true when the invocation succeeded. */
  readonly stable: readonly boolean[];
  readonly canary: readonly boolean[];
}

export interface ProbeVerdict {
  readonly kind: 'pass' | 'fail' | 'inconclusive';
  /** Names of the payloads that only the canary fails. */
  readonly failedPayloads: readonly string[];
  readonly sentence: string;
}

/** Attempts on each version before a payload can convict. */
export const PROBE_ATTEMPTS = 3;

export function judgeProbes(results: readonly ProbeResult[]): ProbeVerdict {
  const failedPayloads = results.filter(convicts).map((result) => result.payload);
  if (failedPayloads.length > 0) {
    const which = `${failedPayloads.length} of ${results.length} probes`;
    return { kind: 'fail', failedPayloads, sentence: `${which} fail on the canary and succeed on the stable version` };
  }
  const telling = results.filter((result) => result.stable.some(Boolean) && result.canary.length > 0);
  if (telling.length === 0) {
    const sentence = results.length === 0 ? 'no probe was sent' : 'no probe succeeds on the stable version';
    return { kind: 'inconclusive', failedPayloads, sentence };
  }
  return {
    kind: 'pass',
    failedPayloads,
    sentence: `none of ${results.length} probes fails on the canary alone`,
  };
}

export function convicts(result: ProbeResult): boolean {
  const canaryAlwaysFails = result.canary.length >= PROBE_ATTEMPTS && result.canary.every((succeeded) => !succeeded);
  return canaryAlwaysFails && result.stable.length > 0 && result.stable.every(Boolean);
}

/**
 * Whether a payload has said what it can: it convicts, the canary answered it, or the stable version never did. One that
 * the stable version answered now and then, and the canary never, clears nobody.
 */
export function isSettled(result: ProbeResult): boolean {
  const { stable, canary } = result;
  if (canary.length === 0) return false;
  return canary.some(Boolean) || stable.every((succeeded) => !succeeded) || convicts(result);
}

/** Warm invocations on each side before medians are compared: fewer say more about luck than about the version. */
const DURATIONS_WANTED = 5;
/** A difference that nobody would notice is none, whatever the ratio. */
const NOTICEABLE_MS = 10;

/**
 * Whether the canary is slower than `ratio` times the stable version, by medians of warm invocations. Undefined: too
 * few to say.
 */
export function isSlower(stableMs: readonly number[], canaryMs: readonly number[], ratio: number): boolean | undefined {
  if (Math.min(stableMs.length, canaryMs.length) < DURATIONS_WANTED) return undefined;
  const stable = median(stableMs) ?? 0;
  const canary = median(canaryMs) ?? 0;
  return canary > stable * ratio && canary - stable >= NOTICEABLE_MS;
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.ceil(sorted.length / 2) - 1];
}

/**
 * The probes as one block of evidence: the first attempt of every payload that both versions answered. Later attempts
 * were made because of earlier ones, so they are no evidence.
 */
export function probeBlock(results: readonly ProbeResult[], span: { startMs: number; endMs: number }) {
  const both = results.filter(({ stable, canary }) => stable.length > 0 && canary.length > 0);
  const counts = (side: 'stable' | 'canary') => ({
    invocations: both.length,
    errors: both.filter((result) => result[side][0] === false).length,
  });
  return { ...span, weightPercent: 0, stable: counts('stable'), canary: counts('canary'), probes: true as const };
}
