import { createDocument, type ZodOpenApiObject, type ZodOpenApiOperationObject } from 'zod-openapi';
import { type ErrorCode, errorEntry, problem, type Route as RouteDefinition, type RouteName, routes } from '#contracts';

const DESCRIPTION =
  'Sluice ships AWS Lambda changes a few percent at a time and puts the old version back by itself. Every refusal is application/problem+json with a stable code; docs/errors.md explains each.';

/** The OpenAPI 3.1 description of the route table. The same table is served and called, so the three cannot differ. */
export function openApiDocument() {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: RouteDefinition = routes[name];
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Sluice', version: '1', description: DESCRIPTION, license: { name: 'Apache-2.0' } },
    paths: paths as NonNullable<ZodOpenApiObject['paths']>,
    components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'slu_…' } } },
  });
}

function operation(name: RouteName, route: RouteDefinition): ZodOpenApiOperationObject {
  const { params, query, headers } = route;
  return {
    operationId: name,
    summary: route.summary,
    tags: [tagOf(route.path)],
    ...(route.scope === null
      ? { security: [] }
      : { security: [{ apiKey: [] }], description: `Needs a key with the scope \`${route.scope}\`.` }),
    ...(params || query || headers
      ? {
          requestParams: {
            ...(params ? { path: params } : {}),
            ...(query ? { query } : {}),
            ...(headers ? { header: headers } : {}),
          },
        }
      : {}),
    ...(route.body ? { requestBody: requestBody(route) } : {}),
    responses: { [String(route.status)]: success(route), ...failures(route) },
  };
}

function tagOf(path: string): string {
  return /^\/v1\/(\w+)/.exec(path)?.[1] ?? 'service';
}

function requestBody({ body, upload }: RouteDefinition): NonNullable<ZodOpenApiOperationObject['requestBody']> {
  return {
    required: true,
    content: {
      ...(body ? { 'application/json': { schema: body } } : {}),
      ...(upload ? { [upload]: { schema: { type: 'string', contentMediaType: upload } } } : {}),
    },
  };
}

function success({ response, otherContent, status }: RouteDefinition) {
  const content = {
    ...(response ? { 'application/json': { schema: response } } : {}),
    ...(otherContent ? { [otherContent]: { schema: { type: 'string' as const } } } : {}),
  };
  const location = status === 201 || status === 202;
  return {
    description: statusSentence(status),
    ...(location ? { headers: { Location: { schema: { type: 'string' as const } } } } : {}),
    ...(Object.keys(content).length > 0 ? { content } : {}),
  };
}

function statusSentence(status: number): string {
  return { 200: 'Done.', 201: 'Made.', 202: 'Accepted; a worker carries it out.', 204: 'Done.' }[status] ?? 'Done.';
}

/** One response per status, naming the codes that come with it. */
function failures(route: RouteDefinition) {
  const usual: ErrorCode[] = ['internal', 'unavailable'];
  if (route.scope !== null) usual.push('unauthorized', 'forbidden');
  if (route.params || route.query || route.headers || route.body) usual.push('request_invalid');
  if (route.body) usual.push('body_too_large', 'unsupported_media_type', 'request_timeout');
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...route.errors, ...usual])) {
    const { status } = errorEntry(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([left], [right]) => left - right)
      .map(([status, codes]) => [
        String(status),
        { description: codes.join(', '), content: { 'application/problem+json': { schema: problem } } },
      ]),
  );
}
