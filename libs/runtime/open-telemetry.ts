import {
  type Context,
  context,
  createContextKey,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type Span as SdkSpan,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { systemClock } from './clock.js';
import type { TracingConfig } from './config.js';
import type { Logger } from './logger.js';
import { releaseVersion } from './registry.js';
import type { Closable } from './shutdown.js';
import { type Attributes, type OpenSpan, type SpanOptions, type Tracing, useTracing } from './tracing.js';

/** Loaded only when tracing is on, so that off costs neither memory nor boot time. */
export function startOpenTelemetry(service: string, config: TracingConfig, logger: Logger): Closable {
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  const ours = resourceFromAttributes({ 'service.name': service, 'service.version': releaseVersion });
  const named = detectResources({ detectors: [envDetector] });
  const batches = new BatchSpanProcessor({
    exporter: new ToldExporter(new OTLPTraceExporter(), logger),
    ...(config.scheduleDelayMs === undefined ? {} : { scheduledDelayMillis: config.scheduleDelayMs }),
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(ours).merge(named),
    sampler: samplerOf(config),
    spanProcessors: [new QuietLooks(batches)],
  });
  return useTracing(new OtelTracing(provider), async () => {
    await provider.shutdown().catch(() => undefined);
    context.disable();
  });
}

/** The names that OpenTelemetry gives to samplers; unknown ones mean its default. */
function samplerOf({ sampler, samplerArg }: TracingConfig): Sampler {
  const [name = '', parentBased] = sampler.startsWith('parentbased_') ? [sampler.slice(12), true] : [sampler, false];
  const root =
    name === 'always_off'
      ? new AlwaysOffSampler()
      : name === 'traceidratio'
        ? new TraceIdRatioBasedSampler(samplerArg)
        : new AlwaysOnSampler();
  return parentBased ? new ParentBasedSampler({ root }) : root;
}

/** Looks that came to nothing, and what belongs to them. */
interface Look {
  readonly spans: ReadableSpan[];
  discarded: boolean;
  /** Whatever ends after it follows at once. */
  sent: boolean;
}
const LOOK = createContextKey('sluice look');

/**
 * A long bake is looked at thousands of times and nothing happens. What is under way inside a consumer span is held back
 * until that ends; a look that was discarded leaves nothing, so that a trace shows what was done.
 */
class QuietLooks implements SpanProcessor {
  private readonly looks = new WeakMap<object, Look>();

  constructor(private readonly next: SpanProcessor) {}

  onStart(span: SdkSpan, parent: Context): void {
    const look = parent.getValue(LOOK) as Look | undefined;
    if (look) this.looks.set(span, look);
    this.next.onStart(span, parent);
  }

  onEnd(span: ReadableSpan): void {
    const look = this.looks.get(span);
    if (!look || look.sent) {
      this.next.onEnd(span);
      return;
    }
    look.spans.push(span);
    if (span.kind !== SpanKind.CONSUMER) return;
    look.sent = !look.discarded;
    if (look.sent) for (const one of look.spans) this.next.onEnd(one);
    look.spans.length = 0;
  }

  forceFlush(): Promise<void> {
    return this.next.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.next.shutdown();
  }
}

const SAID_EVERY_MS = 60_000;

/** A collector that is out of reach is told once a minute and changes nothing else. */
class ToldExporter implements SpanExporter {
  private saidAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly inner: SpanExporter,
    private readonly logger: Logger,
  ) {}

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.inner.export(spans, (result) => {
      const now = systemClock.monotonic();
      if (result.error && now - this.saidAt > SAID_EVERY_MS) {
        this.saidAt = now;
        this.logger.warn(
          { spans: spans.length, error: result.error.name },
          'Traces could not be sent to the collector.',
        );
      }
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.inner.shutdown();
  }
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

class OtelTracing implements Tracing {
  private readonly tracer;

  constructor(provider: TracerProvider) {
    this.tracer = provider.getTracer('sluice', releaseVersion);
  }

  open(name: string, { kind = 'internal', attributes = {}, parent }: SpanOptions): OpenSpan {
    const around = parent === undefined ? context.active() : contextOf(parent);
    const look: Look | undefined = kind === 'consumer' ? { spans: [], discarded: false, sent: false } : undefined;
    const inside = look ? around.setValue(LOOK, look) : around;
    const span = this.tracer.startSpan(name, { kind: KINDS[kind], attributes: known(attributes) }, inside);
    return new Opened(span, trace.setSpan(inside, span), look);
  }

  current() {
    const span = trace.getActiveSpan();
    return span && new Opened(span, context.active(), undefined);
  }

  traceId(): string | undefined {
    return trace.getActiveSpan()?.spanContext().traceId;
  }

  traceparent(): string | undefined {
    const at = trace.getActiveSpan()?.spanContext();
    return at && `00-${at.traceId}-${at.spanId}-${at.traceFlags.toString(16).padStart(2, '0')}`;
  }
}

class Opened implements OpenSpan {
  constructor(
    private readonly span: Span,
    private readonly inside: Context,
    private readonly look: Look | undefined,
  ) {}

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  set(attributes: Attributes): void {
    this.span.setAttributes(known(attributes));
  }

  fail(code: string): void {
    this.span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  }

  discard(): void {
    if (this.look) this.look.discarded = true;
  }

  within<T>(work: () => T): T {
    return context.with(this.inside, work);
  }

  end(): void {
    this.span.end();
  }
}

function known(attributes: Attributes): Record<string, string | number | boolean> {
  const entries = Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  return Object.fromEntries(entries) as Record<string, string | number | boolean>;
}

/** https://www.w3.org/TR/trace-context/: anything else is no parent, and a new trace begins. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

function contextOf(traceparent: string): Context {
  const [, traceId = '', spanId = '', flags = '0'] = TRACEPARENT.exec(traceparent) ?? [];
  const none = context.active().deleteValue(LOOK);
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return traceId === '' ? trace.deleteSpan(none) : trace.setSpanContext(none, parent);
}
