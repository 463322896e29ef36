import { createWakeQueue } from '#queue';
import { silentLogger } from '#runtime';
import { type SeedOptions, seedLive } from '../scale/seed-live.js';
import { patiently } from '../world/patiently.js';
import { hasRedisServer } from '../world/redis-server.js';
import { type Outage, outage } from './outage.js';
import type { Program } from './program.js';
import type { OutageWorld } from './world.js';

const LIVE = 100_000;
/** These fall due while nothing runs. */
const DUE = 200;
const HOUR_MS = 3_600_000;

const everythingRestarted = outage({
  fault: 'F35',
  title: '100,000 live rollouts, and everything killed at once: API, worker, Redis with all it held, Postgres',
  mustHold: ['I1', 'I13', 'I17'],
  bounds: {
    'all wake-ups are back': { most: 30_000, unit: 'ms' },
    'accepting again': { most: 5_000, unit: 'ms' },
    'what fell due meanwhile is shifted': { most: 30_000, unit: 'ms' },
  },
  engines: ['redis'],
  missing: () => (hasRedisServer() ? undefined : 'There is no redis-server on the PATH.'),
  async run(world) {
    const api = await world.startApi();
    await seed(world, { count: LIVE, accounts: 100, dueInMs: HOUR_MS, dueOverMs: 60_000, due: 'look' });
    // An empty Redis: seeded rollouts were never queued, and one that still held its wake-ups would not be armed anew.
    await world.redis.kill();
    await world.redis.start();
    const worker = await startSeededWorker(world);
    await allArmed(world, 120_000);
    await Promise.all([worker.kill(), api.kill(), world.redis.kill()]);
    await seed(world, { count: DUE, from: LIVE, accounts: DUE, dueInMs: 0, dueOverMs: 1, due: 'step' });
    await world.postgres.kill();
    await world.postgres.start();
    await world.redis.start();
    // From the command that starts them, their boot included.
    const [armed, accepting, shifted] = await Promise.all([
      allArmed(world, 60_000),
      world.until('a target is accepted', 60_000, () => accepts(world)),
      world.until('what fell due is shifted', 60_000, () => isShifted(world)),
      world.startApi(),
      startSeededWorker(world),
    ]);
    return {
      'all wake-ups are back': armed,
      'accepting again': accepting,
      'what fell due meanwhile is shifted': shifted,
    };
  },
});

async function seed(world: OutageWorld, options: SeedOptions): Promise<void> {
  const [{ now } = { now: 0 }] = await world.sql<{ now: number }>(
    'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now',
  );
  await patiently(world.database.url, (client) => seedLive(client, options, Math.round(now)));
}

function startSeededWorker(world: OutageWorld): Promise<Program> {
  return world.startWorker({ entry: 'test/scale/seeded-worker.js', ready: 'ready' });
}

/** Milliseconds until the queue holds a wake-up for every rollout. */
async function allArmed(world: OutageWorld, withinMs: number): Promise<number> {
  const queue = await createWakeQueue({
    databaseUrl: world.database.url,
    redisUrl: world.redis.url,
    logger: silentLogger,
  });
  try {
    return await world.until('every wake-up is in the queue', withinMs, async () => {
      const { delayed } = await queue.counts().catch(() => ({ delayed: 0 }));
      return delayed >= LIVE;
    });
  } finally {
    await queue.close();
  }
}

async function accepts(world: OutageWorld): Promise<boolean> {
  const body = { name: 'new', functionName: 'new', aliasName: 'live', region: 'us-east-1', accountId: '000000000000' };
  return (await world.post('/v1/targets', body)).status === 201;
}

async function isShifted(world: OutageWorld): Promise<boolean> {
  const rows = await world.sql(
    `SELECT 1 FROM deployments d JOIN targets t ON t.id = d.target_id
     WHERE substr(t.name, 7)::int >= $1 AND d.weight_percent = 10 AND t.name LIKE 'scale-%' LIMIT 1`,
    [LIVE],
  );
  return rows.length === 0;
}

export const manyLiveOutages: readonly Outage[] = [everythingRestarted];
