import { z } from 'zod';
import { type ErrorCode, errorCodes, errorEntry, errorType } from './error-codes.js';
import { id } from './fields.js';

export interface ProblemPlace {
  /** Where in the request, such as `strategy.steps[0].bake`. */
  readonly path: string;
  readonly message: string;
}

/** Problem details (RFC 9457) with our own members: a stable code, a remedy, and the places that are wrong. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(errorCodes),
    detail: z.string(),
    remedy: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    /** The deployment that stands in the way, or that an idempotency key belongs to. */
    deploymentId: id.optional(),
    /** The log names the cause under this id. */
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'Problem details, RFC 9457.' });
export type Problem = z.infer<typeof problem>;

export interface ProblemFacts {
  readonly detail?: string | undefined;
  readonly errors?: readonly ProblemPlace[] | undefined;
  readonly deploymentId?: string | undefined;
  readonly requestId?: string | undefined;
}

/** The one way a problem is made: status, title and remedy always come from the catalogue. */
export function problemOf(code: ErrorCode, facts: ProblemFacts = {}): Problem {
  const { status, sentence, remedy } = errorEntry(code);
  return {
    type: errorType(code),
    title: sentence,
    status,
    code,
    detail: facts.detail ?? sentence,
    remedy,
    ...(facts.errors ? { errors: [...facts.errors] } : {}),
    ...(facts.deploymentId ? { deploymentId: facts.deploymentId } : {}),
    ...(facts.requestId ? { requestId: facts.requestId } : {}),
  };
}
