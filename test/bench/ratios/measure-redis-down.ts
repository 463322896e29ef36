import { systemClock } from '#runtime';
import type { Reading } from './figures.js';
import { fire } from './load.js';
import { prepareShots } from './measure-accept.js';
import type { BenchWorld, Options } from './world.js';

/** P15: accepting must not depend on the queue. Redis is killed while the API runs on. */
export async function measureRedisDown(world: BenchWorld, { queue, quick }: Options): Promise<Reading[]> {
  // With the queue in Postgres there is no Redis that could be down.
  if (queue !== 'redis') return [];
  const seconds = quick ? 2 : 10;
  const redis = await world.ownRedis();
  const house = await world.house('redis', redis.url);
  try {
    await house.api();
    const shots = await prepareShots(house);
    const load = { url: house.apiUrl, connections: 32, next: shots.fresh };
    await fire({ ...load, seconds: quick ? 1 : 3 });
    const up = await fire({ ...load, seconds });
    process.kill(redis.pid, 'SIGKILL');
    await systemClock.sleep(500);
    const down = await fire({ ...load, seconds });
    return [
      {
        id: 'P15',
        value: down.perSecond / up.perSecond,
        raw: { value: up.perSecond, what: 'accepts/s with Redis up' },
        ours: down.perSecond,
      },
    ];
  } finally {
    await house.close();
    await redis.close();
  }
}
