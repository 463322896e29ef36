import {
  type BackendFactory,
  type QueueOptions as BullOptions,
  createPostgresBackend,
  createRedisBackend,
  runMigrations,
} from 'bullmq';
import { Cluster, Redis } from 'ioredis';
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

/** What BullMQ's constructors take for one role: the connection, and the prefix where the engine has one. */
export function bullConnection(engine: Engine, role: Role): BullOptions {
  if (engine.kind === 'redis') return { connection: redisConnection(engine.nodes, role), prefix: engine.prefix };
  const connection = {
    connectionString: engine.databaseUrl,
    schema: engine.schema,
    max: role === 'producer' ? 4 : 10,
    // A producer's caller waits 2 s whatever happens here; a slow database needs longer to be reached at all.
    connectionTimeoutMillis: role === 'producer' ? 5_000 : 10_000,
    keepAlive: true,
    ...(role === 'producer' ? { query_timeout: 2_000, statement_timeout: 2_000 } : {}),
    application_name: `sluice-queue-${role}`,
  };
  // BullMQ types every connection as Redis's unless the backend is known at compile time; ours is known at run time.
  return { connection: connection as never };
}

/** The Redis client of a connection made by `bullConnection`; nothing on Postgres. */
export function redisOf(connection: unknown): Redis | Cluster | undefined {
  return connection instanceof Redis || connection instanceof Cluster ? connection : undefined;
}

/**
 * The backend that goes with a connection. Told from the connection itself, because that is all `BullModule` hands on,
 * and because queues on both engines may live in one process.
 */
export function backendOf(connection: unknown): BackendFactory {
  return (redisOf(connection) ? createRedisBackend : createPostgresBackend) as BackendFactory;
}
