import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DeploymentRow } from '#store';
import { Refused } from '../http/refusal.js';
import type { ApiParts } from '../parts.js';
import type { ChangeHub } from './change-hub.js';
import type { DeploymentShow } from './show-deployment.js';
import { watchTexts } from './watch-deployment.js';

const MOST_STREAMS = 1000;
const MOST_STREAMS_PER_KEY = 100;
const RETRY_AFTER_SECONDS = 10;

/** Holds the open streams of this process, and says no when there are too many. */
export class EventStreams {
  private readonly perKey = new Map<string, number>();
  private all = 0;

  constructor(
    private readonly parts: ApiParts,
    private readonly hub: ChangeHub,
    private readonly show: DeploymentShow,
  ) {}

  get open(): number {
    return this.all;
  }

  /** Answers with a stream and resolves when it is over. */
  async serve(request: FastifyRequest, reply: FastifyReply, row: DeploymentRow, after: number, keyId: string) {
    this.enter(keyId);
    const gone = new AbortController();
    request.raw.socket.once('close', () => gone.abort());
    const end = AbortSignal.any([gone.signal, this.hub.closed]);
    reply.hijack();
    const { raw } = reply;
    try {
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
        // A stream is the last thing on its connection, so that nothing waits for a next request when it ends.
        connection: 'close',
      });
      const watch = { store: this.parts.store, hub: this.hub, show: this.show, clock: this.parts.clock };
      for await (const text of watchTexts(watch, row, after, end)) {
        // A reader that does not keep up makes its own stream wait, and nobody else's.
        if (!raw.write(text)) await once(raw, 'drain', { signal: end });
        if (end.aborted) break;
      }
    } catch (error) {
      if (!end.aborted) {
        this.parts.logger.warn({ requestId: request.id, error: String(error) }, 'A stream of events broke off.');
      }
    } finally {
      this.leave(keyId);
      raw.end();
    }
  }

  private enter(keyId: string): void {
    const own = this.perKey.get(keyId) ?? 0;
    if (own >= MOST_STREAMS_PER_KEY || this.all >= MOST_STREAMS) {
      throw new Refused({ code: 'rate_limited', detail: 'Too many streams are open.' }, RETRY_AFTER_SECONDS);
    }
    this.perKey.set(keyId, own + 1);
    this.all += 1;
  }

  private leave(keyId: string): void {
    const left = (this.perKey.get(keyId) ?? 1) - 1;
    if (left > 0) this.perKey.set(keyId, left);
    else this.perKey.delete(keyId);
    this.all -= 1;
  }
}
