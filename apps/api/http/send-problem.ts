import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '#runtime';
import { toProblem } from './to-problem.js';

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const { problem, retryAfter, unexpected } = toProblem(error, request.id);
  if (unexpected) {
    const { name, message, stack } =
      error instanceof Error ? error : { name: 'unknown', message: String(error), stack: '' };
    logger.error({ requestId: request.id, name, message, stack }, 'A request failed for a reason nobody asked for.');
  }
  if (reply.sent) return;
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="sluice"');
  if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
  // What is left of a body that was refused half-way cannot be skipped over: the connection ends with this answer.
  if (!request.raw.complete) void reply.header('connection', 'close');
  void reply
    .status(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}
