import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { LambdaMetrics } from '../cloudwatch/lambda-metrics.js';
import type { Answer, Call, Limits } from '../lambda/call.js';
import { placeOf } from '../lambda/describe.js';
import { conflict, tooLarge, tooManyRequests } from '../lambda/errors.js';
import { functionArn, readFunctionName } from '../lambda/names.js';
import type { LogStore } from '../logs/log-store.js';
import { type FunctionRecord, type Settings, type VersionRecord, weightsInForce } from '../world/records.js';
import { type Resolved, type Store, versionNamed } from '../world/store.js';
import type { Outcome } from './environment.js';
import type { EventQueue } from './event-queue.js';
import { checkPayload } from './payload.js';
import type { Pool } from './pool.js';
import { logLines, tailOf } from './report.js';

const SYNCHRONOUS_LIMIT = 6_291_456;
const ASYNCHRONOUS_LIMIT = 1_048_576;
/** What a handler may answer with: 6 MB and a little for the envelope. */
const RESPONSE_LIMIT = 6_291_556;

export interface InvokerParts {
  store: Store;
  pool: Pool;
  clock: Clock;
  logs: LogStore;
  metrics: LambdaMetrics;
  limits: Limits;
  /** Between 0 and 1, drawn once per invocation of a weighted alias. */
  random(): number;
}

/** One execution of one version, already drawn. */
export interface Execution {
  fn: FunctionRecord;
  version: VersionRecord;
  /** The qualifier the caller used: it decides the ARN the handler sees and the metrics' `Resource`. */
  qualifier: string | undefined;
  requestId: string;
  payload: Buffer;
  clientContext?: string | undefined;
}

export interface Result {
  failed: boolean;
  body: Buffer;
  version: string;
  lines: string[];
}

/** Invokes functions: draws the version, guards concurrency, runs the code, writes logs and metrics. */
export class Invoker {
  private readonly inFlight = new Map<string, number>();
  private total = 0;
  queue: EventQueue | undefined;

  constructor(private readonly parts: InvokerParts) {}

  async invoke(call: Call): Promise<Answer> {
    const input = call.input as { FunctionName: string; Qualifier?: string; InvocationType?: string; LogType?: string };
    const { name, qualifier } = readFunctionName(call.place, input.FunctionName, input.Qualifier);
    const resolved = this.parts.store.resolve(call.place, name, qualifier);
    const type = input.InvocationType ?? 'RequestResponse';
    checkSize(call.payload, type);
    checkPayload(call.payload);
    if (type === 'DryRun') return { status: 204 };
    const execution = this.draw(resolved, qualifier, call);
    if (type === 'Event') {
      this.queue?.accept(execution);
      return { status: 202, headers: {} };
    }
    const result = await this.execute(execution);
    const headers: Record<string, string> = { 'X-Amz-Executed-Version': result.version };
    if (result.failed) headers['X-Amz-Function-Error'] = 'Unhandled';
    if (input.LogType === 'Tail') headers['X-Amz-Log-Result'] = tailOf(result.lines);
    return { status: 200, raw: result.body, headers };
  }

  async invokeAsync(call: Call): Promise<Answer> {
    const input = call.input as { FunctionName: string };
    const { name, qualifier } = readFunctionName(call.place, input.FunctionName);
    const resolved = this.parts.store.resolve(call.place, name, qualifier);
    checkSize(call.payload, 'Event');
    checkPayload(call.payload);
    this.queue?.accept(this.draw(resolved, qualifier, call));
    return { status: 202 };
  }

  /** An invocation that comes from inside: a retry, a destination, an event source. */
  draw(
    resolved: Resolved,
    qualifier: string | undefined,
    call: Pick<Call, 'payload' | 'headers' | 'requestId'>,
  ): Execution {
    return {
      fn: resolved.fn,
      version: this.drawVersion(resolved),
      qualifier,
      requestId: call.requestId || randomUUID(),
      payload: call.payload.length === 0 ? Buffer.from('{}') : call.payload,
      clientContext: decodeContext(call.headers['x-amz-client-context']),
    };
  }

  private drawVersion(resolved: Resolved): VersionRecord {
    const [other] = resolved.alias ? Object.entries(weightsInForce(resolved.alias)) : [];
    if (!other || this.parts.random() >= other[1]) return resolved.version;
    return versionNamed(resolved.fn, other[0]) ?? resolved.version;
  }

