import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';
import { Redis } from 'ioredis';
import { systemClock } from '#runtime';
import type { RedisServer } from '../../world/redis-server.js';
import type { Reading } from './figures.js';
import { createFunction, emulatorAdmin } from './lambda-side.js';
import { inHands, openQueue, shortPlan } from './measure-steps.js';
import type { BenchProcess } from './processes.js';
import type { BenchWorld, House, Options } from './world.js';

const TARGETS = 150;
/** Deployments in line for each target, so that a window never runs dry. */
const IN_LINE = 3;
const TOP_UP_MS = 250;
/** A fault lasts so long, where it lasts; the window after it begins so long after its end. */
const FAULT_MS = 5_000;
const SETTLE_MS = 5_000;

/** What a fault is done to. */
interface Chaos {
  readonly house: House;
  readonly worker: BenchProcess;
  readonly redis: RedisServer;
  readonly admin: ReturnType<typeof emulatorAdmin>;
  startWorker(): Promise<BenchProcess>;
}

interface Scenario {
  readonly name: string;
  /** Faults of Redis are none where the queue is in Postgres. */
  readonly needsRedis?: true;
  /** Resolves when the fault is over. */
  readonly strike: (chaos: Chaos) => Promise<void>;
}

const hold = () => systemClock.sleep(FAULT_MS);

const lambdaFault =
  (rule: object): Scenario['strike'] =>
  async ({ admin }) => {
    await admin.addFaults([rule]);
    await hold();
    await admin.clearFaults();
  };

