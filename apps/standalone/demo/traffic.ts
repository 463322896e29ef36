import { setMaxListeners } from 'node:events';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Clock } from '#runtime';

/** More than this in flight means that the function is stuck; further requests are dropped rather than piled up. */
const MAX_IN_FLIGHT = 60;

const ARTICLES = [
  { sku: 'mug', priceCents: 1290 },
  { sku: 'coaster', priceCents: 490 },
  { sku: 'teapot', priceCents: 4900 },
  { sku: 'tea-assam-250g', priceCents: 1150 },
];

/** Shoppers: invokes the function through its alias at a steady rate until closed. What fails is the function's affair. */
export function startTraffic(options: {
  lambda: LambdaClient;
  functionName: string;
  alias: string;
  requestsPerSecond: number;
  clock: Clock;
}): { close(): Promise<void> } {
  const { lambda, clock } = options;
  const stop = new AbortController();
  // One listener per request in flight; Node takes more than ten for a leak.
  setMaxListeners(0, stop.signal);
  const inFlight = new Set<Promise<unknown>>();
  let sent = 0;

  async function invoke(): Promise<void> {
    sent += 1;
    await lambda.send(
      new InvokeCommand({
        FunctionName: options.functionName,
        Qualifier: options.alias,
        Payload: Buffer.from(JSON.stringify(order(sent))),
      }),
      { abortSignal: stop.signal },
    );
  }

  async function run(): Promise<void> {
    const started = clock.monotonic();
    while (!stop.signal.aborted && options.requestsPerSecond > 0) {
      const due = started + (sent * 1000) / options.requestsPerSecond;
      await clock.sleep(Math.max(0, due - clock.monotonic()), stop.signal);
      if (stop.signal.aborted) return;
      if (inFlight.size >= MAX_IN_FLIGHT) {
        sent += 1;
        continue;
      }
      const request = invoke()
        .catch(() => undefined)
        .finally(() => inFlight.delete(request));
      inFlight.add(request);
    }
  }

  const running = run();
  return {
    async close() {
      stop.abort();
      await running;
      await Promise.all(inFlight);
    },
  };
}

/** Orders that differ, without chance: the hundredth order of every run is the same. */
function order(number: number): object {
  const items = ARTICLES.slice(0, 1 + (number % ARTICLES.length)).map((article, index) => ({
    ...article,
    quantity: 1 + ((number + index) % 3),
  }));
  return {
    orderId: `order-${number}`,
    items,
    voucher: number % 5 === 0 ? 'WELCOME10' : undefined,
    country: number % 3 === 0 ? 'DE' : 'US',
  };
}
