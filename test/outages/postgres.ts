import { systemClock } from '#runtime';
import { BOTH, type Outage, outage } from './outage.js';
import type { OutageWorld } from './world.js';

/** A canary that holds its weight long enough for something to break meanwhile. */
const holding = { strategy: { type: 'canary', weightPercent: 10, bake: '1s' } } as const;

/** Stops at once, is away for a second, and comes back; resolves when it answers again. */
async function restartAtOnce(world: OutageWorld): Promise<void> {
  await world.postgres.kill();
  await systemClock.sleep(1_000);
  await world.postgres.start();
}

const immediateRestart = outage({
  fault: 'F12',
  title: 'Postgres stopped with -m immediate, away for a second',
  mustHold: ['I1', 'I2', 'I5', 'I7', 'I8', 'I9', 'I10', 'I11', 'I12', 'I13', 'I17', 'I18'],
  bounds: {
    'accepting again after Postgres is up': { most: 5_000, unit: 'ms' },
    'rollout goes on after Postgres is up': { most: 5_000, unit: 'ms' },
  },
  engines: BOTH,
  sample: true,
  async run(world) {
    const { api, worker } = await world.startBoth();
    const [first, second] = [await world.target(), await world.target()];
    const running = await world.deploy(first, { key: 'first', more: holding });
    await world.untilPhase(running.id, 'baking');
    const body = await world.wish(second);
    const { sequence } = await world.row(running.id);
    const restarting = restartAtOnce(world);
    await world.until('the API says 503', 5_000, async () => {
      const reply = await world.post('/v1/deployments', body, 'second');
      if (reply.status === 503 && !reply.headers.get('retry-after')) throw new Error('A 503 without Retry-After.');
      if (![202, 503].includes(reply.status))
        throw new Error(`Answered ${reply.status}: ${JSON.stringify(reply.body)}`);
      return reply.status === 503;
    });
    await restarting;
    const accepting = world.until('a deployment is accepted', 20_000, async () => {
      return (await world.post('/v1/deployments', body, 'second')).status === 202;
    });
    const goingOn = world.until(
      'the rollout goes on',
      20_000,
      async () => (await world.row(running.id)).sequence > sequence,
    );
    const figures = {
      'accepting again after Postgres is up': await accepting,
      'rollout goes on after Postgres is up': await goingOn,
    };
    if (api.isOver || worker.isOver) throw new Error('A process ended with its database.');
    await world.untilPhase(running.id, 'succeeded');
    for (const { id } of world.promised) await world.untilPhase(id, 'succeeded');
    return figures;
  },
});

export const postgresOutages: readonly Outage[] = [immediateRestart];
