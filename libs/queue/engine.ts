import { createPostgresBackend, createRedisBackend, runMigrations } from 'bullmq';
import pg from 'pg';
import type { Logger } from '#runtime';
import { parseRedisNodes, type RedisNodes, redisConnection } from './redis-connection.js';

/** Which engine holds the wake-ups, chosen by configuration alone. */
export interface QueueOptions {
  /** Set: Redis, or Redis Cluster when it names several nodes, separated by commas. Not set: Postgres. */
  readonly redisUrl?: string | undefined;
  readonly databaseUrl: string;
  /** Keeps installations that share a Redis or a database apart. */
  readonly prefix?: string | undefined;
  readonly logger: Logger;
}

/** `producer`: fails fast, because its callers have better things to do. `worker`: waits for the engine to come back. */
export type Role = 'producer' | 'worker';

export type Engine =
  | { readonly kind: 'redis'; readonly nodes: RedisNodes; readonly prefix: string }
  | { readonly kind: 'postgres'; readonly databaseUrl: string; readonly schema: string };

/** Lower-case letters, digits and underscores: what a Postgres schema and a Redis key both take without quoting. */
const PREFIX = /^[a-z][a-z0-9_-]{0,40}$/;

export function chooseEngine(options: QueueOptions): Engine {
  const prefix = options.prefix ?? 'sluice';
  if (!PREFIX.test(prefix)) throw new Error('The queue prefix must be a short lower-case word.');
  if (options.redisUrl) {
    // The braces put every key of the queue into one slot, which BullMQ's scripts need on a Redis Cluster.
    return { kind: 'redis', nodes: parseRedisNodes(options.redisUrl), prefix: `{${prefix}}` };
  }
  return { kind: 'postgres', databaseUrl: options.databaseUrl, schema: `${prefix.replaceAll('-', '_')}_queue` };
}

/** Brings the queue's own tables up to date. Safe from many processes at once: BullMQ takes an advisory lock. */
export async function prepareEngine(engine: Engine): Promise<void> {
  if (engine.kind === 'redis') return;
  const client = new pg.Client({ connectionString: engine.databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await runMigrations(client, engine.schema);
  } finally {
    await client.end();
  }
}

/** What BullMQ's constructors take for one role: the connection, the prefix and the backend that goes with both. */
export function bullConnection(engine: Engine, role: Role) {
  if (engine.kind === 'redis') {
    return {
      options: { connection: redisConnection(engine.nodes, role), prefix: engine.prefix },
      backend: createRedisBackend,
    };
  }
  const connection = {
    connectionString: engine.databaseUrl,
    schema: engine.schema,
    max: role === 'producer' ? 4 : 10,
    connectionTimeoutMillis: role === 'producer' ? 1_500 : 10_000,
    keepAlive: true,
    ...(role === 'producer' ? { query_timeout: 2_000, statement_timeout: 2_000 } : {}),
    application_name: `sluice-queue-${role}`,
  };
  return { options: { connection }, backend: createPostgresBackend };
}
