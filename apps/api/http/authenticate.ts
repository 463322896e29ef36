import type { FastifyRequest } from 'fastify';
import { hasScope, type Route as RouteDefinition, routes } from '#contracts';
import { checkKey, type Identity } from '../keys/check-key.js';
import type { ApiParts } from '../parts.js';
import { matchedPath } from './matched-path.js';
import { Refused } from './refusal.js';
import { findRoute } from './route.js';

const identities = new WeakMap<FastifyRequest, Identity>();

/** Who asks. Only routes that ask for a key have somebody. */
export function identityOf(request: FastifyRequest): Identity {
  const identity = identities.get(request);
  if (!identity) throw new Error('This route does not ask for a key, so nobody is known here.');
  return identity;
}

/** The name of whoever asked, for the log. */
export function askerOf(request: FastifyRequest): string | undefined {
  return identities.get(request)?.name;
}

/**
 * Runs before a body is read, and denies by default: a route that is not in the contract's table, and one that is there
 * with a scope, is served only to a key that has it.
 */
export async function authenticate(parts: ApiParts, request: FastifyRequest): Promise<void> {
  const matched = matchedPath(request);
  // No route at all: the answer is "not found", which tells nothing and reads nothing.
  if (matched === undefined) return;
  const name = findRoute(request.method, matched);
  const route: RouteDefinition | undefined = name && routes[name];
  // What is not set up reads nothing: not the signature, not the body.
  if (name === 'alarmMessage' && !parts.alarmTopics?.length) throw new Refused({ code: 'not_found' });
  if (route?.scope === null || (name === 'metrics' && parts.metricsPublic)) return;
  const checked = await checkKey(parts, request.headers.authorization);
  if (!checked.ok) throw new Refused({ code: 'unauthorized', detail: checked.sentence });
  if (!route?.scope) throw new Refused({ code: 'not_found', detail: 'There is no such route.' });
  if (!hasScope(checked.identity.scopes, route.scope)) {
    parts.logger.warn({ requestId: request.id, key: checked.identity.name, route: name }, 'A key lacks the scope.');
    throw new Refused({ code: 'forbidden', detail: `This needs a key with the scope "${route.scope}".` });
  }
  identities.set(request, checked.identity);
}

/** Says no to bodies this route does not read, before they are read. */
export function checkContentType(request: FastifyRequest): void {
  const type = request.headers['content-type'];
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (!hasBody) return;
  const name = findRoute(request.method, matchedPath(request));
  if (!name) return;
  const route: RouteDefinition = routes[name];
  const media = type?.split(';')[0]?.trim().toLowerCase();
  if (route.body && media === 'application/json') return;
  if (route.upload !== undefined && media === route.upload) return;
  throw new Refused({ code: 'unsupported_media_type' });
}
