import { type Fault, type FaultCause, type FaultCode, fault, type RetryClass } from './faults.js';

/** What was being attempted when the error appeared. */
export interface Attempt {
  readonly operation: string;
  /** Writes change something at AWS; a read that gets no answer may simply be read again. */
  readonly kind: 'read' | 'write';
  /** False as long as nothing of the request can have left this process. */
  readonly sent: boolean;
  /** What cut the call short, if something on our side did. */
  readonly cutShortBy?: 'deadline' | 'caller';
  /** Values that may not appear in any text, such as environment variables in the request. */
  readonly secrets?: readonly string[];
}

interface AwsError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly Message?: unknown;
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly retryAfterSeconds?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Record<string, string> };
}

type Ruling = readonly [FaultCode, RetryClass];

/** Answers that name their reason: AWS looked at the request and refused it, so nothing was changed. */
const BY_NAME: Record<string, Ruling> = {
  TooManyRequestsException: ['throttled', 'again'],
  ThrottlingException: ['throttled', 'again'],
  Throttling: ['throttled', 'again'],
  RequestLimitExceeded: ['throttled', 'again'],
  LimitExceededException: ['throttled', 'again'],
  PreconditionFailedException: ['precondition_failed', 'never'],
  ResourceNotFoundException: ['not_found', 'never'],
  ResourceConflictException: ['update_in_progress', 'again'],
  ResourceInUseException: ['update_in_progress', 'again'],
  ResourceNotReadyException: ['update_in_progress', 'again'],
  AccessDeniedException: ['access_denied', 'never'],
  AccessDenied: ['access_denied', 'never'],
  OptInRequired: ['access_denied', 'never'],
  NotAuthorized: ['access_denied', 'never'],
  KMSAccessDeniedException: ['access_denied', 'never'],
  ExpiredTokenException: ['credentials_expired', 'again'],
  ExpiredToken: ['credentials_expired', 'again'],
  RequestExpired: ['credentials_expired', 'again'],
  UnrecognizedClientException: ['credentials_unusable', 'never'],
  InvalidClientTokenId: ['credentials_unusable', 'never'],
  InvalidSignatureException: ['credentials_unusable', 'never'],
  SignatureDoesNotMatch: ['credentials_unusable', 'never'],
  IncompleteSignatureException: ['credentials_unusable', 'never'],
  IncompleteSignature: ['credentials_unusable', 'never'],
  MissingAuthenticationTokenException: ['credentials_unusable', 'never'],
  MissingAuthenticationToken: ['credentials_unusable', 'never'],
  InvalidParameterValueException: ['invalid_request', 'never'],
  InvalidParameterValue: ['invalid_request', 'never'],
  InvalidParameterCombination: ['invalid_request', 'never'],
  InvalidRequestContentException: ['invalid_request', 'never'],
  ValidationException: ['invalid_request', 'never'],
  ValidationError: ['invalid_request', 'never'],
  SerializationException: ['invalid_request', 'never'],
  UnsupportedMediaTypeException: ['invalid_request', 'never'],
  FunctionVersionsPerCapacityProviderLimitExceededException: ['invalid_request', 'never'],
  RequestEntityTooLargeException: ['code_too_large', 'never'],
  RequestTooLargeException: ['code_too_large', 'never'],
  CodeStorageExceededException: ['code_storage_full', 'never'],
  CodeVerificationFailedException: ['code_signature_refused', 'never'],
  InvalidCodeSignatureException: ['code_signature_refused', 'never'],
  CodeSigningConfigNotFoundException: ['code_signature_refused', 'never'],
};

/** Answers whose error name this table does not know, or that carry none: a proxy, a newer API, another endpoint. */
const BY_STATUS: Record<number, Ruling> = {
  400: ['invalid_request', 'never'],
  401: ['credentials_unusable', 'never'],
  403: ['access_denied', 'never'],
  404: ['not_found', 'never'],
  409: ['update_in_progress', 'again'],
  412: ['precondition_failed', 'never'],
  413: ['code_too_large', 'never'],
  429: ['throttled', 'again'],
};

/** The connection was never made, so the request never arrived: repeating a write is as safe as making it. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * The only place where an error from the AWS SDK becomes a fault. Total: whatever it is given, it returns a fault, and
 * whatever it does not recognise after a write was sent is `unknown`, because that is the one class that cannot lose a
 * change or make it twice.
 */
