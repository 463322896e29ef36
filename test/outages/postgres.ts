import { systemClock } from '#runtime';
import { BOTH, type Outage, outage } from './outage.js';
import type { OutageWorld } from './world.js';

/** A canary that holds its weight long enough for something to break meanwhile. */
const holding = { strategy: { type: 'canary', weightPercent: 10, bake: '1s' } } as const;

/** Everything that a restart of the database may shake. */
const WHOLE = ['I1', 'I2', 'I3', 'I5', 'I7', 'I8', 'I9', 'I10', 'I11', 'I12', 'I13', 'I17', 'I18'] as const;

interface Steps {
  /** Ends with the database well again. */
  readonly breakIt: (world: OutageWorld) => Promise<void>;
  /** Whether the outage lasts long enough for a client to be told. */
  readonly isSeen: boolean;
}

/**
 * One rollout holds its weight, its bake ends while the database is in trouble, and clients keep asking. Figures count
 * from the moment the database is well.
 */
async function rideOut(world: OutageWorld, { breakIt, isSeen }: Steps) {
  const { api, worker } = await world.startBoth();
  const [first, second] = [await world.target(), await world.target()];
  const running = await world.deploy(first, { key: 'first', more: holding });
  await world.untilPhase(running.id, 'baking');
  const before = await world.row(running.id);
  const bakeUntil = Number(before.state['bakeUntil']);
  const body = await world.wish(second);
  const breaking = breakIt(world);
  if (isSeen) await world.until('the API says 503', 5_000, async () => (await askOnce(world, body)) === 503);
  await breaking;
  const wellAt = systemClock.now();
  const accepting = await world.until(
    'a deployment is accepted',
    20_000,
    async () => (await askOnce(world, body)) === 202,
  );
  await world.until('the rollout goes on', 20_000, async () => {
    return (await world.row(running.id).catch(() => before)).sequence > before.sequence;
  });
  const [next] = await world.sql<{ at: number }>(
    `SELECT extract(epoch FROM min(recorded_at))::float8 * 1000 AS at FROM events WHERE deployment_id = $1 AND seq > $2`,
    [running.id, before.sequence],
  );
  if (api.isOver || worker.isOver) throw new Error('A process ended with its database.');
  for (const { id } of world.promised) await world.untilPhase(id, 'succeeded');
  return {
    'accepting again': accepting,
    'the rollout goes on': (next?.at ?? Number.NaN) - Math.max(wellAt, bakeUntil),
  };
}

/** The same request under the same key until it is accepted: as a client does it. Anything but yes and "later" is a fault. */
async function askOnce(world: OutageWorld, body: object): Promise<number> {
  const reply = await world.post('/v1/deployments', body, 'second');
  if (reply.status === 503 && !reply.headers.get('retry-after')) throw new Error('A 503 without Retry-After.');
  if (![202, 503].includes(reply.status)) throw new Error(`Answered ${reply.status}: ${JSON.stringify(reply.body)}`);
  return reply.status;
}

const immediateRestart = outage({
  fault: 'F12',
  title: 'Postgres stopped with -m immediate, away for a second',
  mustHold: WHOLE,
  bounds: {
    'accepting again': { most: 5_000, unit: 'ms' },
    'the rollout goes on': { most: 5_000, unit: 'ms' },
  },
  engines: BOTH,
  sample: 'redis',
  run: (world) =>
    rideOut(world, {
      isSeen: true,
      async breakIt() {
        await world.postgres.kill();
        await systemClock.sleep(1_000);
        await world.postgres.start();
      },
    }),
});

const terminated = outage({
  fault: 'F13',
  title: 'every connection of Sluice terminated, five times in a row',
  mustHold: WHOLE,
  bounds: {
    'accepting again': { most: 2_000, unit: 'ms' },
    'the rollout goes on': { most: 2_000, unit: 'ms' },
    'connections terminated, at least four (missing)': { most: 0, unit: 'connections' },
  },
  engines: BOTH,
  sample: 'postgres',
  async run(world) {
    let ended = 0;
    const figures = await rideOut(world, {
      isSeen: false,
      async breakIt() {
        for (let round = 0; round < 5; round += 1) {
          const rows = await world.sql(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name <> 'probe' AND backend_type = 'client backend'`,
          );
          ended += rows.length;
          await systemClock.sleep(200);
        }
      },
    });
    return { ...figures, 'connections terminated, at least four (missing)': Math.max(0, 4 - ended) };
  },
});

export const postgresOutages: readonly Outage[] = [immediateRestart, terminated];
