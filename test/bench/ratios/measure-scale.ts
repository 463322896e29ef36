import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Redis } from 'ioredis';
import { systemClock } from '#runtime';
import type { WorkerParts } from '../../../apps/worker/parts.js';
import { rearmAll } from '../../../apps/worker/rearm.js';
import { createInstantLambda } from '../../scale/instant-lambda.js';
import { measureLag } from '../../scale/measure-lag.js';
import { ScaleWorld } from '../../scale/scale-world.js';
import type { Reading } from './figures.js';
import type { BenchWorld, Options } from './world.js';

const HOUR_MS = 3_600_000;

/** P9: how late steps begin when ten thousand rollouts fall due within ten seconds. */
export const measureLagOfThousands = (_world: BenchWorld, options: Options): Promise<Reading[]> =>
  lagReading('P9', options, options.quick ? { live: 200, overMs: 4_000 } : { live: 10_000, overMs: 10_000 });

/** P10: the same with a hundred thousand within a minute. */
export const measureLagOfAHundredThousand = (_world: BenchWorld, options: Options): Promise<Reading[]> =>
  lagReading('P10', options, options.quick ? { live: 400, overMs: 5_000 } : { live: 100_000, overMs: 60_000 });

async function lagReading(id: string, { queue }: Options, load: { live: number; overMs: number }): Promise<Reading[]> {
  const { sluice, raw } = await measureLag({ ...load, queue, due: 'step' });
  return [
    {
      id,
      value: sluice.p99Ms / raw.p99Ms,
      raw: { value: raw.p99Ms, what: 'p99 in ms of BullMQ with empty handlers' },
      ours: sluice.p99Ms,
      note: `${load.live} live, due within ${load.overMs / 1000} s; median ${sluice.p50Ms} ms, raw ${raw.p50Ms} ms`,
    },
  ];
}

/** P11: what one more live rollout costs that only waits, from the difference between few and many. */
export async function measureIdle(bench: BenchWorld, { queue, quick, say }: Options): Promise<Reading[]> {
  const few = quick ? 200 : 10_000;
  const many = quick ? 1_200 : 100_000;
  const redis = await bench.ownRedis();
  const world = await ScaleWorld.open(queue, redis.url);
  try {
    const held = async (count: number, from: number) => {
      say(`${count} live`);
      await seedIdle(world, count - from, from);
      return sizes(world, redis.url);
    };
    const parts = await startIdleWorker(world);
    const first = await held(few, 0).then(() => armed(world, parts, few, redis.url));
    const last = await held(many, few).then(() => armed(world, parts, many, redis.url));
    const each = (name: 'redis' | 'postgres' | 'heap') => (last[name] - first[name]) / (many - few);
    const note = `${many} against ${few} live`;
    const ofRedis: Reading[] = queue === 'redis' ? [{ id: 'P11 Redis', value: each('redis'), note }] : [];
    const withQueue = queue === 'postgres' ? ', the queue’s tables included' : '';
    return [
      ...ofRedis,
      {
        id: 'P11 Postgres',
        value: each('postgres'),
        note: `${note}, each with its target and eight events${withQueue}`,
      },
      { id: 'P11 heap', value: Math.max(0, each('heap')), note },
    ];
  } finally {
    await world.close();
    await redis.close();
  }
}

const seedIdle = (world: ScaleWorld, count: number, from: number): Promise<void> =>
  world.seed({ count, from, accounts: count, dueInMs: HOUR_MS, dueOverMs: HOUR_MS, due: 'step' });

/** A worker that has nothing due; resolves to what it works with. */
async function startIdleWorker(world: ScaleWorld): Promise<WorkerParts> {
  return new Promise((resolve, reject) => {
    world
      .startWorker((parts) => {
        const own = { ...parts, lambda: createInstantLambda() };
        resolve(own);
        return own;
      })
      .catch(reject);
  });
}

interface Sizes {
  readonly redis: number;
  readonly postgres: number;
  readonly heap: number;
}

/** Everything armed, then measured. */
async function armed(world: ScaleWorld, parts: WorkerParts, count: number, redisUrl: string): Promise<Sizes> {
  await rearmAll(parts);
  await untilDelayed(world, count);
  return sizes(world, redisUrl);
}

async function sizes(world: ScaleWorld, redisUrl: string): Promise<Sizes> {
  const client = new Redis(redisUrl);
  const memory = await client.info('memory');
  client.disconnect();
  const { rows } = await world.store.pool.query<{ bytes: number }>(
    'SELECT pg_database_size(current_database())::float8 AS bytes',
  );
  return {
    redis: Number(/used_memory:(\d+)/.exec(memory)?.[1] ?? Number.NaN),
    postgres: rows[0]?.bytes ?? Number.NaN,
    heap: heapAfterCollecting(),
  };
}

/** What is really held: garbage is collected first. */
function heapAfterCollecting(): number {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

async function untilDelayed(world: ScaleWorld, count: number): Promise<void> {
  const end = systemClock.monotonic() + 180_000;
  for (;;) {
    const { delayed } = await world.queue.counts().catch(() => ({ delayed: 0 }));
    if (delayed >= count) return;
    if (systemClock.monotonic() > end) throw new Error(`Only ${delayed} of ${count} wake-ups are armed.`);
    await systemClock.sleep(20);
  }
}

/** P13: Redis forgets everything while ten thousand rollouts are live; until every wake-up is back. */
export async function measureFlush(bench: BenchWorld, { queue, quick, say }: Options): Promise<Reading[]> {
  // The queue in Postgres has nothing that could be flushed.
  if (queue !== 'redis') return [];
  const live = quick ? 300 : 10_000;
  const redis = await bench.ownRedis();
  const world = await ScaleWorld.open('redis', redis.url);
  const client = new Redis(redis.url);
  try {
    say(`${live} live`);
    await seedIdle(world, live, 0);
    await startIdleWorker(world);
    await untilDelayed(world, live);
    say('FLUSHALL');
    await client.flushall();
    const start = systemClock.monotonic();
    await untilDelayed(world, live);
    return [{ id: 'P13', value: (systemClock.monotonic() - start) / 1000, note: `${live} live` }];
  } finally {
    client.disconnect();
    await world.close();
    await redis.close();
  }
}
