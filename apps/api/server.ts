import { randomUUID } from 'node:crypto';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { askerOf, authenticate, checkContentType } from './http/authenticate.js';
import { matchedPath } from './http/matched-path.js';
import { setSecurityHeaders } from './http/security-headers.js';
import { sendProblem } from './http/send-problem.js';
import type { ApiParts } from './parts.js';
import type { Metrics } from './service/metrics.js';
import { PageFiles, pageFiles } from './service/page-files.js';
import { deploymentOf, traceOf, traceRequests } from './service/trace-requests.js';

/** Requests are a few kilobytes; the largest is a deployment with explicit steps and an environment. */
const MAX_JSON_BYTES = 128 * 1024;
/** Until the headers are there, and until the whole request is: an upload over a slow line takes its time. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 300_000;
const KEEP_ALIVE_MS = 65_000;

/** Fastify as this API needs it: limits before anything is read, and every failure as problem details. */
export function createAdapter(parts: ApiParts): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    skipMiddie: true,
    bodyLimit: MAX_JSON_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    // Requests under way are answered while the process ends; connections that only wait are closed at once.
    forceCloseConnections: 'idle',
    // An id from outside could be chosen to confuse whoever reads the log.
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      setSecurityHeaders(reply, request.id);
      sendProblem(error, request, reply, parts.logger);
    },
  } as never);
  readBodies(adapter.getInstance() as unknown as FastifyInstance);
  return adapter;
}

/** JSON is read up to the limit, with `__proto__` refused; a zip is left unread for the handler; nothing else is read. */
function readBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const options = { parseAs: 'string' as const, bodyLimit: MAX_JSON_BYTES };
  server.addContentTypeParser('application/json', options, server.getDefaultJsonParser('error', 'error'));
  // SNS sends its JSON under this name.
  server.addContentTypeParser('text/plain', options, server.getDefaultJsonParser('error', 'error'));
  server.addContentTypeParser('application/zip', (_request, payload, done) => done(null, payload));
}

/** What happens around every request, in this order: headers, key, content type; then, at its end, log and figures. */
export function addHooks(server: FastifyInstance, parts: ApiParts, metrics: Metrics, closing: AbortSignal): void {
  const open = new Set(Object.keys(pageFiles));
  const spans = traceRequests(server);
  server.addHook('onRequest', async (request, reply) => {
    setSecurityHeaders(reply, request.id);
    if (!open.has(matchedPath(request) ?? '')) await authenticate(parts, request);
    checkContentType(request);
  });
  server.addHook('onSend', (_request, reply, payload, done) => {
    // A connection that is kept for a next request would keep the process from ending.
    if (closing.aborted) void reply.header('connection', 'close');
    done(null, payload);
  });
  server.addHook('onResponse', (request, reply, done) => {
    const route = matchedPath(request) ?? 'none';
    const { statusCode: status, elapsedTime } = reply;
    metrics.observe({ method: request.method, route, status, seconds: elapsedTime / 1000 });
    const { id: requestId, method } = request;
    const about = { ...deploymentOf(request, reply), ...traceOf(spans.get(request)) };
    const facts = { requestId, method, route, status, ms: Math.round(elapsedTime), key: askerOf(request), ...about };
    // What changes something or was refused is worth a line; the many looks are not.
    if (method !== 'GET' || status >= 400) parts.logger.info(facts, 'A request was answered.');
    else parts.logger.debug(facts, 'A request was answered.');
    done();
  });
}

/** The files that pages load. They are the same for everybody and may be kept for a while. */
export function serveAssets(server: FastifyInstance): void {
  const files = new PageFiles();
  for (const path of Object.keys(pageFiles).filter((one) => one.startsWith('/assets/'))) {
    server.get(path, async (_request, reply) => {
      const { type, bytes } = await files.get(path);
      return reply.header('content-type', type).header('cache-control', 'max-age=300').send(bytes);
    });
  }
}
