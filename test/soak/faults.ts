import { Redis } from 'ioredis';
import { systemClock } from '#runtime';
import type { Program } from '../outages/program.js';
import type { OutageWorld } from '../outages/world.js';
import type { Random } from '../simulation/random.js';
import type { Fleet } from './fleet.js';

/** Breaks something and has it well again when it resolves. */
type Fault = (world: OutageWorld, fleet: Fleet, random: Random) => Promise<void>;

const away = (random: Random, atMost: number) => systemClock.sleep(random.between(0, atMost));

const worker: Fault = async (_world, fleet, random) => {
  await fleet.doomed.worker.kill();
  await away(random, 2_000);
  await fleet.startDoomed('worker');
};

const restart =
  (kind: 'api' | 'worker'): Fault =>
  async (_world, fleet) => {
    await fleet.doomed[kind].terminate();
    await fleet.startDoomed(kind);
  };

/** Longer than a lease and than a call to Lambda may take: the work is taken over, and the sleeper wakes up with it in hand. */
const stopped: Fault = async (_world, fleet, random) => {
  const sleeper: Program = random.pick([fleet.doomed.worker, fleet.steady.worker]);
  sleeper.signal('SIGSTOP');
  await systemClock.sleep(random.between(500, 8_000));
  sleeper.signal('SIGCONT');
};

const flushed: Fault = async (world) => {
  const admin = new Redis(world.redis.url, { maxRetriesPerRequest: 2 });
  admin.on('error', () => undefined);
  await admin.flushall();
  admin.disconnect();
};

/** Disturbs processes and servers, one after the other. */
const disturbances: Readonly<Record<string, Fault>> = {
  'worker kill -9': worker,
  'worker SIGTERM': restart('worker'),
  'worker SIGSTOP': stopped,
  'API kill -9': async (_world, fleet, random) => {
    await fleet.doomed.api.kill();
    await away(random, 1_000);
    await fleet.startDoomed('api');
  },
  'API SIGTERM': restart('api'),
  'all database connections cut': async (world) => {
    await world.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name <> 'probe' AND backend_type = 'client backend'`,
    );
  },
  'Postgres -m immediate': async (world, _fleet, random) => {
    await world.postgres.kill();
    await away(random, 1_000);
    await world.postgres.start();
  },
};

const ofRedis: Readonly<Record<string, Fault>> = {
  'Redis FLUSHALL': flushed,
  'Redis kill -9': async (world, _fleet, random) => {
    await world.redis.kill();
    await away(random, 2_000);
    await world.redis.start();
  },
};

const WRITES = ['UpdateAlias', 'UpdateFunctionCode', 'PublishVersion'];

/** For Sluice only: the function's owner, through whom we look, is told the truth. */
const lambda =
  (rule: (random: Random) => Record<string, unknown>): Fault =>
  async (world, _fleet, random) => {
    await world.lambda.fault({ actor: 'SLUICE-WORKER', seed: random.between(1, 1_000_000), ...rule(random) });
    await systemClock.sleep(random.between(1_000, 4_000));
    await world.lambda.clearFaults();
  };

const ofLambda: Readonly<Record<string, Fault>> = {
  'Lambda 429': lambda(() => ({ kind: 'throttle', operation: '*', probability: 0.5 })),
  'Lambda 500': lambda(() => ({ kind: 'error', operation: '*', probability: 0.4 })),
  'Lambda 503': lambda(() => ({ kind: 'error', status: 503, operation: '*', probability: 0.4 })),
  'Lambda answer lost': lambda((random) => ({
    kind: random.pick(['reset-after', 'error-after', 'reset-before']),
    operation: WRITES,
    count: random.between(1, 3),
  })),
};

/** Two lanes, so that Lambda fails while something else is broken: what is drawn in each depends on its seed only. */
export function faultLanes(engine: OutageWorld['engine']): readonly Readonly<Record<string, Fault>>[] {
  return [engine === 'redis' ? { ...disturbances, ...ofRedis } : disturbances, ofLambda];
}

/** Injects one fault after the other until `isOver`, with a pause in between; counts them in `counts`. */
export async function breakThings(
  lane: Readonly<Record<string, Fault>>,
  { world, fleet, random, counts, problems }: Breaking,
  isOver: () => boolean,
): Promise<void> {
  // Every kind once before any comes again: a short run has seen as many as it can.
  let left: string[] = [];
  while (!isOver()) {
    if (left.length === 0) left = Object.keys(lane);
    const name = random.pick(left);
    left = left.filter((one) => one !== name);
    try {
      await lane[name]?.(world, fleet, random);
    } catch (error) {
      problems.push(`after "${name}": ${error instanceof Error ? error.message : String(error)}`);
    }
    counts.set(name, (counts.get(name) ?? 0) + 1);
    await systemClock.sleep(random.between(200, 2_000));
  }
}

interface Breaking {
  readonly world: OutageWorld;
  readonly fleet: Fleet;
  readonly random: Random;
  readonly counts: Map<string, number>;
  /** What did not come back. */
  readonly problems: string[];
}
