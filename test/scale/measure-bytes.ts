import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Redis } from 'ioredis';
import { systemClock } from '#runtime';
import { startRedisServer } from '../world/redis-server.js';
import { round } from './figures.js';
import { createInstantLambda } from './instant-lambda.js';
import { ScaleWorld } from './scale-world.js';

export interface ByteFigures {
  /** Of Redis's used memory. */
  readonly redis: number;
  /** The deployment's row with its indexes; and with its target, its eight events and their indexes. */
  readonly postgresRow: number;
  readonly postgresWithHistory: number;
  /** Of the worker's heap after a collection. Below a hundred bytes it is noise. */
  readonly workerHeap: number;
}

/** P11: bytes per idle live rollout, as the difference between a few of them and many. */
export async function measureBytes(options: { readonly live: number }): Promise<ByteFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-scale-redis-'));
  const server = await startRedisServer(folder);
  const admin = new Redis(server.url);
  const world = await ScaleWorld.open('redis', server.url);
  try {
    const few = Math.ceil(options.live / 10);
    const lambda = createInstantLambda();
    const seed = { accounts: 10, dueInMs: 3_600_000, dueOverMs: 60_000, due: 'look' } as const;
    await world.seed({ ...seed, count: few });
    await world.startWorker((parts) => ({ ...parts, lambda }));
    const before = await settled(world, admin, few);
    const added = options.live - few;
    await world.seed({ ...seed, count: added, from: few });
    // The worker that runs holds the heap that is measured; what was seeded behind its back is armed by a wipe.
    await admin.flushall();
    const after = await settled(world, admin, options.live);
    return {
      redis: round((after.redis - before.redis) / added),
      postgresRow: round((after.row - before.row) / added),
      postgresWithHistory: round((after.all - before.all) / added),
      workerHeap: round((after.heap - before.heap) / added),
    };
  } finally {
    await world.close();
    admin.disconnect();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** When every one of them has its wake-up and nothing is under way. */
async function settled(world: ScaleWorld, admin: Redis, live: number) {
  const delayed = `{${world.redis?.prefix}}:wakes:delayed`;
  while ((await admin.zcard(delayed)) < live) await systemClock.sleep(50);
  await systemClock.sleep(2_000);
  const { rows } = await world.store.pool.query<{ row: number; all: number }>(
    `SELECT pg_total_relation_size('deployments')::float8 AS row,
       (pg_total_relation_size('deployments') + pg_total_relation_size('targets')
        + pg_total_relation_size('events'))::float8 AS all`,
  );
  const memory = await admin.info('memory');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let times = 0; times < 3; times += 1) collect();
  return {
    row: rows[0]?.row ?? 0,
    all: rows[0]?.all ?? 0,
    redis: Number(/used_memory:(\d+)/.exec(memory)?.[1] ?? 0),
    heap: process.memoryUsage().heapUsed,
  };
}
