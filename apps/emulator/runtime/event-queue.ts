import { type Clock, isoTime } from '../clock.js';
import { placeOf } from '../lambda/describe.js';
import { ServiceError } from '../lambda/errors.js';
import { functionArn, readFunctionName } from '../lambda/names.js';
import type { EventInvokeRecord } from '../world/records.js';
import type { Store } from '../world/store.js';
import type { Execution, Invoker, Result } from './invoker.js';

/** What was sent to a destination or dead-letter target, for tests and the curious. */
export interface Delivery {
  at: number;
  destination: string;
  condition: string;
  message: unknown;
}

export interface EventQueueSettings {
  /** The pause before the first and the second retry; AWS waits one and two minutes. */
  retryDelaysMs: number[];
}

const DEFAULT_RETRIES = 2;
const DEFAULT_AGE_SECONDS = 21_600;
const DELIVERIES_KEPT = 10_000;

/** Asynchronous invocations: accepted at once, tried up to three times, then handed to a destination. */
export class EventQueue {
  readonly deliveries: Delivery[] = [];
  pending = 0;
  private closed = false;

  constructor(
    private readonly settings: EventQueueSettings,
    private readonly invoker: Invoker,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  accept(execution: Execution): void {
    this.pending += 1;
    this.clock.after(0, () => {
      this.work(execution)
        .catch(() => undefined)
        .finally(() => {
          this.pending -= 1;
        });
    });
  }

  close(): void {
    this.closed = true;
  }

  private async work(execution: Execution): Promise<void> {
    const config = this.configOf(execution);
    const retries = config?.maximumRetryAttempts ?? DEFAULT_RETRIES;
    const acceptedAt = this.clock.now();
    const expiresAt = acceptedAt + (config?.maximumEventAge ?? DEFAULT_AGE_SECONDS) * 1000;
    let result: Result | undefined;
    for (let attempt = 0; attempt <= retries && !this.closed; attempt += 1) {
      if (attempt > 0) await this.clock.sleep(this.settings.retryDelaysMs[attempt - 1] ?? 0);
      if (this.clock.now() > expiresAt) return this.fail(execution, config, result, 'EventAgeExceeded', attempt);
      result = await this.attempt(execution, expiresAt);
      if (result && !result.failed) return this.succeed(execution, config, result, attempt + 1);
    }
    if (!this.closed) this.fail(execution, config, result, 'RetriesExhausted', retries + 1);
  }

  /** One try. Being throttled does not count as one: it is tried again until the event is too old. */
  private async attempt(execution: Execution, expiresAt: number): Promise<Result | undefined> {
    for (let pause = 100; !this.closed && this.clock.now() <= expiresAt; pause = Math.min(pause * 2, 5000)) {
      try {
        return await this.invoker.execute(execution);
      } catch (error) {
        if (!(error instanceof ServiceError) || (error.status !== 429 && error.status !== 409)) return undefined;
        await this.clock.sleep(pause);
      }
    }
    return undefined;
  }

  private configOf(execution: Execution): EventInvokeRecord | undefined {
    return execution.fn.eventInvoke[execution.qualifier ?? '$LATEST'];
  }

  private succeed(execution: Execution, config: EventInvokeRecord | undefined, result: Result, count: number): void {
    if (config?.onSuccess)
      this.send(config.onSuccess, 'Success', envelope(execution, result, 'Success', count, this.clock));
  }

  private fail(
    execution: Execution,
    config: EventInvokeRecord | undefined,
    result: Result | undefined,
    condition: string,
    count: number,
  ): void {
    const dead = execution.version.settings.deadLetterArn;
    if (dead) this.send(dead, condition, parsed(execution.payload));
    if (config?.onFailure)
      this.send(config.onFailure, condition, envelope(execution, result, condition, count, this.clock));
  }

  /** Functions are really invoked; queues, topics and buses have no emulator here, so their messages are kept to be read. */
  private send(destination: string, condition: string, message: unknown): void {
    this.deliveries.push({ at: this.clock.now(), destination, condition, message });
    if (this.deliveries.length > DELIVERIES_KEPT) this.deliveries.shift();
    const [, , service, region = '', account = ''] = destination.split(':');
    if (service !== 'lambda') return;
    const place = { region, account };
    const { name, qualifier } = readFunctionName(place, destination);
    const resolved = this.store.resolve(place, name, qualifier);
    const payload = Buffer.from(JSON.stringify(message));
    this.accept(this.invoker.draw(resolved, qualifier, { payload, headers: {}, requestId: '' }));
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return bytes.toString('utf8');
  }
}

function envelope(execution: Execution, result: Result | undefined, condition: string, count: number, clock: Clock) {
  const arn = functionArn(placeOf(execution.fn), execution.fn.name, execution.qualifier ?? '$LATEST');
  return {
    version: '1.0',
    timestamp: isoTime(clock.now()),
    requestContext: {
      requestId: execution.requestId,
      functionArn: arn,
      condition,
      approximateInvokeCount: count,
    },
    requestPayload: parsed(execution.payload),
    responseContext: {
      statusCode: 200,
      executedVersion: execution.version.version,
      ...(result?.failed ? { functionError: 'Unhandled' } : {}),
    },
    responsePayload: result && parsed(result.body),
  };
}
