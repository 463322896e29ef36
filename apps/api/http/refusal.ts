import { type ErrorCode, type ProblemFacts } from '#contracts';

/** A "no" with its code: a value inside, an answer once the filter has turned it into problem details. */
export interface Refusal extends ProblemFacts {
  readonly code: ErrorCode;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function granted<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function refused(code: ErrorCode, facts: ProblemFacts = {}): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { code, ...facts } };
}

/** Carries a refusal out of a controller; thrown in `unwrap` and in the hooks before it, caught in the one filter. */
export class Refused extends Error {
  constructor(
    readonly refusal: Refusal,
    /** Seconds, for the Retry-After header. */
    readonly retryAfter?: number,
  ) {
    super(refusal.detail ?? refusal.code);
  }
}

export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Refused(outcome.refusal);
}
