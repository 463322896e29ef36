import type { Clock } from '../clock.js';
import type { CodeStore } from '../world/code-store.js';
import type { FunctionRecord } from '../world/records.js';
import type { Store } from '../world/store.js';
import type { Place } from './names.js';

/** How a request's effect itself is to go wrong, when a fault rule says so. */
export interface EffectFault {
  /** An update or creation that settles as `Failed` instead of succeeding. */
  fails?: { reason: string; reasonCode: string };
  /** How long this change stays Pending/InProgress, instead of the configured time. */
  settleMs?: number;
}

/** One request for one operation, already authenticated, parsed and validated. */
export interface Call {
  operation: string;
  place: Place;
  now: number;
  requestId: string;
  input: Record<string, unknown>;
  payload: Buffer;
  headers: Record<string, string | undefined>;
  /** Where this caller reached the emulator, for links that it can follow. */
  baseUrl: string;
  effect: EffectFault;
  /** A read under this flag shows the state before the latest change. */
  stale: boolean;
}

export interface Answer {
  status: number;
  body?: unknown;
  /** Bytes to send as they are, instead of a JSON body. */
  raw?: Buffer;
  headers?: Record<string, string>;
  /** Further bytes, written as they come, for streamed responses. */
  done?: Promise<void>;
}

export interface Limits {
  concurrentExecutions: number;
  minimumUnreserved: number;
}

/** What operations work with. */
export interface Services {
  store: Store;
  codes: CodeStore;
  clock: Clock;
  limits: Limits;
  settleMs(): number;
  /** Called after code, configuration or existence of a function changed, so that its environments can be retired. */
  functionChanged(fn: FunctionRecord): void;
  downloadLink(call: Call, codeKey: string): string;
  fetchObject(bucket: string, key: string, version: string | undefined): Promise<Buffer>;
  invoke(call: Call): Promise<Answer>;
  invokeAsync(call: Call): Promise<Answer>;
}

export type Handler = (services: Services, call: Call) => Answer | Promise<Answer>;

/** The input in the shape that the model's validation has just established. */
export function inputOf<T>(call: Call): T {
  return call.input as unknown as T;
}

export const ok = (body: unknown, status = 200): Answer => ({ status, body });

export const noContent = (): Answer => ({ status: 204 });
