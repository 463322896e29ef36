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

const attemptsWanted = 3;

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

function convicts(result: ProbeResult): boolean {
  const canaryAlwaysFails = result.canary.length >= attemptsWanted && result.canary.every((succeeded) => !succeeded);
  return canaryAlwaysFails && result.stable.length > 0 && result.stable.every(Boolean);
}
