import { createWakeQueue, type WakeQueue } from '#queue';
import { type Config, readConfig, silentLogger, systemClock } from '#runtime';
import { createStore, type Store } from '#store';
import type { WorkerParts } from '../../apps/worker/parts.js';
import { type RunningWorker, startWorker } from '../../apps/worker/start.js';
import { createDatabase, type TestDatabase } from '../world/database.js';
import { patiently } from '../world/patiently.js';
import { claimRedis, type TestRedis } from '../world/redis.js';
import { type SeedOptions, seedLive } from './seed-live.js';

export type QueueEngine = 'redis' | 'postgres';

/** The real store, queue and worker in this process, on servers that the environment names. */
export class ScaleWorld {
  private readonly workers: RunningWorker[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly redis: TestRedis | undefined,
    readonly store: Store,
    readonly queue: WakeQueue,
  ) {}

  /** `redisUrl`: a Redis of the measurement's own, to be wiped; otherwise the one all share. */
  static async open(engine: QueueEngine, redisUrl?: string): Promise<ScaleWorld> {
    const database = await createDatabase();
    const redis = engine === 'redis' ? { ...claimRedis(), ...(redisUrl ? { url: redisUrl } : {}) } : undefined;
    const store = createStore({ databaseUrl: database.url, poolSize: 10, logger: silentLogger });
    await store.migrate();
    const queue = await createWakeQueue({ ...queueOptions(database, redis), logger: silentLogger });
    for (let tries = 0; tries < 200 && !(await isUp(queue)); tries += 1) await systemClock.sleep(20);
    return new ScaleWorld(database, redis, store, queue);
  }

  /** Where BullMQ is, for whoever talks to it directly. */
  queueOptions() {
    return { ...queueOptions(this.database, this.redis), logger: silentLogger };
  }

  async seed(options: SeedOptions): Promise<void> {
    const now = await this.store.now();
    await patiently(this.database.url, (client) => seedLive(client, options, now));
  }

  /** When each live row is due, milliseconds since the epoch. */
  async dueTimes(): Promise<Map<string, number>> {
    const { rows } = await this.store.pool.query<{ id: string; due: number }>(
      'SELECT id, extract(epoch FROM next_at)::float8 * 1000 AS due FROM deployments WHERE next_at IS NOT NULL',
    );
    return new Map(rows.map(({ id, due }) => [id, due]));
  }

  async startWorker(wrap: (parts: WorkerParts) => WorkerParts, change: Partial<Config> = {}): Promise<RunningWorker> {
    const config = { ...readConfig({}), redisUrl: this.redis?.url, ...change };
    const worker = await startWorker(config, {
      store: this.store,
      logger: silentLogger,
      databaseUrl: this.database.url,
      // Nothing listens there: what a measurement does not replace must not reach AWS.
      awsEndpointUrl: 'http://127.0.0.1:9',
      ...(this.redis ? { queuePrefix: this.redis.prefix } : {}),
      wrap,
    });
    this.workers.push(worker);
    return worker;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.close()));
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    await this.queue.close();
    await this.redis?.clear();
    await this.store.close();
    await this.database.drop();
  }
}

function queueOptions(database: TestDatabase, redis: TestRedis | undefined) {
  return { databaseUrl: database.url, ...(redis ? { redisUrl: redis.url, prefix: redis.prefix } : {}) };
}

const isUp = (queue: WakeQueue) =>
  queue.ping().then(
    () => true,
    () => false,
  );
