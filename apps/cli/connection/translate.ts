import { ApiProblem, ApiUnreachable, type Problem } from '#contracts';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { harmlessDeep } from '../render/style.js';
import { cannotReach } from './find-key.js';

/** Where the API's own advice speaks of requests, the same advice in commands. */
const remedies: Partial<Record<Problem['code'], string>> = {
  target_unknown: '"sluice targets" lists them; "sluice targets create" makes one.',
  target_busy: 'Wait for it, "sluice abort" it, or deploy with --when-busy queue or --when-busy supersede.',
  artifact_unknown: 'Deploy with --dir or --zip: that uploads the code again.',
  no_rollback_point: 'Name a version: --to VERSION. "sluice history TARGET" shows what there is.',
  version_not_in_history:
    '"sluice history TARGET" shows the versions to go back to; any other version is deployed, not rolled back to.',
  idempotency_conflict: 'Use a new --idempotency-key for a new request; the same one only repeats the same request.',
  sequence_stale: 'Look again with "sluice status", decide again, and repeat the command.',
  nothing_to_approve: 'Approve it once it waits for approval; "sluice status" shows what it waits for.',
  not_held: '"sluice status" shows what can be done now; to stop it: "sluice abort".',
  write_may_land:
    '"sluice resolve TARGET --restore" or "sluice rollback TARGET --to VERSION" takes that write away too; or ask again at the time named.',
  artifact_too_large: 'Make it smaller, or put it into S3 and use --s3 s3://bucket/key@versionId.',
};

/** What went wrong at the API, as the person at the terminal needs it. Everything else is passed through. */
export function translate(error: unknown, url: string, keyFrom: string | undefined): unknown {
  if (error instanceof ApiProblem) return fromProblem(harmlessDeep(error.problem), keyFrom);
  if (!(error instanceof ApiUnreachable)) return error;
  return cannotReach(url, whyOf(error), error);
}

function fromProblem(problem: Problem, keyFrom: string | undefined): Failure {
  const places = (problem.errors ?? []).map((place) => `${place.path || 'request'}: ${place.message}`);
  const message = [problem.detail, ...places].join('\n  ');
  const remedy =
    problem.code === 'unauthorized'
      ? `The key came from ${keyFrom ?? 'nowhere'}. Use one that is neither expired nor revoked, and that belongs to this Sluice.`
      : (remedies[problem.code] ?? problem.remedy);
  const request = problem.code === 'internal' && problem.requestId ? ` (request ${problem.requestId})` : '';
  return new Failure(message, `${remedy}${request}`, exitCodeOf(problem), problem.code);
}

function exitCodeOf({ code, status }: Problem): ExitCode {
  if (code === 'unavailable') return exitCodes.unreachable;
  return code === 'request_invalid' || status >= 500 ? exitCodes.error : exitCodes.refused;
}

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name could not be looked up',
  ECONNRESET: 'the connection broke off',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
};

/** The innermost cause says what the network said; the outer one only that it failed. */
function whyOf(error: ApiUnreachable): string {
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code) return NETWORK[code] ?? code;
  }
  return error.message.replace(/\.$/, '');
}
