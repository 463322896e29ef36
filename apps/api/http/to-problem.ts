import { type Problem, problemOf } from '#contracts';
import { isDatabaseTrouble, UnreadableRow } from '#store';
import { Refused } from './refusal.js';

export interface Answerable {
  readonly problem: Problem;
  readonly retryAfter?: number | undefined;
  /** Nobody asked for this failure: it belongs into the log as an error. */
  readonly unexpected: boolean;
}

/** For whoever came too often and was not told otherwise. */
const RETRY_AFTER_SECONDS = 5;

/** The one place where an error becomes a status. Nothing of an unexpected error's text reaches the caller. */
export function toProblem(error: unknown, requestId: string): Answerable {
  if (error instanceof Refused) {
    const { code, ...facts } = error.refusal;
    const retryAfter = error.retryAfter ?? (code === 'rate_limited' ? RETRY_AFTER_SECONDS : undefined);
    return { problem: problemOf(code, { ...facts, requestId }), retryAfter, unexpected: false };
  }
  const known = fromFramework(error);
  if (known) return { problem: problemOf(known.code, { detail: known.detail, requestId }), unexpected: false };
  if (isDatabaseTrouble(error)) {
    return { problem: problemOf('unavailable', { requestId }), retryAfter: 2, unexpected: true };
  }
  if (error instanceof UnreadableRow) {
    const { deploymentId } = error;
    return { problem: problemOf('deployment_unreadable', { deploymentId, requestId }), unexpected: true };
  }
  return { problem: problemOf('internal', { requestId }), unexpected: true };
}

/** What Fastify and Nest refuse before any of our code runs, by the status they chose and Fastify's own code. */
function fromFramework(error: unknown) {
  const { code = '', status } = describe(error);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE' || status === 413)
    return { code: 'body_too_large', detail: undefined } as const;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' || status === 415) {
    return { code: 'unsupported_media_type', detail: undefined } as const;
  }
  if (status === 404 || status === 405) return { code: 'not_found', detail: 'There is no such route.' } as const;
  if (status === 408) return { code: 'request_timeout', detail: undefined } as const;
  if (status !== undefined && status >= 400 && status < 500) {
    return { code: 'request_invalid', detail: sentences[code] ?? 'The request cannot be read.' } as const;
  }
  return undefined;
}

const sentences: Readonly<Record<string, string>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is announced as JSON, but there is none.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as its Content-Length says.',
  FST_ERR_BAD_URL: 'The path contains an invalid escape.',
};

function describe(error: unknown): { code: string | undefined; status: number | undefined } {
  if (typeof error !== 'object' || error === null) return { code: undefined, status: undefined };
  const { code, statusCode, getStatus } = error as { code?: unknown; statusCode?: unknown; getStatus?: unknown };
  const status = typeof getStatus === 'function' ? (error as { getStatus(): number }).getStatus() : statusCode;
  return {
    code: typeof code === 'string' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
  };
}