const scenarios: readonly Scenario[] = [
  {
    name: 'the worker is killed and another starts',
    async strike({ worker, startWorker }) {
      await worker.end('SIGKILL');
      await startWorker();
    },
  },
  {
    name: 'the worker is frozen for 5 s',
    async strike({ worker }) {
      worker.signal('SIGSTOP');
      await hold();
      worker.signal('SIGCONT');
    },
  },
  { name: 'FLUSHALL', needsRedis: true, strike: ({ redis }) => onRedis(redis, (client) => client.flushall()) },
  {
    name: 'Redis does not answer for 5 s',
    needsRedis: true,
    async strike({ redis }) {
      process.kill(redis.pid, 'SIGSTOP');
      await hold();
      process.kill(redis.pid, 'SIGCONT');
    },
  },
  {
    name: 'every connection to Redis is cut',
    needsRedis: true,
    strike: ({ redis }) => onRedis(redis, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')),
  },
  {
    name: 'every connection to Postgres is cut',
    async strike({ house }) {
      await house.store.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
    },
  },
  {
    name: 'the table of deployments is locked for 4 s',
    async strike({ house }) {
      const client = await house.store.pool.connect();
      try {
        await client.query('BEGIN; LOCK TABLE deployments IN ACCESS EXCLUSIVE MODE');
        await systemClock.sleep(4_000);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
  },
  {
    name: 'Lambda refuses everything for 5 s',
    strike: lambdaFault({ kind: 'throttle', operation: '*', probability: 1 }),
  },
  {
    name: 'a fifth of Lambda’s answers are lost for 5 s',
    strike: lambdaFault({ kind: 'reset-after', operation: '*', probability: 0.2, seed: 5 }),
  },
  {
    name: 'every wake-up comes ten times',
    async strike({ house }) {
      const { rows } = await house.store.pool.query<{ id: string; sequence: number }>(
        'SELECT id, sequence FROM deployments WHERE ended_at IS NULL',
      );
      const queue = await openQueue(house);
      for (let times = 0; times < 10; times += 1)
        await inHands(rows, ({ id, sequence }) =>
          queue.add({ deploymentId: id, sequence, delayMs: 0 }).catch(() => undefined),
        );
      await queue.close();
    },
  },
];

/** P14: what a fault costs once it is over, in ten scenarios; the worst of them counts. */
export async function measureChaos(world: BenchWorld, options: Options): Promise<Reading[]> {
  const { queue, quick, say } = options;
  const wanted = scenarios.filter(({ needsRedis }) => queue === 'redis' || !needsRedis).slice(0, quick ? 2 : undefined);
  const found: { name: string; ratio: number; before: number; after: number }[] = [];
  for (const scenario of wanted) {
    const { before, after } = await play(world, options, scenario);
    say(`${scenario.name}: ${before.toFixed(0)} → ${after.toFixed(0)} events/s`);
    found.push({ name: scenario.name, ratio: after / before, before, after });
  }
  const worst = [...found].sort((left, right) => left.ratio - right.ratio)[0];
  if (!worst) return [];
  const all = found.map(({ name, ratio }) => `${name} ${ratio.toFixed(2)}`).join('; ');
  return [
    {
      id: 'P14',
      value: worst.ratio,
      raw: { value: worst.before, what: 'events/s before the fault' },
      ours: worst.after,
      note: `windows of ${options.windowSeconds} s: ${all}`,
    },
  ];
}

async function play(
  world: BenchWorld,
  { queue, quick, windowSeconds }: Options,
  scenario: Scenario,
): Promise<{ before: number; after: number }> {
  const redis = await world.ownRedis();
  const house = await world.house(queue, redis.url);
  const stop = new AbortController();
  let feeding: Promise<void> = Promise.resolve();
  try {
    const endpoint = await house.emulator(['--settle-ms', '0']);
    const names = Array.from({ length: quick ? 20 : TARGETS }, (_, index) => `chaos-${index}`);
    await inHands(names, (name) => createFunction(endpoint, name));
    const startWorker = () =>
      house.worker(endpoint, {
        SLUICE_LAMBDA_CALLS_PER_SECOND: '1000',
        SLUICE_LAMBDA_ROLLBACK_CALLS_PER_SECOND: '1000',
      });
    const worker = await startWorker();
    feeding = feed(house, names, stop.signal);
    await systemClock.sleep(SETTLE_MS);
    const before = await throughput(house, windowSeconds);
    await scenario.strike({ house, worker, redis, admin: emulatorAdmin(endpoint), startWorker });
    await systemClock.sleep(SETTLE_MS);
    return { before, after: await throughput(house, windowSeconds) };
  } finally {
    stop.abort();
    await feeding;
    await house.close();
    await redis.close();
  }
}

/** Events recorded a second over the window that begins now. */
async function throughput(house: House, seconds: number): Promise<number> {
  const from = await house.store.now();
  await systemClock.sleep(seconds * 1000);
  const to = await house.store.now();
  const { rows } = await house.store.pool.query<{ events: number }>(
    `SELECT count(*)::int AS events FROM events
     WHERE seq > 1 AND recorded_at BETWEEN to_timestamp($1::float8 / 1000) AND to_timestamp($2::float8 / 1000)`,
    [from, to],
  );
  return ((rows[0]?.events ?? 0) / (to - from)) * 1000;
}

/** Keeps deployments in line for every target, of two codes in turn, so that each changes something. */
async function feed(house: House, names: readonly string[], stop: AbortSignal): Promise<void> {
  const artifacts = [await storeCode(house, 'one'), await storeCode(house, 'two')];
  const targets: { id: string; sent: number }[] = [];
  for (const name of names) {
    const address = { accountId: '000000000000', region: 'us-east-1', functionName: name, aliasName: 'live' };
    const made = await house.store.targets.create('default', { name, ...address, policy: 'queue', settings: {} });
    if (made !== 'exists') targets.push({ id: made.id, sent: 0 });
  }
  const plan = shortPlan();
  const queue = await openQueue(house);
  const topUp = async () => {
    const { rows } = await house.store.pool.query<{ id: string; open: number }>(
      'SELECT target_id AS id, count(*)::int AS open FROM deployments WHERE ended_at IS NULL GROUP BY target_id',
    );
    const open = new Map(rows.map(({ id, open: count }) => [id, count]));
    for (const target of targets) {
      for (let missing = IN_LINE - (open.get(target.id) ?? 0); missing > 0; missing -= 1) {
        const accepted = await house.store.deployments.accept({
          projectId: 'default',
          targetId: target.id,
          policy: 'queue',
          artifactId: artifacts[target.sent % 2],
          plan,
          request: {},
          requestedBy: 'bench',
          idempotency: undefined,
        });
        target.sent += 1;
        if (accepted.kind === 'accepted')
          await queue.add({ deploymentId: accepted.deploymentId, sequence: 1, delayMs: 0 }).catch(() => undefined);
      }
    }
  };
  while (!stop.aborted) {
    // What fails during a fault is made up for in the next round.
    await topUp().catch(() => undefined);
    await systemClock.sleep(TOP_UP_MS, stop);
  }
  await queue.close();
}

async function storeCode(house: House, answer: string): Promise<string> {
  const bytes = zipSync({
    'index.mjs': [strToU8(`export const handler = async () => '${answer}';\n`), { mtime: '2020-01-01' }],
  });
  const { id } = await house.store.artifacts.create('default', { kind: 'zip', sha256: undefined, storage: {} });
  await house.store.artifacts.appendChunk(id, 0, bytes);
  return (await house.store.artifacts.complete(id, createHash('sha256').update(bytes).digest('hex'), bytes.length)).id;
}

async function onRedis(server: RedisServer, act: (client: Redis) => Promise<unknown>): Promise<void> {
  const client = new Redis(server.url);
  await act(client);
  client.disconnect();
}
