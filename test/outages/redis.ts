import { Redis } from 'ioredis';
import { systemClock } from '#runtime';
import { hasRedisServer } from '../world/redis-server.js';
import { type Outage, outage } from './outage.js';
import { seedHoldingRows } from './seed-rows.js';
import { allEndedAs, expectSame, percentile, staying, twoSteps, untilBegun, watchLateness } from './stories.js';
import { type OutageWorld, SWEEP_SECONDS } from './world.js';

const REARM_MS = SWEEP_SECONDS * 1_000 + 2_000;
const ENGINES = ['redis'] as const;
const missing = () => (hasRedisServer() ? undefined : 'There is no redis-server on the PATH.');
const WHOLE = ['I1', 'I2', 'I3', 'I5', 'I7', 'I8', 'I9', 'I11', 'I12', 'I13', 'I17', 'I18'] as const;

/** A client of our own, gone at the end. */
function adminOf(world: OutageWorld, url = world.redis.url): Redis {
  const admin = new Redis(url, { maxRetriesPerRequest: null });
  admin.on('error', () => undefined);
  world.atEnd(async () => admin.disconnect());
  return admin;
}

async function deployMany(world: OutageWorld, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) await world.deploy(await world.target(), { more: twoSteps });
}

const flushedAtEveryStep = outage({
  fault: 'F6',
  title: 'FLUSHALL eight times a second, all along three rollouts and an abort',
  mustHold: [...WHOLE, 'I15'],
  bounds: {
    'longest overdue': { most: REARM_MS, unit: 'ms' },
  },
  engines: ENGINES,
  missing,
  sample: true,
  async run(world) {
    await world.startBoth();
    const admin = adminOf(world);
    const lateness = watchLateness(world);
    // An upload that takes a while, so that some of the flushes certainly meet a job that is being handled.
    await world.lambda.fault({ kind: 'delay', operation: 'UpdateFunctionCode', delayMs: 700 });
    let active = 0;
    const stopped = new AbortController();
    world.atEnd(async () => stopped.abort());
    const flushing = (async () => {
      while (!stopped.signal.aborted) {
        if ((await admin.llen('{sluice}:wakes:active')) > 0) active += 1;
        await admin.flushall();
        await systemClock.sleep(125);
      }
    })();
    const aborted = await world.target();
    await deployMany(world, 3);
    const { id } = await world.deploy(aborted, { more: staying });
    world.promised.pop();
    await world.untilPhase(id, 'baking', 40_000);
    await world.post(`/v1/deployments/${id}/abort`, {});
    // The same ends as without any flush.
    await allEndedAs(world, 'succeeded', '2');
    await world.untilPhase(id, 'rolled_back');
    expectSame('the aborted alias', await world.lambda.alias(aborted), { version: '1', weights: {} });
    stopped.abort();
    await flushing;
    if (active === 0) throw new Error('No flush met an active job; the outage proved less than it says.');
    return { 'longest overdue': await lateness.stop() };
  },
});

const LIVE_ROWS = 10_000;

const flushedWithManyRows = outage({
  fault: 'F6',
  title: `FLUSHALL with ${LIVE_ROWS} live rollouts`,
  mustHold: ['I12', 'I13', 'I15'],
  bounds: { 'every wake-up armed again': { most: REARM_MS, unit: 'ms' } },
  engines: ENGINES,
  missing,
  async run(world) {
    await world.startBoth();
    await seedHoldingRows(world, LIVE_ROWS);
    const admin = adminOf(world);
    const armed = async () => (await admin.zcard('{sluice}:wakes:delayed')) >= LIVE_ROWS;
    await admin.flushall();
    const took = await world.until('every wake-up is armed again', 30_000, armed);
    await admin.flushall();
    const again = await world.until('every wake-up is armed again, once more', 30_000, armed);
    return { 'every wake-up armed again': Math.max(took, again) };
  },
});

const killedWithRdbFiles = outage({
  fault: 'F7',
  title: 'Redis kill -9 with RDB files, away for two seconds',
  mustHold: [...WHOLE, 'I15'],
  bounds: {
    'rollout goes on after Redis is up': { most: 5_000, unit: 'ms' },
    'new work begun after Redis is up': { most: 5_000, unit: 'ms' },
    'longest overdue': { most: REARM_MS, unit: 'ms' },
  },
  engines: ENGINES,
  missing,
  sample: true,
  async run(world) {
    await world.redis.stop();
    world.redis.configure(['--save', '1 1', '--dbfilename', `rdb-${world.apiPort}.rdb`]);
    await world.redis.start();
    await world.startBoth();
    const lateness = watchLateness(world);
    await deployMany(world, 3);
    const first = world.promised[0]?.id ?? '';
    await world.untilPhase(first, 'baking');
    await world.redis.kill();
    await systemClock.sleep(2_000);
    const before = await total(world);
    await world.redis.start();
    const goesOn = await world.until('a rollout goes on', 20_000, async () => (await total(world)) > before);
    const begun = await untilBegun(world, await world.target());
    world.promised.pop();
    await allEndedAs(world, 'succeeded', '2');
    return {
      'rollout goes on after Redis is up': goesOn,
      'new work begun after Redis is up': begun,
      'longest overdue': await lateness.stop(),
    };
  },
});

async function total(world: OutageWorld): Promise<number> {
  const [row] = await world.sql<{ total: number }>('SELECT sum(sequence)::int AS total FROM deployments');
  return row?.total ?? 0;
}

const DOWN_MS = 60_000;

