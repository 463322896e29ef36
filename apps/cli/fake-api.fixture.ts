import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type DeploymentView, type EventView, type Problem, problemOf, type TargetView } from '#contracts';
import { TARGET_ID } from './sample.fixture.js';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Answer = (response: ServerResponse, request: Received) => void;

/** Answers as the API does where a test says so, and keeps what it was asked. Routes are `METHOD /path`, without query. */
export class FakeApi {
  readonly received: Received[] = [];
  private readonly answers = new Map<string, Answer[]>();
  private readonly server = createServer((request, response) => void this.answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Several answers to one route are given in turn; the last one stays. */
  on(route: string, ...answers: Answer[]): this {
    this.answers.set(route, answers);
    return this;
  }

  asked(route: string): Received[] {
    return this.received.filter(({ method, path }) => `${method} ${path}` === route);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const received = { method: request.method ?? '', path, headers: request.headers, body: await buffer(request) };
    this.received.push(received);
    const answers = this.answers.get(`${received.method} ${path}`) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    (answer ?? refusal('not_found', `No route ${received.method} ${path}.`))(response, received);
  }
}

export const json =
  (body: unknown, status = 200): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

export const refusal = (code: Problem['code'], detail?: string): Answer => {
  const problem = problemOf(code, { detail });
  return json(problem, problem.status);
};

/** The connection breaks before anything is said. */
export const breaks: Answer = (response) => void response.destroy();

export type Message =
  | { readonly event: EventView; readonly deployment: DeploymentView }
  | { readonly end: DeploymentView };

/** A stream of events; it stays open, ends in order after `end`, or breaks off when told so. */
export const stream =
  (messages: readonly Message[], then: 'open' | 'break' = 'open'): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const message of messages) {
      if ('end' in message) {
        response.end(`event: end\ndata: ${JSON.stringify({ deployment: message.end })}\n\n`);
        return;
      }
      response.write(`id: ${message.event.sequence}\nevent: change\ndata: ${JSON.stringify(message)}\n\n`);
    }
    if (then === 'break') setImmediate(() => response.destroy());
    else response.flushHeaders();
  };

export function target(changes: Partial<TargetView> = {}): TargetView {
  return {
    id: TARGET_ID,
    name: 'checkout',
    functionName: 'checkout-fn',
    aliasName: 'live',
    region: 'eu-central-1',
    accountId: '111122223333',
    policy: 'queue',
    strategy: 'canary',
    deadlines: null,
    onInconclusive: null,
    analysis: null,
    metrics: null,
    alarms: [],
    alarmsAtStart: 'refuse',
    probes: { safe: false, recordFromLog: null },
    analysisOff: false,
    activeDeploymentId: null,
    createdAt: '2026-01-31T12:00:00.000Z',
    updatedAt: '2026-01-31T12:00:00.000Z',
    ...changes,
  };
}
