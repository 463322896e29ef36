import { createWakeQueue, type WakeQueue } from '#queue';
import { readConfig, silentLogger, systemClock } from '#runtime';
import type { Store } from '#store';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { claimQueueRedis } from '../../test/world/queue-engine.js';
import { accepted, loaded, newTarget, wishFor } from '../../test/world/rollouts.js';
import type { WorkerParts } from './parts.js';
import { startWorker } from './start.js';

const redis = claimQueueRedis();
let opened: FreshStore;
let store: Store;
let queue: WakeQueue;

const options = () => ({
  store,
  logger: silentLogger,
  databaseUrl: opened.url,
  awsEndpointUrl: 'http://127.0.0.1:1',
  ...(redis ? { queuePrefix: redis.prefix } : {}),
});
/** The sweep comes round once in the test, before anything is armed: what is taken later, the queue's worker has taken. */
const config = { ...readConfig({}), redisUrl: redis?.url, sweepSeconds: 3_600 };

beforeAll(async () => {
  opened = await freshStore(5);
  store = opened.store;
  queue = await createWakeQueue({
    databaseUrl: opened.url,
    logger: silentLogger,
    redisUrl: redis?.url,
    ...(redis ? { prefix: redis.prefix } : {}),
  });
});

afterAll(async () => {
  await queue.close();
  await redis?.clear();
  await opened.close();
});

async function waiting(): Promise<number> {
  const { waiting, active, delayed } = await queue.counts();
  return waiting + active + delayed;
}

async function arm(deploymentId: string): Promise<void> {
  for (;;) {
    const armed = await queue.add({ deploymentId, sequence: 1, delayMs: 0 }).then(
      () => true,
      () => false,
    );
    if (armed) return;
    await systemClock.sleep(10);
  }
}

describe('the worker as an application', () => {
  it('takes what lies in the queue, without the sweep, and leaves it there once it is closed', async () => {
    const worker = await startWorker(config, options());
    await arm('first');
    while ((await waiting()) > 0) await systemClock.sleep(10);
    await worker.close();
    await arm('second');
    expect(await waiting()).toBe(1);
    const next = await startWorker(config, options());
    while ((await waiting()) > 0) await systemClock.sleep(10);
    await next.close();
  });

  it('lets several live in one process, and ends one without the others', async () => {
    const workers = await Promise.all([startWorker(config, options()), startWorker(config, options())]);
    await workers[0].close();
    await arm('third');
    while ((await waiting()) > 0) await systemClock.sleep(10);
    await workers[1].close();
  });

  it('is closed again when a start fails half-way: nothing acts that nobody knows of', async () => {
    const deaf: Store = {
      ...store,
      changes: { ...store.changes, subscribe: () => Promise.reject(new Error('No connection to spare.')) },
    };
    let inside: WakeQueue | undefined;
    const wrap = (parts: WorkerParts) => {
      inside = parts.queue;
      return parts;
    };
    const starting = startWorker(config, { ...options(), store: deaf, wrap });
    await expect(starting).rejects.toThrow('No connection to spare.');
    await expect(inside?.ping()).rejects.toThrow();
  });

  it('closes in a moment when there is nothing in hand', async () => {
    const worker = await startWorker(config, options());
    const begin = systemClock.monotonic();
    await worker.close();
    expect(systemClock.monotonic() - begin).toBeLessThan(2_000);
  });

  it('begins what the queue did not take as soon as it is told so, without the sweep', async () => {
    const worker = await startWorker(config, options());
    const { id } = await accepted(store, wishFor(await newTarget(store)));
    // Told again and again: the worker may not be listening yet.
    while ((await loaded(store, id)).phase === 'queued') {
      store.changes.tellUnqueued(id, 1);
      await systemClock.sleep(20);
    }
    await worker.close();
  });
});
