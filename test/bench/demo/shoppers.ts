import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../judge/random.js';
import type { Order } from './release-code.js';

/** What one request met: the record every figure of this benchmark is counted from. */
export interface Served {
  readonly order: Order;
  /** When it was sent, milliseconds since the epoch. */
  readonly atMs: number;
  /** The version that answered, as the emulator says; undefined when it answered nothing (throttled, broken off). */
  readonly version: string | undefined;
  readonly failed: boolean;
  readonly durationMs: number;
}

const ARTICLES = [
  { sku: 'mug', priceCents: 1290 },
  { sku: 'coaster', priceCents: 490 },
  { sku: 'teapot', priceCents: 4900 },
];

/** The stream of requests of one seed: when each comes after the one before, and what it orders. */
export class OrderStream {
  readonly #random: Random;
  #count = 0;

  constructor(
    seed: number,
    private readonly requestsPerSecond: number,
  ) {
    this.#random = new Random(seed);
  }

  /** Milliseconds to the next request (Poisson traffic) and its order, without an outage. */
  next(): { readonly afterMs: number; readonly order: Order } {
    this.#count += 1;
    const afterMs = (-Math.log(1 - this.#random.next()) / this.requestsPerSecond) * 1000;
    const dice = Math.floor(this.#random.next() * 2 ** 32);
    const items = ARTICLES.slice(0, 1 + (this.#count % ARTICLES.length)).map((article) => ({
      ...article,
      quantity: 1,
    }));
    const voucher = this.#count % 5 === 0 ? { voucher: 'WELCOME10' } : {};
    const country = this.#count % 3 === 0 ? 'DE' : 'US';
    return { afterMs, order: { orderId: `order-${this.#count}`, items, country, dice, outage: 0, ...voucher } };
  }
}

export interface ShopperOptions {
  readonly endpoint: string;
  readonly functionName: string;
  readonly seed: number;
  readonly requestsPerSecond: number;
}

/** More in flight than this would measure this machine and not the rollout: the run is void then. */
const MOST_IN_FLIGHT = 200;

/** Sends the stream of its seed through the alias, in real time, and keeps what came of each request. */
export class Shoppers {
  readonly served: Served[] = [];
  /** Requests that could not be sent in time; a run with many of them says nothing. */
  dropped = 0;
  /** Share of requests that fail on every version from now on. */
  outage = 0;
  readonly #stop = new AbortController();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MOST_IN_FLIGHT });
  readonly #running: Promise<void>;
  #inFlight = 0;

  constructor(private readonly options: ShopperOptions) {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    const stream = new OrderStream(this.options.seed, this.options.requestsPerSecond);
    let due = performance.now();
    while (!this.#stop.signal.aborted) {
      const { afterMs, order } = stream.next();
      due += afterMs;
      const early = due - performance.now();
      if (early > 1) await sleep(early, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      if (this.#inFlight >= MOST_IN_FLIGHT) this.dropped += 1;
      else void this.#send({ ...order, outage: this.outage });
    }
  }

  async #send(order: Order): Promise<void> {
    this.#inFlight += 1;
    const [atMs, startedAt] = [Date.now(), performance.now()];
    const answer = await this.#invoke(order).catch(() => ({ version: undefined, failed: true }));
    this.#inFlight -= 1;
    this.served.push({ order, atMs, ...answer, durationMs: performance.now() - startedAt });
  }

  #invoke(order: Order): Promise<{ version: string | undefined; failed: boolean }> {
    const { endpoint, functionName } = this.options;
    const url = new URL(`/2015-03-31/functions/${functionName}/invocations?Qualifier=live`, endpoint);
    const body = JSON.stringify(order);
    // The emulator reads account and region from it and, without credentials of its own, checks nothing.
    const authorization =
      'AWS4-HMAC-SHA256 Credential=000000000000/20261122/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0';
    const headers = { authorization, 'content-length': Buffer.byteLength(body) };
    return new Promise((done, fail) => {
      const sent = request(url, { agent: this.#agent, method: 'POST', headers });
      sent.on('response', (response) => {
        response.resume();
        response.on('end', () => {
          const version = response.headers['x-amz-executed-version'];
          const failed = response.statusCode !== 200 || response.headers['x-amz-function-error'] !== undefined;
          done({ version: typeof version === 'string' ? version : undefined, failed });
        });
      });
      sent.on('error', fail);
      sent.end(body);
    });
  }
}