export function classifyFault(error: unknown, attempt: Attempt): Fault {
  const seen = asAwsError(error);
  const status = statusOf(seen);
  const cause = causeOf(seen, status);
  const [code, retry] = ruling(seen, status, attempt);
  const retryAfterMs = code === 'throttled' || code === 'service_error' ? retryAfter(seen) : undefined;
  return fault(code, retry, {
    internal: describe(seen, status, attempt),
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function ruling(seen: AwsError, status: number | undefined, attempt: Attempt): Ruling {
  if (status !== undefined && status >= 300) return rulingOfAnswer(seen, status, attempt);
  if (String(seen.name) === 'CredentialsProviderError') return ['credentials_unusable', 'again'];
  if (!attempt.sent) return rulingBeforeSending(attempt);
  if (NEVER_CONNECTED.has(errnoOf(seen) ?? '')) return ['network', 'again'];
  if (attempt.kind === 'write') return ['unknown_outcome', 'unknown'];
  if (attempt.cutShortBy === 'caller') return ['cancelled', 'again'];
  if (attempt.cutShortBy === 'deadline') return ['timed_out', 'again'];
  return [status === undefined ? 'network' : 'malformed_answer', 'again'];
}

function rulingOfAnswer(seen: AwsError, status: number, attempt: Attempt): Ruling {
  const name =
    String(seen.name ?? '')
      .split('#')
      .at(-1) ?? '';
  const message = messageOf(seen);
  if (name.startsWith('InvalidSignature') || name === 'SignatureDoesNotMatch') {
    // The SDK corrects a skewed clock from the answer's Date header, so the next call is signed with the right time.
    if (/signature (expired|not yet current)/i.test(message)) return ['credentials_expired', 'again'];
  }
  if (/unzipped size must be smaller/i.test(message)) return ['code_too_large', 'never'];
  // A 5xx does not say that nothing happened: Lambda may have applied the write before it failed to answer.
  if (status >= 500) return ['service_error', attempt.kind === 'write' ? 'unknown' : 'again'];
  return BY_NAME[name] ?? BY_STATUS[status] ?? ['invalid_request', 'never'];
}

function rulingBeforeSending(attempt: Attempt): Ruling {
  if (attempt.cutShortBy === 'caller') return ['cancelled', 'again'];
  if (attempt.cutShortBy === 'deadline') return ['timed_out', 'again'];
  return ['invalid_request', 'never'];
}

function asAwsError(error: unknown): AwsError {
  if (typeof error === 'object' && error !== null) return error as AwsError;
  return { name: 'Error', message: String(error) };
}

function statusOf(seen: AwsError): number | undefined {
  return seen.$metadata?.httpStatusCode ?? seen.$response?.statusCode;
}

function messageOf(seen: AwsError): string {
  return String(seen.message || seen.Message || '');
}

function causeOf(seen: AwsError, status: number | undefined): FaultCause {
  const errno = errnoOf(seen);
  return {
    name: String(seen.name ?? 'Error'),
    ...(status === undefined ? {} : { httpStatus: status }),
    ...(seen.$metadata?.requestId ? { requestId: seen.$metadata.requestId } : {}),
    ...(errno ? { errno } : {}),
  };
}

/** The SDK wraps what it does not take for an Error (one from another realm) and keeps the code in the text only. */
function errnoOf(seen: AwsError): string | undefined {
  if (typeof seen.code === 'string') return seen.code;
  return /\bE[A-Z]{4,}(?:_[A-Z]+)*\b/.exec(messageOf(seen))?.[0];
}

/** Seconds or an HTTP date; a date is not used, because comparing it would need a clock that agrees with AWS. */
function retryAfter(seen: AwsError): number | undefined {
  const seconds = Number(seen.retryAfterSeconds ?? seen.$response?.headers?.['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1000) : undefined;
}

function describe(seen: AwsError, status: number | undefined, attempt: Attempt): string {
  const answer = status === undefined ? 'no usable answer' : `answer ${status}`;
  const name = String(seen.name ?? 'Error');
  const code = typeof seen.code === 'string' ? ` (${seen.code})` : '';
  return `${attempt.operation}: ${answer}, ${name}${code}: ${maskText(messageOf(seen), attempt.secrets ?? [])}`;
}

/**
 * AWS repeats refused values in its messages ("Value '…' at '…'", "String measured: …"), environment variables
 * included, so those passages and every secret of the request are taken out before the text goes anywhere.
 */
export function maskText(text: string, secrets: readonly string[]): string {
  let masked = text
    .replace(/Value '[\s\S]*?' at '/g, "Value '[masked]' at '")
    .replace(/String measured:[\s\S]*/g, 'String measured: [masked]');
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length >= 4) masked = masked.replaceAll(secret, '[masked]');
  }
  return masked.length > 500 ? `${masked.slice(0, 500)}…` : masked;
}
