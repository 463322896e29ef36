import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { CallLog } from '../faults/call-log.js';
import type { FaultRule, FaultRules } from '../faults/fault-rules.js';
import type { RateLimiter } from '../faults/rate-limiter.js';
import type { Answer, Call, EffectFault, Services } from '../lambda/call.js';
import { denied, invalidContent, ServiceError, serviceFault, tooManyRequests } from '../lambda/errors.js';
import { handlers } from '../lambda/operations/index.js';
import { readInput } from '../lambda/validate.js';
import type { HttpReply, HttpRequest } from './http.js';
import { type Match, matchRoute } from './routes.js';
import { type Caller, callerOf, type Identity } from './signature.js';

export interface FrontParts {
  services: Services;
  identity: Identity;
  faults: FaultRules;
  calls: CallLog;
  limiter: RateLimiter;
  clock: Clock;
  /** Keep what stale reads need: only worth its cost where faults can be injected. */
  rememberPast: boolean;
  /** Called after every call that may have changed state. */
  changed(): void;
  report(error: unknown): void;
}

/** What is known of a call while it is being answered, for the log. */
interface Trace {
  operation: string;
  actor: string;
  function: string | undefined;
  faults: FaultRule[];
  reached: boolean;
  input: Record<string, unknown> | undefined;
}

/** Takes a request to Lambda through authentication, faults, validation and its operation, to an answer. */
export class LambdaFront {
  constructor(private readonly parts: FrontParts) {}

  async handle(request: HttpRequest): Promise<HttpReply> {
    const startedAt = this.parts.clock.monotonic();
    const at = this.parts.clock.now();
    const requestId = randomUUID();
    const trace: Trace = {
      operation: 'Unknown',
      actor: '',
      function: undefined,
      faults: [],
      reached: false,
      input: undefined,
    };
    let reply: HttpReply;
    let outcome = 'ok';
    try {
      reply = await this.serve(request, requestId, trace);
      if (reply.reset) outcome = 'reset';
    } catch (error) {
      const known = error instanceof ServiceError ? error : serviceFault('An internal error occurred.');
      if (known !== error) this.parts.report(error);
      outcome = known.code;
      reply = errorReply(known);
    }
    reply.headers['x-amzn-RequestId'] = requestId;
    this.parts.calls.add({
      at,
      operation: trace.operation,
      actor: trace.actor,
      userAgent: request.headers['user-agent'] ?? '',
      function: trace.function,
      outcome,
      status: reply.reset ? 0 : reply.status,
      reached: trace.reached,
      faults: trace.faults.map((fault) => fault.kind),
      durationMs: this.parts.clock.monotonic() - startedAt,
      requestId,
      input: trace.input,
    });
    return reply;
  }

  private async serve(request: HttpRequest, requestId: string, trace: Trace): Promise<HttpReply> {
    const match = matchRoute(request.method, request.path, request.query);
    if (!match)
      throw new ServiceError(
        'UnknownOperationException',
        'The requested operation does not exist.',
        404,
        'message',
        {},
      );
    trace.operation = match.name;
    const caller = await callerOf(request, this.parts.identity);
    trace.actor = caller.accessKeyId;
    trace.function = bareName(match.uri['FunctionName']);
    if (!this.parts.limiter.admits(match.name, `${caller.account}/${caller.region}`))
      throw tooManyRequests('Rate exceeded', 'CallerRateLimitExceeded');
    const body = isPayload(match.name) ? {} : parseBody(request.body);
    trace.function ??= bareName(body['FunctionName']);
    trace.faults = this.parts.faults.strike(match.name, trace.function, trace.actor);
    if (await this.before(trace.faults)) return { status: 0, headers: {}, body: undefined, reset: true };
    const answer = await this.perform(request, match, caller, body, requestId, trace);
    if (await this.after(trace.faults)) return { status: 0, headers: {}, body: undefined, reset: true };
    return replyOf(answer);
  }

