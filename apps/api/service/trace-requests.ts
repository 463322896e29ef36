import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type OpenSpan, openSpan } from '#runtime';
import { matchedPath } from '../http/matched-path.js';

/**
 * A span around every request of `/v1`, going on with the caller's trace where there is one. Probes, scrapes and pages
 * are none of a deployment's business.
 */
export function traceRequests(server: FastifyInstance): Pick<WeakMap<FastifyRequest, OpenSpan>, 'get'> {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  server.addHook('onRequest', (request, _reply, done) => {
    const route = matchedPath(request);
    if (!route?.startsWith('/v1/')) return done();
    const { traceparent } = request.headers;
    const attributes = {
      'http.request.method': request.method,
      'http.route': route,
      'sluice.request.id': request.id,
      'sluice.deployment.id': deploymentOf(request).deploymentId,
    };
    const parent = typeof traceparent === 'string' ? traceparent : undefined;
    const span = openSpan(`${request.method} ${route}`, { kind: 'server', attributes, parent });
    if (span) spans.set(request, span);
    done();
  });
  // After the body has been read: its reading goes on in the connection's own context, not in the span's.
  server.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) span.within(done);
    else done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    span?.set({ 'http.response.status_code': reply.statusCode });
    if (reply.statusCode >= 500) span?.fail(String(reply.statusCode));
    span?.end();
    done();
  });
  return spans;
}

/** The deployment a request is about: the one its path names, else the one that its answer leads to. */
export function deploymentOf(request: FastifyRequest, reply?: FastifyReply): { readonly deploymentId?: string } {
  const led = /^\/v1\/deployments\/([0-9a-f-]{36})$/.exec(String(reply?.getHeader('location') ?? ''));
  if (led?.[1]) return { deploymentId: led[1] };
  if (!matchedPath(request)?.startsWith('/v1/deployments/:id')) return {};
  const { id } = request.params as { id?: unknown };
  return typeof id === 'string' ? { deploymentId: id.slice(0, 64) } : {};
}

/** For the log line of a request, which is written when its context is gone. */
export function traceOf(span: OpenSpan | undefined): { readonly traceId?: string } {
  return span ? { traceId: span.traceId } : {};
}
