import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Logger, silentLogger, systemClock } from '#runtime';
import { createDatabase } from '../../test/world/database.js';
import { describeWithRedis } from '../../test/world/describe-with-redis.js';
import { claimRedis } from '../../test/world/redis.js';
import { type RedisServer, startRedisServer } from '../../test/world/redis-server.js';
import { openWakeQueue, startWakeWorker, type WakeWorker } from './contract.module.js';
import { describeWakeQueue, Mailbox, openRaw, until, untilConnected, untilEmpty } from './wake-queue.contract.js';
import { createWakeQueue, type WakeQueue } from './wake-queue.js';

const NO_DATABASE = 'postgres://nobody@127.0.0.1:1/none';

describeWithRedis('wake-ups on Redis', () => {
  const claimed: ReturnType<typeof claimRedis>[] = [];
  afterAll(() => Promise.all(claimed.map((redis) => redis.clear())));

  describeWakeQueue(async () => {
    const redis = claimRedis();
    claimed.push(redis);
    return { redisUrl: redis.url, databaseUrl: NO_DATABASE, prefix: redis.prefix };
  });
});

describeWithRedis('both engines in one process', () => {
  it('lets each application take the wake-ups of its own engine', async () => {
    const redis = claimRedis();
    const database = await createDatabase();
    const places = [
      { redisUrl: redis.url, databaseUrl: NO_DATABASE, prefix: redis.prefix, logger: silentLogger },
      { databaseUrl: database.url, logger: silentLogger },
    ];
    const running: { worker: WakeWorker; seen: Mailbox<string>; queue: WakeQueue }[] = [];
    for (const options of places) {
      const seen = new Mailbox<string>();
      const worker = await startWakeWorker({
        ...options,
        concurrency: 1,
        handle: async (wake) => seen.put(wake.deploymentId),
      });
      running.push({ worker, seen, queue: await openWakeQueue(options) });
    }
    for (const { queue } of running) {
      await untilConnected(queue);
      await queue.add({ deploymentId: `on-${queue.engine}`, sequence: 1, delayMs: 0 });
    }
    for (const { queue, seen } of running) expect(await seen.next()).toBe(`on-${queue.engine}`);
    expect(running.map(({ seen }) => seen.size)).toEqual([0, 0]);
    await Promise.all(running.flatMap(({ worker, queue }) => [worker.close(), queue.close()]));
    await Promise.all([redis.clear(), database.drop()]);
  });
});

