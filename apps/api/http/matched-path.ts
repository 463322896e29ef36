import type { FastifyRequest } from 'fastify';

const paths = new WeakMap<FastifyRequest, string>();

/** The path of the route that Fastify matched, such as `/v1/deployments/:id`. Fastify makes a new object whenever it is asked. */
export function matchedPath(request: FastifyRequest): string | undefined {
  let path = paths.get(request);
  if (path === undefined) {
    path = request.routeOptions.url ?? '';
    paths.set(request, path);
  }
  return path === '' ? undefined : path;
}
