import { silentLogger, systemClock } from '#runtime';
import { bullConnection, chooseEngine } from '../../libs/queue/engine.js';
import { EngineQueue } from '../../libs/queue/engine-queue.js';
import { QUEUE_NAME } from '../../libs/queue/wake.js';
import { BOTH, type Outage, outage } from './outage.js';
import { expectSame, staying } from './stories.js';
import type { OutageWorld } from './world.js';

/** A way into the queue that keeps no rule: the same wake-up may come as often as somebody likes. */
async function openQueue(world: OutageWorld): Promise<EngineQueue> {
  const engine = chooseEngine({
    redisUrl: world.engine === 'redis' ? world.redis.url : undefined,
    databaseUrl: world.database.url,
    logger: silentLogger,
  });
  const queue = new EngineQueue(QUEUE_NAME, bullConnection(engine, 'producer'));
  world.atEnd(() => queue.close());
  await queue.waitUntilReady();
  return queue;
}

const COPIES = 10;
const HOUR_MS = 3_600_000;

const doubled = outage({
  fault: 'F26',
  title: 'every wake-up ten times, newest first, as old as an hour',
  mustHold: ['I1', 'I2', 'I5', 'I7', 'I8', 'I11', 'I12', 'I13', 'I18'],
  bounds: {
    'Lambda writes by them': { most: 0, unit: 'writes' },
    'events by them': { most: 0, unit: 'events' },
    'all of them taken': { most: 30_000, unit: 'ms' },
  },
  engines: BOTH,
  async run(world) {
    await world.startBoth();
    const [held, done] = [
      await world.deploy(await world.target(), { more: staying }),
      await world.deploy(await world.target()),
    ];
    await world.untilPhase(held.id, 'baking');
    await world.untilPhase(done.id, 'succeeded');
    const before = await world.sql<{ id: string; sequence: number }>(
      'SELECT id, sequence FROM deployments ORDER BY id',
    );
    const queue = await openQueue(world);
    await world.lambda.forgetCalls();
    const timestamp = systemClock.now() - HOUR_MS;
    const jobs = before.flatMap(({ id, sequence }) =>
      Array.from({ length: (sequence + 2) * COPIES }, (_, index) => ({
        name: 'wake',
        data: { deploymentId: id, sequence: sequence + 2 - Math.floor(index / COPIES) },
        opts: { jobId: `again-${id}-${index}`, timestamp, removeOnComplete: true, removeOnFail: true },
      })),
    );
    const start = systemClock.monotonic();
    await queue.addBulk(jobs);
    await world.until('all of them are taken', 60_000, async () => {
      const counts = await queue.getJobCounts('waiting', 'active');
      return (counts['waiting'] ?? 0) + (counts['active'] ?? 0) === 0;
    });
    const took = systemClock.monotonic() - start;
    const calls = await world.lambda.log();
    const after = await world.sql<{ id: string; sequence: number }>('SELECT id, sequence FROM deployments ORDER BY id');
    const events = after.reduce((sum, { sequence }, index) => sum + sequence - (before[index]?.sequence ?? 0), 0);
    expectSame('the held canary', (await world.row(held.id)).phase, 'baking');
    return {
      'Lambda writes by them': calls.filter(({ operation }) => /^(Update|Publish|Create|Delete)/.test(operation))
        .length,
      'events by them': events,
      'all of them taken': took,
    };
  },
});

export const jobOutages: readonly Outage[] = [doubled];
