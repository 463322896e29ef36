import type { Closable } from './shutdown.js';

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** One piece of work in a trace. While tracing is off it does nothing. */
export interface TraceSpan {
  set(attributes: Attributes): void;
  /** The work came to nothing; `code` is a code of ours, never a text that could hold somebody's value. */
  fail(code: string): void;
  /** Nothing came of this look: it and what was done in it are left out of the trace. */
  discard(): void;
}

export interface SpanOptions {
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes?: Attributes;
  /** W3C `traceparent` of the work that led to this; absent: the span under way. */
  readonly parent?: string | undefined;
}

/** A span whose beginning and end lie in different places. */
export interface OpenSpan extends TraceSpan {
  readonly traceId: string;
  /** Everything begun inside `work` belongs to this span. */
  within<T>(work: () => T): T;
  end(): void;
}

/** What `startTracing` puts behind the functions below. */
export interface Tracing {
  open(name: string, options: SpanOptions): OpenSpan;
  /** Of the span under way. */
  traceparent(): string | undefined;
  traceId(): string | undefined;
  current(): TraceSpan | undefined;
}

/** One per process, as its log is. Undefined is off, which costs one comparison. */
let tracing: Tracing | undefined;

const nothing: TraceSpan = { set: () => undefined, fail: () => undefined, discard: () => undefined };

/** Runs `work` as a span; off: just runs it. What it rejects with is marked and passed on. */
export function traced<T>(name: string, options: SpanOptions, work: (span: TraceSpan) => Promise<T>): Promise<T> {
  if (!tracing) return work(nothing);
  const span = tracing.open(name, options);
  return span
    .within(() => work(span))
    .catch((error: unknown) => {
      span.fail((error as { name?: string }).name ?? 'error');
      throw error;
    })
    .finally(() => span.end());
}

/** Undefined while tracing is off. */
export function openSpan(name: string, options: SpanOptions): OpenSpan | undefined {
  return tracing?.open(name, options);
}

/** W3C trace context of the work under way, to be kept with what it starts. */
export function traceparent(): string | undefined {
  return tracing?.traceparent();
}

/** For log lines. */
export function traceId(): string | undefined {
  return tracing?.traceId();
}

/** Says more about the span under way. */
export function describeSpan(attributes: Attributes): void {
  tracing?.current()?.set(attributes);
}

export function useTracing(started: Tracing, close: () => Promise<void>): Closable {
  tracing = started;
  return {
    name: 'traces',
    async close() {
      if (tracing === started) tracing = undefined;
      await close();
    },
  };
}
