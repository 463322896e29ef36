/**
 * What can break between Sluice and AWS. A fault is a value: nothing exported from this library throws or rejects
 * because AWS said no or said nothing.
 */
export type FaultCode =
  | 'throttled'
  | 'precondition_failed'
  | 'not_found'
  | 'update_in_progress'
  | 'access_denied'
  | 'credentials_expired'
  | 'credentials_unusable'
  | 'wrong_account'
  | 'invalid_request'
  | 'code_too_large'
  | 'code_storage_full'
  | 'code_signature_refused'
  | 'code_mismatch'
  | 'code_unavailable'
  | 'environment_unreadable'
  | 'service_error'
  | 'malformed_answer'
  | 'unknown_outcome'
  | 'network'
  | 'timed_out'
  | 'cancelled';

/**
 * `again`: certainly nothing was changed; the same call may be sent again later.
 * `never`: certainly nothing was changed, and sending it again will not help.
 * `unknown`: the change may have happened, may still happen, or may not: read and compare, never resend blindly.
 */
export type RetryClass = 'again' | 'never' | 'unknown';

export interface Fault {
  readonly code: FaultCode;
  readonly retry: RetryClass;
  /** One plain sentence that may be shown to anyone who may see the deployment: no ARN, no value, no request id. */
  readonly public: string;
  /** For the operator's log: what was called and what AWS answered, with values masked. */
  readonly internal: string;
  /** A summary of the original error. The error itself is not kept: its text can echo environment variables. */
  readonly cause?: FaultCause;
  /** How long AWS asked us to wait, when it did. */
  readonly retryAfterMs?: number;
}

export interface FaultCause {
  readonly name: string;
  readonly httpStatus?: number;
  readonly requestId?: string;
  readonly errno?: string;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

/** One sentence per code, safe for users, saying what to do where there is something to do. */
const PUBLIC_SENTENCES: Record<FaultCode, string> = {
  throttled: 'AWS is limiting how often the Lambda control plane may be called; the call will be repeated.',
  precondition_failed: 'Someone or something else changed this function or alias after Sluice last looked at it.',
  not_found: 'The function, alias or version does not exist in this account and region.',
  update_in_progress: 'Lambda is still applying an earlier update to this function; the call will be repeated.',
  access_denied: 'The AWS credentials in use are not allowed to do this; check the IAM policy of the worker.',
  credentials_expired: 'The AWS credentials have expired; the call will be repeated with fresh ones.',
  credentials_unusable:
    'AWS did not accept the credentials in use, or none could be found; check the worker’s AWS settings.',
  wrong_account: 'The AWS credentials belong to another account or region than the one this target names.',
  invalid_request: 'Lambda refused the request as invalid; the operator’s log says which value it did not accept.',
  code_too_large: 'The code package is larger than Lambda accepts (50 MB zipped in a direct upload, 250 MB unzipped).',
  code_storage_full: 'The account’s Lambda code storage is full; delete versions that nothing refers to any more.',
  code_signature_refused: 'The code package was refused by the function’s code-signing configuration.',
  code_mismatch: 'The code that was downloaded is not the code the version was published with.',
  code_unavailable: 'The code of this version cannot be downloaded.',
  environment_unreadable:
    'Lambda cannot decrypt the function’s environment variables; check the permissions of its KMS key.',
  service_error: 'AWS answered with an internal error.',
  malformed_answer: 'The Lambda endpoint gave an answer that lacks required members.',
  unknown_outcome: 'AWS did not answer, so it is not known yet whether the change was made; Sluice will look.',
  network: 'The AWS endpoint could not be reached.',
  timed_out: 'AWS did not answer in time.',
  cancelled: 'The call was cut short before it was finished.',
};

export interface FaultDetails {
  readonly internal: string;
  readonly cause?: FaultCause;
  readonly retryAfterMs?: number;
}

/** Builds a fault; the public sentence always comes from the table above, so it cannot carry a secret. */
export function fault(code: FaultCode, retry: RetryClass, details: FaultDetails): Fault {
  return { code, retry, public: PUBLIC_SENTENCES[code], ...details };
}

export function failed(value: Fault): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: value };
}

export function succeeded<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}
