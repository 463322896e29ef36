import type { Fault } from '#aws';
import type { Reason, RolloutEvent } from '#rollout';
import { type Answer, happened, wait } from './turn.js';

/** How long to stay away after AWS said "not now" without saying until when. Spread, so that a crowd does not return as one. */
export function backoffMs(fault: Pick<Fault, 'retryAfterMs'>, random: () => number = Math.random): number {
  return fault.retryAfterMs ?? 750 + Math.round(random() * 1_000);
}

/** A read that failed changed nothing: look again later. Definite refusals are the caller's to name. */
export function readAgain(fault: Fault): Answer {
  return wait(backoffMs(fault));
}

/**
 * What a write's fault means for the deployment: nothing was done and it may be sent again, Lambda said no for good,
 * or nobody knows until the alias or function has been read.
 */
export function writeFault(fault: Fault, at: number): Answer {
  if (fault.retry === 'unknown' || fault.code === 'precondition_failed') {
    return happened({ type: 'OutcomeUnknown', at, sentence: fault.public });
  }
  if (fault.retry === 'again') {
    return happened({ type: 'WriteDeferred', at, sentence: fault.public }, backoffMs(fault));
  }
  return happened({ type: 'WriteRefused', at, reason: refusal(fault) });
}

export function refusal(fault: Fault): Reason {
  return { code: 'write_refused', sentence: fault.public };
}

export function failed(at: number, code: Reason['code'], sentence: string): Answer {
  return happened({ type: 'PreparationFailed', at, reason: { code, sentence } } satisfies RolloutEvent);
}

/**
 * `$LATEST` is not as we left it. Lambda does not say who wrote it, so the sentence names both that can be behind it:
 * another tool, and a write of an earlier deployment that was cut off and landed after that one had ended.
 */
export function latestChanged(at: number, found: string): Answer {
  const sentence = `${found} Either another tool or person works on this function, or a write of an earlier deployment that was cut off arrived late. No traffic has moved.`;
  return failed(at, 'latest_changed', sentence);
}