describeWithRedis('a Redis that misbehaves', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
  const servers: RedisServer[] = [];

  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function start(flags: readonly string[] = []): Promise<RedisServer> {
    const server = await startRedisServer(folder, flags);
    servers.push(server);
    return server;
  }

  const optionsFor = (redisUrl: string, logger: Logger = silentLogger) => ({
    redisUrl,
    databaseUrl: NO_DATABASE,
    logger,
  });

  it('is no reason to wait: while it is down at the start, adds are refused at once and work as soon as it is up', async () => {
    const probe = await start();
    const port = new URL(probe.url).port;
    await probe.close();
    const queue = await createWakeQueue(optionsFor(probe.url));
    const begin = systemClock.monotonic();
    await expect(queue.add({ deploymentId: 'early', sequence: 1, delayMs: 0 })).rejects.toThrow();
    expect(systemClock.monotonic() - begin).toBeLessThan(500);
    await start(['--port', port]);
    await untilConnected(queue);
    await queue.add({ deploymentId: 'early', sequence: 1, delayMs: 0 });
    await queue.close();
  });

  it('is given up on within two seconds when it is frozen', async () => {
    const server = await start();
    const queue = await createWakeQueue(optionsFor(server.url));
    await untilConnected(queue);
    process.kill(server.pid, 'SIGSTOP');
    const begin = systemClock.monotonic();
    await expect(queue.add({ deploymentId: 'frozen', sequence: 1, delayMs: 0 })).rejects.toThrow();
    expect(systemClock.monotonic() - begin).toBeLessThan(2_300);
    process.kill(server.pid, 'SIGCONT');
    await untilConnected(queue);
    await queue.close();
  });

  it('may be wiped: the worker goes on with what is armed afterwards', async () => {
    const server = await start();
    const options = optionsFor(server.url);
    const queue = await createWakeQueue(options);
    await untilConnected(queue);
    const seen = new Mailbox<number>();
    const worker = await startWakeWorker({
      ...options,
      concurrency: 2,
      handle: async (wake) => seen.put(wake.sequence),
    });
    await queue.add({ deploymentId: 'lost', sequence: 1, delayMs: 60_000 });
    const admin = new Redis(server.url);
    await admin.flushall();
    admin.disconnect();
    await queue.add({ deploymentId: 'kept', sequence: 2, delayMs: 0 });
    expect(await seen.next()).toBe(2);
    await worker.close();
    await queue.close();
  });

  it('is noticed when it was wiped, by one worker of many, so that what is live can be armed again', async () => {
    const server = await start();
    const options = optionsFor(server.url);
    const emptied = new Mailbox<string>();
    const join = (name: string) =>
      startWakeWorker({
        ...options,
        concurrency: 1,
        handle: async () => undefined,
        onEmptied: async () => emptied.put(name),
      });
    const workers = await Promise.all([join('first'), join('second'), join('third')]);
    await emptied.next();
    const admin = new Redis(server.url);
    await admin.flushall();
    await emptied.next();
    await until(async () => (await admin.exists('{sluice}:mark')) === 1);
    admin.disconnect();
    await Promise.all(workers.map((worker) => worker.close()));
    expect(emptied.size).toBe(0);
  });

  it('is noticed when it comes back with what it had saved earlier: the mark alone proves nothing', async () => {
    const server = await start(['--dbfilename', 'old.rdb']);
    const options = optionsFor(server.url);
    const emptied = new Mailbox<string>();
    const worker = await startWakeWorker({
      ...options,
      concurrency: 1,
      handle: async () => undefined,
      onEmptied: async () => emptied.put('told'),
    });
    await emptied.next();
    const admin = new Redis(server.url);
    await admin.save();
    admin.disconnect();
    process.kill(server.pid, 'SIGKILL');
    await server.close();
    await start(['--port', new URL(server.url).port, '--dbfilename', 'old.rdb']);
    const after = new Redis(server.url);
    expect(await after.exists('{sluice}:mark')).toBe(1);
    after.disconnect();
    await emptied.next();
    await worker.close();
    expect(emptied.size).toBe(0);
  });

  it('is told of the same loss only once when a part of what it lost could not be put back, as long as the rest is there', async () => {
    const server = await start();
    const heard = new Mailbox<boolean>();
    const worker = await startWakeWorker({
      ...optionsFor(server.url),
      concurrency: 1,
      handle: async () => undefined,
      onEmptied: async (goesOn) => heard.put(await goesOn()),
    });
    expect(await heard.next()).toBe(true);
    const admin = new Redis(server.url);
    await until(async () => /^[0-9a-f]+$/.test((await admin.get('{sluice}:mark')) ?? ''));
    admin.disconnect();
    await worker.close();
    expect(heard.size).toBe(0);
  });

  it('is wiped once more while it is filled: what was put back is gone, and somebody begins anew', async () => {
    const server = await start();
    const admin = new Redis(server.url);
    const heard = new Mailbox<boolean>();
    let times = 0;
    const worker = await startWakeWorker({
      ...optionsFor(server.url),
      concurrency: 1,
      handle: async () => undefined,
      onEmptied: async (goesOn) => {
        times += 1;
        if (times === 1) await admin.flushall();
        const ours = await goesOn();
        heard.put(ours);
        if (!ours) throw new Error('gone');
      },
    });
    expect([await heard.next(), await heard.next()]).toEqual([false, true]);
    await worker.close();
    admin.disconnect();
  });

  it('is left alone by whoever lost the claim: neither ends the work of the one who has it now', async () => {
    const server = await start();
    const admin = new Redis(server.url);
    const [begun, ended] = [new Mailbox<() => void>(), new Mailbox<string>()];
    const join = (fate: 'done' | 'failed') =>
      startWakeWorker({
        ...optionsFor(server.url),
        concurrency: 1,
        handle: async () => undefined,
        onEmptied: async () => {
          await new Promise<void>((resolve) => begun.put(resolve));
          ended.put(fate);
          if (fate === 'failed') throw new Error(fate);
        },
      });
    for (const fate of ['done', 'failed'] as const) {
      const worker = await join(fate);
      const end = await begun.next();
      const others = `arming ${await runId(admin)} another`;
      await admin.set('{sluice}:mark', others, 'PX', 60_000);
      end();
      await ended.next();
      await worker.close();
      expect(await admin.get('{sluice}:mark')).toBe(others);
      await admin.flushall();
    }
    admin.disconnect();
  });

  it('is begun anew by another when whoever was filling it has died', async () => {
    const server = await start();
    const admin = new Redis(server.url);
    await admin.set('{sluice}:mark', `arming ${await runId(admin)} dead`, 'PX', 1_000);
    const told = new Mailbox<boolean>();
    const worker = await startWakeWorker({
      ...optionsFor(server.url),
      concurrency: 1,
      handle: async () => undefined,
      onEmptied: async () => told.put((await admin.get('{sluice}:mark'))?.endsWith('dead') ?? true),
    });
    expect(await told.next()).toBe(false);
    await worker.close();
    admin.disconnect();
  });

  it('may be killed and come back empty: producer and worker reconnect by themselves', async () => {
    const server = await start();
    const options = optionsFor(server.url);
    const queue = await createWakeQueue(options);
    await untilConnected(queue);
    const seen = new Mailbox<number>();
    const worker = await startWakeWorker({
      ...options,
      concurrency: 2,
      handle: async (wake) => seen.put(wake.sequence),
    });
    await queue.add({ deploymentId: 'before', sequence: 1, delayMs: 0 });
    expect(await seen.next()).toBe(1);
    process.kill(server.pid, 'SIGKILL');
    await server.close();
    await start(['--port', new URL(server.url).port]);
    await until(() =>
      queue.add({ deploymentId: 'after', sequence: 2, delayMs: 0 }).then(
        () => true,
        () => false,
      ),
    );
    expect(await seen.next()).toBe(2);
    await worker.close();
    await queue.close();
  });

  it("may be down for all of a worker's life: closing does not wait for it", async () => {
    const server = await start();
    await server.close();
    const worker = await startWakeWorker({ ...optionsFor(server.url), concurrency: 1, handle: async () => undefined });
    const begin = systemClock.monotonic();
    await worker.close();
    expect(systemClock.monotonic() - begin).toBeLessThan(4_000);
  });

  it('may be frozen when a worker closes: the worker is gone soon, because nothing is in hand', async () => {
    const server = await start();
    const options = optionsFor(server.url);
    const queue = await createWakeQueue(options);
    await untilConnected(queue);
    const seen = new Mailbox<number>();
    const worker = await startWakeWorker({
      ...options,
      concurrency: 2,
      handle: async (wake) => seen.put(wake.sequence),
    });
    await queue.add({ deploymentId: 'before', sequence: 1, delayMs: 0 });
    await seen.next();
    process.kill(server.pid, 'SIGSTOP');
    const begin = systemClock.monotonic();
    await Promise.all([worker.close(), queue.close()]);
    expect(systemClock.monotonic() - begin).toBeLessThan(4_000);
    process.kill(server.pid, 'SIGCONT');
  });

  it('is denounced loudly when it is set to evict keys', async () => {
    const server = await start(['--maxmemory-policy', 'allkeys-lru']);
    const said = new Mailbox<string>();
    const logger: Logger = { ...silentLogger, error: (_facts, sentence) => said.put(sentence) };
    const queue = await createWakeQueue(optionsFor(server.url, logger));
    expect(await said.next()).toContain('noeviction');
    await queue.close();
  });

  it('holds a job whose data is not JSON: other wake-ups go on', async () => {
    const server = await start();
    const options = optionsFor(server.url);
    const raw = await openRaw(options);
    await raw.add('wake', { deploymentId: 'torn', sequence: 1 }, { jobId: 'torn-1' });
    const admin = new Redis(server.url);
    await admin.hset('{sluice}:wakes:torn-1', 'data', '{"deploymentId":');
    const queue = await createWakeQueue(options);
    await untilConnected(queue);
    const seen = new Mailbox<string>();
    const worker = await startWakeWorker({
      ...options,
      concurrency: 1,
      handle: async (wake) => seen.put(wake.deploymentId),
    });
    await queue.add({ deploymentId: 'whole', sequence: 1, delayMs: 0 });
    expect(await seen.next()).toBe('whole');
    await worker.close();
    await raw.close();
    await queue.close();
    admin.disconnect();
  });

  it('may be a cluster: every key of the queue lies in one slot', async () => {
    const server = await start([
      '--cluster-enabled',
      'yes',
      '--cluster-config-file',
      'nodes.conf',
      '--cluster-announce-ip',
      '127.0.0.1',
    ]);
    const admin = new Redis(server.url);
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const options = optionsFor(`${server.url},${server.url}`);
    const queue = await createWakeQueue(options);
    await untilConnected(queue);
    const seen = new Mailbox<number>();
    const worker = await startWakeWorker({
      ...options,
      concurrency: 2,
      handle: async (wake) => seen.put(wake.sequence),
    });
    await queue.add({ deploymentId: 'clustered', sequence: 5, delayMs: 20 });
    expect(await seen.next()).toBe(5);
    await untilEmpty(queue);
    await worker.close();
    await queue.close();
    admin.disconnect();
  });
});

async function runId(admin: Redis): Promise<string> {
  return /run_id:([0-9a-f]+)/.exec(await admin.info('server'))?.[1] ?? '';
}
