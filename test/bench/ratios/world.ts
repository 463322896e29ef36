import { type Client, createClient } from '#contracts';
import { silentLogger } from '#runtime';
import { createStore, type Store } from '#store';
import { generateApiKey } from '../../../apps/api/keys/api-key.js';
import { createDatabase } from '../../world/database.js';
import { type RedisServer, startRedisServer } from '../../world/redis-server.js';
import { type OwnServers, openServers } from '../../world/servers.js';
import { BenchProcess, freePort } from './processes.js';

export type QueueEngine = 'redis' | 'postgres';

/** What a measurement is told. */
export interface Options {
  readonly queue: QueueEngine;
  /** Small numbers and short windows: shows that everything works, the figures say little. */
  readonly quick: boolean;
  /** How long the windows before and after a fault last, seconds. */
  readonly windowSeconds: number;
  /** How often the whole test suite is run to count failures. */
  readonly flakyRuns: number;
  /** Shown while a long measurement goes on. */
  readonly say: (sentence: string) => void;
}

/** Servers of one's own: a durable Postgres as in production, Redis, and a folder for what processes say. */
export class BenchWorld {
  private constructor(
    private readonly servers: OwnServers,
    readonly redis: RedisServer,
  ) {}

  static async open(): Promise<BenchWorld> {
    const servers = await openServers('bench', { durable: true, redis: true });
    if (!servers.redis) throw new Error('There is no Redis.');
    return new BenchWorld(servers, servers.redis);
  }

  get folder(): string {
    return this.servers.folder;
  }

  get postgresPid(): number {
    return this.servers.postgresPid;
  }

  /** A Redis that a measurement may kill. */
  ownRedis(): Promise<RedisServer> {
    return startRedisServer(this.folder);
  }

  /** A migrated database of its own, and what Sluice's processes need to find it. */
  async house(queue: QueueEngine, redisUrl = this.redis.url): Promise<House> {
    const database = await createDatabase();
    const store = createStore({ databaseUrl: database.url, poolSize: 8, logger: silentLogger });
    await store.migrate();
    return new House(this.folder, store, database, queue === 'redis' ? redisUrl : undefined);
  }

  close(): Promise<void> {
    return this.servers.close();
  }
}

/** One installation of Sluice: a database, a queue, and the processes that work on them. */
export class House {
  readonly key = generateApiKey();
  private readonly processes: BenchProcess[] = [];
  apiUrl = '';

  constructor(
    private readonly folder: string,
    readonly store: Store,
    readonly database: { readonly url: string; drop(): Promise<void> },
    readonly redisUrl: string | undefined,
  ) {}

  environment(): NodeJS.ProcessEnv {
    return {
      DATABASE_URL: this.database.url,
      SLUICE_API_KEY: this.key,
      ...(this.redisUrl ? { REDIS_URL: this.redisUrl } : {}),
    };
  }

  /** Starts any script of the build; it ends with the house. */
  start(script: string, environment: NodeJS.ProcessEnv, args: readonly string[] = []): BenchProcess {
    const started = BenchProcess.start(script, this.folder, environment, args);
    this.processes.push(started);
    return started;
  }

  /** The API as users start it; resolves when it says that it is ready. */
  async api(): Promise<BenchProcess> {
    const port = await freePort();
    this.apiUrl = `http://127.0.0.1:${port}`;
    const api = this.start('apps/api/main.js', { ...this.environment(), PORT: String(port) });
    await api.until(() => answers(`${this.apiUrl}/ready`), 5);
    return api;
  }

  /** The worker as users start it, against the Lambda at `endpoint`. */
  async worker(endpoint: string, more: NodeJS.ProcessEnv = {}): Promise<BenchProcess> {
    const worker = this.start('apps/worker/main.js', { ...this.environment(), AWS_ENDPOINT_URL: endpoint, ...more });
    await worker.untilSaid('The worker is running.');
    return worker;
  }

  /** An emulator process with its admin endpoint. */
  async emulator(args: readonly string[] = []): Promise<string> {
    const port = await freePort();
    const emulator = this.start('apps/emulator/main.js', {}, ['--port', String(port), '--admin', ...args]);
    await emulator.untilSaid('Sluice emulator at');
    return `http://127.0.0.1:${port}`;
  }

  client(): Client {
    return createClient({ baseUrl: this.apiUrl, apiKey: this.key });
  }

  async close(): Promise<void> {
    for (const one of this.processes.splice(0).reverse()) await one.end();
    await this.store.close();
    await this.database.drop();
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    },
    () => false,
  );
}
