import { type Problem, problemOf } from '#contracts';
import { UnreadableRow } from '#store';
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
  if (isDatabaseAway(error)) {
    return { problem: problemOf('unavailable', { requestId }), retryAfter: 2, unexpected: true };
  }
  const detail = error instanceof UnreadableRow ? 'A stored deployment cannot be read by this release.' : undefined;
  return { problem: problemOf('internal', { detail, requestId }), unexpected: true };
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

/** Connections that are refused, lost or not to be had, by Node's and by Postgres' codes. */
const DATABASE_AWAY =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EPIPE|08\w{3}|57P0[123]|53300|P1001|P1002|P1017|P2024)$/;

function isDatabaseAway(error: unknown): boolean {
  for (let cause = error, depth = 0; cause && depth < 5; cause = (cause as { cause?: unknown }).cause, depth += 1) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    if (typeof code === 'string' && DATABASE_AWAY.test(code)) return true;
    if (typeof message === 'string' && /timeout exceeded when trying to connect|Connection terminated/.test(message)) {
      return true;
    }
  }
  return false;
}
