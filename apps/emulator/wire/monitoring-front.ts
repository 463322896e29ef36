import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { MonitoringError } from '../cloudwatch/errors.js';
import type { Input } from '../cloudwatch/input.js';
import { type Request, readRequest } from '../cloudwatch/protocols.js';
import type { CallLog } from '../faults/call-log.js';
import type { FaultRule, FaultRules } from '../faults/fault-rules.js';
import { ServiceError } from '../lambda/errors.js';
import type { Place } from '../lambda/names.js';
import type { HttpReply, HttpRequest } from './http.js';
import { type Caller, callerOf, type Identity } from './signature.js';

/** An operation of a service beside Lambda. */
export type MonitoringOperation = (place: Place, input: Input, caller: Caller) => unknown;

export interface MonitoringParts {
  /** By service (as the protocols name it) and operation. */
  services: Record<string, Record<string, MonitoringOperation>>;
  identity: Identity;
  faults: FaultRules;
  calls: CallLog;
  clock: Clock;
  report(error: unknown): void;
}

/** Takes requests to CloudWatch, CloudWatch Logs and STS to an answer, in the protocol they came in. */
export class MonitoringFront {
  constructor(private readonly parts: MonitoringParts) {}

  /** Undefined when the request is not for one of these services. */
  async handle(http: HttpRequest): Promise<HttpReply | undefined> {
    let request: Request | undefined;
    try {
      request = readRequest(http);
    } catch {
      return { status: 400, headers: {}, body: 'The request could not be parsed.' };
    }
    if (!request) return undefined;
    const { operation, codec } = request;
    const requestId = randomUUID();
    const at = this.parts.clock.now();
    const startedAt = this.parts.clock.monotonic();
    let faults: FaultRule[] = [];
    let actor = '';
    let outcome = 'ok';
    let reply: HttpReply;
    try {
      const caller = await callerOf(http, this.parts.identity);
      actor = caller.accessKeyId;
      faults = this.parts.faults.strike(operation, undefined, actor);
      reply = await this.perform(request, caller, faults, requestId);
      if (reply.reset) outcome = 'reset';
    } catch (error) {
      const known = asMonitoringError(error);
      if (!known) this.parts.report(error);
      const shown = known ?? new MonitoringError('InternalFailure', 'An internal error occurred.', 500);
      outcome = shown.code;
      reply = codec.fail(shown, requestId);
    }
    this.parts.calls.add({
      at,
      operation,
      actor,
      userAgent: http.headers['user-agent'] ?? '',
      function: undefined,
      outcome,
      status: reply.status,
      reached: outcome === 'ok',
      faults: faults.map((fault) => fault.kind),
      durationMs: this.parts.clock.monotonic() - startedAt,
      requestId,
      input: undefined,
    });
    return reply;
  }

  private async perform(request: Request, caller: Caller, faults: FaultRule[], requestId: string): Promise<HttpReply> {
    for (const fault of faults) {
      if (fault.kind === 'delay') await this.parts.clock.sleep(fault.delayMs ?? 1000);
      if (fault.kind === 'throttle') throw new MonitoringError('ThrottlingException', 'Rate exceeded', 400);
      if (fault.kind === 'error')
        throw new MonitoringError('InternalServiceFault', 'An injected fault.', fault.status ?? 500);
      if (fault.kind === 'deny')
        throw new MonitoringError(fault.reasonCode ?? 'AccessDenied', fault.reason ?? 'An injected fault.', 403);
      if (fault.kind === 'reset-before') return { status: 0, headers: {}, body: undefined, reset: true };
    }
    const act = this.parts.services[request.service]?.[request.operation];
    if (!act)
      throw new MonitoringError(
        'InvalidAction',
        `This emulator does not serve ${request.service} ${request.operation}.`,
        400,
      );
    const output = await act({ account: caller.account, region: caller.region }, request.input, caller);
    if (faults.some((fault) => fault.kind === 'reset-after'))
      return { status: 0, headers: {}, body: undefined, reset: true };
    return request.codec.encode(request.operation, output, requestId);
  }
}

function asMonitoringError(error: unknown): MonitoringError | undefined {
  if (error instanceof MonitoringError) return error;
  return error instanceof ServiceError ? new MonitoringError(error.code, error.message, error.status) : undefined;
}
