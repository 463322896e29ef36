import { Readable } from 'node:stream';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { type ProblemPlace, type Route as RouteDefinition, type RouteName, type Routes, routes } from '#contracts';
import { isStorableText } from '#store';
import { Refused } from './refusal.js';
import { ROUTE } from './route.js';

type PartOf<R, K extends string> = R extends { readonly [key in K]: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;

/** A request of one route, parsed: what does not fit the contract never reaches a handler. */
export interface Parsed<N extends RouteName> {
  readonly params: PartOf<Routes[N], 'params'>;
  readonly query: PartOf<Routes[N], 'query'>;
  readonly headers: PartOf<Routes[N], 'headers'>;
  readonly body: PartOf<Routes[N], 'body'>;
}

/** Where a body may be left out, an empty one is meant. */
const NOTHING = {};

export const Input = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const name = Reflect.getMetadata(ROUTE, context.getHandler()) as RouteName;
  return parseRequest(routes[name], context.switchToHttp().getRequest<FastifyRequest>());
});

export function parseRequest(
  route: RouteDefinition,
  request: Pick<FastifyRequest, 'params' | 'query' | 'headers' | 'body'>,
) {
  const errors: ProblemPlace[] = [];
  const read = (schema: z.ZodType | undefined, value: unknown, place: string): unknown => {
    if (!schema) return undefined;
    const parsed = fitted(schema, value);
    if (parsed === 'too deep') errors.push({ path: place, message: 'Nested too deeply.' });
    else if (!parsed.success) errors.push(...placesOf(parsed.error.issues, place));
    else errors.push(...unstorable(parsed.data, []).map((path) => ({ path: place + path, message: UNSTORABLE })));
    return parsed === 'too deep' ? undefined : parsed.data;
  };
  const streamed = request.body instanceof Readable;
  const result = {
    params: read(route.params, request.params, ''),
    query: read(route.query, { ...(request.query as object) }, '?'),
    headers: read(route.headers, request.headers, 'header '),
    body: streamed ? undefined : read(route.body, request.body ?? NOTHING, ''),
  };
  if (errors.length > 0) throw new Refused({ code: 'request_invalid', errors: errors.slice(0, MAX_ERRORS) });
  return result;
}

/** A schema that goes as deep as what was sent runs out of stack before it says no. */
function fitted(schema: z.ZodType, value: unknown) {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (error instanceof RangeError) return 'too deep';
    throw error;
  }
}

/** Sealed before they are kept, and sent as they came: they may hold any character. */
const VERBATIM = 'probes.payloads';

/** Where a text of what fits the contract has a NUL or half a surrogate pair: no database takes it, and nobody means it. */
function unstorable(value: unknown, place: readonly PropertyKey[]): string[] {
  if (typeof value === 'string') return isStorableText(value) ? [] : [pathOf(place)];
  if (typeof value !== 'object' || value === null || pathOf(place) === VERBATIM) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    unstorable(member, [...place, Array.isArray(value) ? Number(key) : key]),
  );
}

const UNSTORABLE = 'Holds a character that cannot be stored: NUL (\\u0000) or half of a surrogate pair. Take it out.';
const MAX_ERRORS = 20;
const LONGEST_PATH = 200;

/** zod's issues as places in the request. What was sent is never repeated: it may be a secret. */
function placesOf(issues: readonly z.core.$ZodIssue[], place: string): ProblemPlace[] {
  return issues.flatMap((issue) => {
    const path = `${place}${pathOf(issue.path)}`.slice(0, LONGEST_PATH);
    if (issue.code === 'unrecognized_keys') {
      const keys = issue.keys.slice(0, 5).map((key) => JSON.stringify(key.slice(0, 60)));
      return [{ path, message: `Not known here: ${keys.join(', ')}.` }];
    }
    if (issue.code === 'invalid_union') return [{ path, message: unionMessage(issue) }];
    return [{ path, message: issue.message }];
  });
}

/** Of a union, the branch that came closest says the most. */
function unionMessage(issue: z.core.$ZodIssueInvalidUnion): string {
  const branches = issue.errors.filter((branch) => branch.length > 0);
  const closest = [...branches].sort((left, right) => depth(right) - depth(left))[0];
  const first = closest && placesOf(closest, '')[0];
  if (!first) return issue.message;
  return first.path ? `${first.path}: ${first.message}` : first.message;
}

const depth = (issues: readonly z.core.$ZodIssue[]) => Math.max(0, ...issues.map((issue) => issue.path.length));

/** `strategy.steps[0].bake` */
function pathOf(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += `${text ? '.' : ''}${String(part)}`;
  }
  return text;
}