  /** Runs the code now, or refuses with the throttling or conflict that the service would answer with. */
  async execute(execution: Execution): Promise<Result> {
    const { fn, version } = execution;
    requireInvocable(version);
    const key = `${fn.account}/${fn.region}/${fn.name}`;
    const startedAt = this.parts.clock.now();
    this.enter(execution, key, startedAt);
    try {
      return await this.runIn(execution, startedAt);
    } finally {
      this.total -= 1;
      const left = (this.inFlight.get(key) ?? 1) - 1;
      if (left === 0) this.inFlight.delete(key);
      else this.inFlight.set(key, left);
    }
  }

  private enter(execution: Execution, key: string, startedAt: number): void {
    const { fn } = execution;
    const running = this.inFlight.get(key) ?? 0;
    const reason =
      fn.reserved !== undefined && running >= this.room(execution)
        ? 'ReservedFunctionConcurrentInvocationLimitExceeded'
        : this.total >= this.parts.limits.concurrentExecutions
          ? 'ConcurrentInvocationLimitExceeded'
          : undefined;
    if (reason !== undefined) {
      this.parts.metrics.throttled(execution, startedAt);
      throw tooManyRequests('Rate Exceeded.', reason);
    }
    this.inFlight.set(key, running + 1);
    this.total += 1;
  }

  /** What is left of the reservation once other qualifiers' provisioned concurrency is set aside. */
  private room(execution: Execution): number {
    const { fn, qualifier } = execution;
    const setAside = Object.entries(fn.provisioned)
      .filter(([owner]) => owner !== qualifier && owner !== execution.version.version)
      .reduce((sum, [, record]) => sum + record.requested, 0);
    return (fn.reserved ?? 0) - setAside;
  }

  private async runIn(execution: Execution, startedAt: number): Promise<Result> {
    const { fn, version, requestId } = execution;
    const settings = servingSettings(version);
    const { outcome, environment } = await this.parts.pool.run(fn, version.version, settings, {
      requestId,
      payload: execution.payload,
      deadline: 0,
      invokedArn: functionArn(placeOf(fn), fn.name, execution.qualifier),
      clientContext: execution.clientContext,
      traceId: `Root=1-${Math.floor(startedAt / 1000).toString(16)}-${randomBytes(12).toString('hex')};Sampled=0`,
    });
    if (outcome.kind === 'success' && outcome.body.length > RESPONSE_LIMIT) refuseResponse(outcome);
    const lines = logLines(settings, version.version, requestId, outcome, startedAt, this.parts.clock.now());
    this.parts.logs.append(placeOf(fn), settings.logging.LogGroup, environment.logStream, lines);
    const failed = outcome.kind !== 'success';
    this.parts.metrics.ran(execution, startedAt, outcome.durationMs, failed, this.total);
    return { failed, body: outcome.body, version: version.version, lines };
  }
}

/** While an update is under way, or after it failed, what served before goes on serving. */
export function servingSettings(version: VersionRecord): Settings {
  const settling = version.settling;
  if (settling?.kind === 'update' && settling.previous) return settling.previous;
  return version.serving ?? version.settings;
}

/** A larger answer is the function's error, not the caller's. */
function refuseResponse(outcome: Outcome): void {
  outcome.kind = 'error';
  outcome.errorType = 'Function.ResponseSizeTooLarge';
  outcome.body = Buffer.from(
    JSON.stringify({
      errorType: outcome.errorType,
      errorMessage: `Response payload size exceeded maximum allowed payload size (${RESPONSE_LIMIT} bytes).`,
    }),
  );
}

function requireInvocable(version: VersionRecord): void {
  if (version.state !== 'Active')
    throw conflict(
      `The operation cannot be performed at this time. The function is currently in the following state: ${version.state}`,
    );
}

function checkSize(payload: Buffer, type: string): void {
  const limit = type === 'Event' ? ASYNCHRONOUS_LIMIT : SYNCHRONOUS_LIMIT;
  if (payload.length > limit)
    throw tooLarge(`Request must be smaller than ${limit} bytes for the InvokeFunction operation`);
}

function decodeContext(header: string | undefined): string | undefined {
  return header ? Buffer.from(header, 'base64').toString('utf8') : undefined;
}
