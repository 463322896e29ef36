import { createOracle, type Order, type ReleaseName } from './release-code.js';
import { OrderStream } from './shoppers.js';

const orders = (seed: number, count: number, change: Partial<Order> = {}): Order[] => {
  const stream = new OrderStream(seed, 20);
  return Array.from({ length: count }, () => ({ ...stream.next().order, ...change }));
};

async function failures(release: ReleaseName, asked: readonly Order[]): Promise<string[]> {
  const answers = createOracle(release);
  const outcomes = await Promise.all(asked.map(answers));
  return asked.filter((_, index) => outcomes[index] === 'failed').map((order) => order.orderId);
}

test('the bad release fails about three requests in ten, the good ones about two in a thousand', async () => {
  const asked = orders(7, 2000);
  const bad = (await failures('v3-bad', asked)).length / 2000;
  expect(bad).toBeGreaterThan(0.26);
  expect(bad).toBeLessThan(0.34);
  for (const good of ['v1', 'v2', 'v4-slow'] as const) expect((await failures(good, asked)).length).toBeLessThan(15);
});

test('a request has the same fate whenever it is asked, and another seed has other requests', async () => {
  const asked = orders(7, 300);
  expect(await failures('v3-bad', asked)).toEqual(await failures('v3-bad', orders(7, 300)));
  expect(await failures('v3-bad', asked)).not.toEqual(await failures('v3-bad', orders(8, 300)));
});

test('an outage hits the very same requests on every version', async () => {
  const asked = orders(7, 1000, { outage: 0.125 });
  const down = await failures('v1', orders(7, 1000, { outage: 0.125 }));
  expect(down.length).toBeGreaterThan(90);
  const bad = new Set(await failures('v3-bad', asked));
  expect(down.filter((order) => !bad.has(order)).length).toBeLessThan(10);
});