  /** Faults before the effect. True: cut the connection. */
  private async before(faults: FaultRule[]): Promise<boolean> {
    for (const fault of faults) {
      if (fault.kind === 'delay') await this.parts.clock.sleep(fault.delayMs ?? 1000);
      if (fault.kind === 'throttle')
        throw tooManyRequests('Rate exceeded', 'CallerRateLimitExceeded', fault.retryAfterSeconds);
      if (fault.kind === 'error') throw serviceFault('An injected fault.', fault.status ?? 500);
      if (fault.kind === 'deny') throw denied(fault.reasonCode, fault.reason);
      if (fault.kind === 'reset-before') return true;
    }
    return false;
  }

  /** Faults after the effect. True: cut the connection instead of answering. */
  private async after(faults: FaultRule[]): Promise<boolean> {
    for (const fault of faults) {
      if (fault.kind === 'delay-after') await this.parts.clock.sleep(fault.delayMs ?? 1000);
      if (fault.kind === 'error-after') throw serviceFault('An injected fault, after the effect.', fault.status ?? 500);
      if (fault.kind === 'reset-after') return true;
    }
    return false;
  }

  private async perform(
    request: HttpRequest,
    match: Match,
    caller: Caller,
    body: Record<string, unknown>,
    requestId: string,
    trace: Trace,
  ): Promise<Answer> {
    const input = readInput(match.operation, { uri: match.uri, query: request.query, headers: request.headers, body });
    if (!isPayload(match.name)) trace.input = loggable(input);
    const handler = handlers[match.name];
    if (!handler)
      throw new ServiceError(
        'UnknownOperationException',
        `This emulator does not serve ${match.name}.`,
        404,
        'message',
        {},
      );
    const place = { account: caller.account, region: caller.region };
    if (this.parts.rememberPast && request.method !== 'GET' && !isPayload(match.name) && trace.function) {
      const fn = this.parts.services.store.find(place, trace.function);
      if (fn) this.parts.services.store.remember(fn);
    }
    const call: Call = {
      operation: match.name,
      place,
      now: this.parts.clock.now(),
      requestId,
      input,
      payload: request.body,
      headers: request.headers,
      baseUrl: `http://${request.headers['host'] ?? 'localhost'}`,
      effect: effectOf(trace.faults),
      stale: trace.faults.some((fault) => fault.kind === 'stale-read'),
    };
    trace.reached = true;
    const answer = await handler(this.parts.services, call);
    if (request.method !== 'GET' && !isPayload(match.name)) this.parts.changed();
    return answer;
  }
}

const isPayload = (operation: string) => operation === 'Invoke' || operation === 'InvokeAsync';

function effectOf(faults: FaultRule[]): EffectFault {
  const effect: EffectFault = {};
  for (const fault of faults) {
    if (fault.kind === 'update-fails' || fault.kind === 'version-fails')
      effect.fails = {
        reason: fault.reason ?? 'The change could not be completed.',
        reasonCode: fault.reasonCode ?? 'InternalError',
      };
    if (fault.kind === 'slow-settle') effect.settleMs = fault.delayMs ?? 3000;
  }
  return effect;
}

function parseBody(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalidContent('Could not parse request body into json: the body is not valid JSON.');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw invalidContent('Could not parse request body into json: an object is expected.');
  return value as Record<string, unknown>;
}

/** The function's own name, whatever form of it the caller used. */
function bareName(written: unknown): string | undefined {
  if (typeof written !== 'string') return undefined;
  const parts = written.split(':');
  const marker = parts.indexOf('function');
  return marker >= 0 ? (parts[marker + 1] ?? written) : parts[0];
}

function loggable(input: Record<string, unknown>): Record<string, unknown> {
  const { ZipFile: _zip, Code: _code, Environment: _environment, ...rest } = input;
  return rest;
}

function replyOf(answer: Answer): HttpReply {
  if (answer.raw)
    return {
      status: answer.status,
      headers: { 'Content-Type': 'application/json', ...answer.headers },
      body: answer.raw,
    };
  if (answer.body === undefined) return { status: answer.status, headers: { ...answer.headers }, body: undefined };
  return {
    status: answer.status,
    headers: { 'Content-Type': 'application/json', ...answer.headers },
    body: JSON.stringify(answer.body),
  };
}

export function errorReply(error: ServiceError): HttpReply {
  return {
    status: error.status,
    headers: { 'Content-Type': 'application/json', 'x-amzn-ErrorType': error.code, ...error.headers },
    body: JSON.stringify({ ...error.members, [error.messageKey]: error.message }),
  };
}
