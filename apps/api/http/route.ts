import { applyDecorators, Delete, Get, HttpCode, Patch, Post, SetMetadata } from '@nestjs/common';
import { type Method, type Route as RouteDefinition, type RouteName, routes } from '#contracts';

export const ROUTE = 'sluice:route';

const decorators: Readonly<Record<Method, (path: string) => MethodDecorator>> = {
  GET: Get,
  POST: Post,
  PATCH: Patch,
  DELETE: Delete,
};

/** Serves one route of the contract's table: method, path and status come from there. */
export function Route(name: RouteName): MethodDecorator {
  const { method, status }: RouteDefinition = routes[name];
  return applyDecorators(decorators[method](fastifyPath(name)), HttpCode(status), SetMetadata(ROUTE, name));
}

/** `/v1/deployments/{id}` as Fastify spells it: `/v1/deployments/:id`. */
export function fastifyPath(name: RouteName): string {
  return routes[name].path.replaceAll(/\{(\w+)\}/g, ':$1');
}

const byMethodAndPath = new Map<string, RouteName>(
  (Object.keys(routes) as RouteName[]).map((name) => [`${routes[name].method} ${fastifyPath(name)}`, name] as const),
);

/** The route of the table that Fastify matched; `undefined`: none of ours. HEAD is answered as GET is. */
export function findRoute(method: string, path: string | undefined): RouteName | undefined {
  return byMethodAndPath.get(`${method === 'HEAD' ? 'GET' : method} ${path ?? ''}`);
}
