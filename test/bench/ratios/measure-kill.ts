import { silentLogger, systemClock } from '#runtime';
import { bullConnection, chooseEngine, prepareEngine } from '../../../libs/queue/engine.js';
import { EngineQueue } from '../../../libs/queue/engine-queue.js';
import { EngineWorker } from '../../../libs/queue/engine-worker.js';
import { startDoomedWorker } from '../../crash/worker-process.js';
import { EngineWorld, handlerCode } from '../../engine/engine-world.js';
import { claimRedis } from '../../world/redis.js';
import type { Reading } from './figures.js';
import type { BenchWorld, House, Options } from './world.js';

/**
 * P12: a worker is killed with -9 just before its alias write; another stands by. Until the write is made, against the
 * time until BullMQ, tuned as ours is, hands a job of a killed worker to another.
 */
export async function measureKill(world: BenchWorld, { queue, say }: Options): Promise<Reading[]> {
  say('raw');
  const house = await world.house(queue);
  const raw = await rawTakeover(house).finally(() => house.close());
  say('Sluice');
  const ours = await takeover(queue === 'redis');
  return [{ id: 'P12', value: ours / raw, raw: { value: raw, what: 'seconds until BullMQ redelivers' }, ours }];
}

/** As the worker's own settings are (libs/queue/wakes.module.ts). */
const TUNED = { lockDuration: 5_000, stalledInterval: 2_000, maxStalledCount: 10, drainDelay: 5 };

async function rawTakeover(house: House): Promise<number> {
  const { redisUrl } = house;
  const engine = chooseEngine({ databaseUrl: house.database.url, redisUrl, prefix: 'raw-hold', logger: silentLogger });
  await prepareEngine(engine);
  const jobs = new EngineQueue('raw', bullConnection(engine, 'producer'));
  await jobs.waitUntilReady();
  await jobs.add('raw', { id: 0, step: 0 }, { removeOnComplete: true });
  const holder = house.start('test/bench/ratios/raw-queue.js', {}, ['hold', '1', house.database.url, redisUrl ?? '']);
  await holder.untilSaid('holding');
  let worker: EngineWorker | undefined;
  const seconds = await new Promise<number>((resolve) => {
    holder.signal('SIGKILL');
    const start = systemClock.monotonic();
    worker = new EngineWorker('raw', async () => resolve((systemClock.monotonic() - start) / 1000), {
      ...bullConnection(engine, 'worker'),
      ...TUNED,
    });
    worker.on('error', () => undefined);
  });
  await worker?.close();
  await jobs.close();
  return seconds;
}

async function takeover(onRedis: boolean): Promise<number> {
  const world = await EngineWorld.open(onRedis ? claimRedis() : undefined);
  const doomed = await startDoomedWorker(world.places(), { point: 'updateAlias#1', when: 'before', how: 'kill' });
  try {
    const target = await world.target();
    await world.deploy(target, {
      code: handlerCode('v2'),
      strategy: { type: 'canary', weightPercent: 10, bake: '1h' },
      options: { analysis: null },
    });
    if (!(await doomed.met(30_000))) throw new Error('The worker did not come to its alias write.');
    const start = systemClock.monotonic();
    await world.startWorker({ sweepSeconds: 5 });
    while ((await world.aliasWrites()) === 0) {
      if (systemClock.monotonic() - start > 60_000) throw new Error('Nobody took the rollout over within a minute.');
      await systemClock.sleep(10);
    }
    return (systemClock.monotonic() - start) / 1000;
  } finally {
    await doomed.end();
    await world.close();
  }
}