const downForAMinute = outage({
  fault: 'F8',
  title: 'Redis down for a minute',
  mustHold: [...WHOLE, 'I15'],
  bounds: {
    'p99 of accepting, against Redis up': { most: 2, unit: '×' },
    'accepts that were not 202': { most: 0, unit: 'accepts' },
    'new work begun while Redis is down': { most: 1_000, unit: 'ms' },
    'worker resumes after Redis is up': { most: 5_000, unit: 'ms' },
    'longest overdue': { most: REARM_MS, unit: 'ms' },
  },
  engines: ENGINES,
  missing,
  async run(world) {
    const { worker } = await world.startBoth();
    const [line, moving, fresh, meanwhile] = [
      await world.target(),
      await world.target(),
      await world.target(),
      await world.target(),
    ];
    await world.deploy(line, { more: staying });
    const body = await world.wish(line);
    const accept = async (count: number) => {
      const times: number[] = [];
      let refused = 0;
      for (let done = 0; done < count; done += 1) {
        const { status, ms } = await world.ask('POST', '/v1/deployments', body);
        times.push(ms);
        if (status !== 202) refused += 1;
      }
      return { p99: percentile(times, 0.99), refused };
    };
    await accept(50);
    const up = await accept(300);
    const lateness = watchLateness(world);
    await world.redis.kill();
    const since = systemClock.monotonic();
    const down = await accept(300);
    const { id } = await world.deploy(moving, { more: twoSteps });
    await world.untilPhase(id, 'succeeded', 50_000);
    const begun = await untilBegun(world, meanwhile);
    await systemClock.sleep(Math.max(0, DOWN_MS - (systemClock.monotonic() - since)));
    await world.redis.start();
    const resumed = await untilBegun(world, fresh);
    const admin = adminOf(world);
    await world.until(
      'wake-ups lie in Redis again',
      10_000,
      async () => (await admin.exists('{sluice}:wakes:delayed')) > 0,
    );
    if (worker.isOver) throw new Error('The worker ended with its queue.');
    return {
      'p99 of accepting, against Redis up': down.p99 / up.p99,
      'accepts that were not 202': up.refused + down.refused,
      'new work begun while Redis is down': begun,
      'worker resumes after Redis is up': resumed,
      'longest overdue': await lateness.stop(),
    };
  },
});

const outOfMemory = outage({
  fault: 'F10',
  title: 'Redis out of memory, noeviction',
  mustHold: [...WHOLE, 'I15'],
  bounds: {
    '/ready says degraded': { most: 2_000, unit: 'ms' },
    'longest overdue': { most: REARM_MS, unit: 'ms' },
    'new work begun after memory is freed': { most: 5_000, unit: 'ms' },
    '/ready says ready after memory is freed': { most: 2_000, unit: 'ms' },
  },
  engines: ENGINES,
  missing,
  sample: true,
  async run(world) {
    await world.startBoth();
    const admin = adminOf(world);
    const lateness = watchLateness(world);
    await deployMany(world, 1);
    await admin.config('SET', 'maxmemory', '1mb');
    const degraded = await untilReadySays(world, 'degraded', 'refuses wake-ups');
    // Accepted all the same, and walked by the sweep.
    await deployMany(world, 2);
    await allEndedAs(world, 'succeeded', '2', 60_000);
    await admin.config('SET', 'maxmemory', '0');
    const ready = await untilReadySays(world, 'ready', 'answers');
    const begun = await untilBegun(world, await world.target());
    return {
      '/ready says degraded': degraded,
      'longest overdue': await lateness.stop(),
      'new work begun after memory is freed': begun,
      '/ready says ready after memory is freed': ready,
    };
  },
});

function untilReadySays(world: OutageWorld, status: string, words: string): Promise<number> {
  return world.until(`/ready is ${status} and says "${words}"`, 65_000, async () => {
    const reply = await world.ask('GET', '/ready');
    if (reply.status !== 200) throw new Error(`/ready answered ${reply.status}; accepting does not depend on Redis.`);
    const { queue } = (reply.body['checks'] ?? {}) as Record<string, { sentence: string }>;
    return reply.body['status'] === status && (queue?.sentence ?? '').includes(words);
  });
}

const wrongSettings = outage({
  fault: 'F11',
  title: 'Redis that evicts, without an append-only file',
  mustHold: ['I21'],
  bounds: { 'said by both processes after they are up': { most: 2_000, unit: 'ms' } },
  engines: ENGINES,
  missing,
  sample: true,
  async run(world) {
    await world.redis.stop();
    world.redis.configure(['--maxmemory-policy', 'allkeys-lru']);
    await world.redis.start();
    const { api, worker } = await world.startBoth();
    const start = systemClock.monotonic();
    for (const program of [api, worker]) {
      await world.until(`${program.name} denounces the policy`, 10_000, async () =>
        program.lines.some(
          ({ level, msg, setting }) => level >= 50 && setting === 'maxmemory_policy' && msg.includes('noeviction'),
        ),
      );
      await world.until(`${program.name} names the missing file`, 10_000, async () =>
        program.lines.some(
          ({ level, msg, setting }) => level >= 40 && setting === 'aof_enabled' && msg.includes('appendonly'),
        ),
      );
    }
    const took = systemClock.monotonic() - start;
    await untilReadySays(world, 'degraded', 'noeviction');
    return { 'said by both processes after they are up': took };
  },
});

export const redisOutages: readonly Outage[] = [
  flushedAtEveryStep,
  flushedWithManyRows,
  killedWithRdbFiles,
  downForAMinute,
  outOfMemory,
  wrongSettings,
];
