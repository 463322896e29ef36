import type { z } from 'zod';
import { problem } from '../problem.js';
import { type RouteName, type Routes, routes } from '../routes.js';
import { ApiProblem, ApiUnreachable } from './failures.js';

type InputOf<R, K extends 'params' | 'query' | 'body'> = R extends { readonly [key in K]: infer S extends z.ZodType }
  ? { readonly [key in K]: z.input<S> }
  : unknown;

export type CallInput<N extends RouteName> = InputOf<Routes[N], 'params'> &
  Partial<InputOf<Routes[N], 'query'>> &
  InputOf<Routes[N], 'body'> & {
    readonly headers?: Readonly<Record<string, string | undefined>>;
    readonly signal?: AbortSignal | undefined;
  };
export type CallOutput<N extends RouteName> = Routes[N]['response'] extends z.ZodType
  ? z.output<Routes[N]['response']>
  : undefined;

export interface Connection {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly fetch: typeof globalThis.fetch;
}

interface LooseInput {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** Calls one route of the table. Throws `ApiProblem` when the API says no and `ApiUnreachable` when it says nothing. */
export async function call<N extends RouteName>(
  connection: Connection,
  name: N,
  input: CallInput<N>,
): Promise<CallOutput<N>> {
  const { response } = routes[name];
  const loose = input as LooseInput;
  const json = loose.body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await send(connection, {
    method: routes[name].method,
    url: urlOf(connection, name, loose),
    headers: { accept: 'application/json', ...json, ...loose.headers },
    body: loose.body === undefined ? undefined : JSON.stringify(loose.body),
    signal: loose.signal,
  });
  if (!response) return undefined as CallOutput<N>;
  return read(answer, response) as Promise<CallOutput<N>>;
}

export interface Outgoing {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: RequestInit['body'] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sends, and turns everything but a success into one of the two failures. */
export async function send(connection: Connection, outgoing: Outgoing): Promise<Response> {
  const headers = new Headers();
  if (connection.apiKey) headers.set('authorization', `Bearer ${connection.apiKey}`);
  for (const [name, value] of Object.entries(outgoing.headers)) if (value !== undefined) headers.set(name, value);
  const init: RequestInit & { duplex?: 'half' } = { method: outgoing.method, headers, redirect: 'error' };
  if (outgoing.body) init.body = outgoing.body;
  // A streamed body needs `duplex`, which the browser's types do not know.
  if (outgoing.body && typeof outgoing.body !== 'string') init.duplex = 'half';
  if (outgoing.signal) init.signal = outgoing.signal;
  let answer: Response;
  try {
    answer = await connection.fetch(outgoing.url, init);
  } catch (cause) {
    if (outgoing.signal?.aborted) throw cause;
    throw new ApiUnreachable(outgoing.url, `Sluice does not answer at ${new URL(outgoing.url).origin}.`, { cause });
  }
  if (!answer.ok) throw await failureOf(answer, outgoing.url);
  return answer;
}

export async function read<S extends z.ZodType>(answer: Response, schema: S): Promise<z.output<S>> {
  const parsed = schema.safeParse(await answer.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new ApiUnreachable(answer.url, `What answers at ${answer.url} does not speak this version of Sluice's API.`, {
    cause: parsed.error,
  });
}

async function failureOf(answer: Response, url: string): Promise<Error> {
  const parsed = problem.safeParse(await answer.json().catch(() => undefined));
  if (parsed.success) return new ApiProblem(parsed.data);
  return new ApiUnreachable(url, `${new URL(url).origin} answered ${answer.status}, but not as Sluice's API does.`);
}

export function urlOf(connection: Connection, name: RouteName, input: LooseInput): string {
  const path = routes[name].path.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(String(input.params?.[key] ?? '')),
  );
  const url = new URL(connection.baseUrl.replace(/\/+$/, '') + path);
  for (const [key, value] of Object.entries(input.query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) url.searchParams.append(key, String(one));
    }
  }
  return url.href;
}
