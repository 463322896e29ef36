import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { BoundedPool } from './bounded-pool.js';
import { PrismaClient } from './generated/client.js';

/**
 * Limits that Postgres itself keeps. A limit on our side that came first would leave a transaction behind of which
 * nobody knows how far it went (prisma issue 29762).
 */
const STATEMENT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_MS = 5_000;
export const CONNECT_TIMEOUT_MS = 5_000;
/**
 * Later than all of these: for an answer that never comes because the network is gone and nobody said so. The
 * connection is thrown away with it, so that Postgres rolls back whatever was open on it.
 */
const SILENCE_TIMEOUT_MS = 12_000;
/** A connection without traffic asks whether the other end is still there: Linux would wait two hours. */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

export interface Database {
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
  readonly url: string;
  close(): Promise<void>;
}

/** One pool for the hand-written statements and for Prisma alike. */
export function openDatabase(options: { url: string; poolSize: number; onError: (error: Error) => void }): Database {
  const pool = new BoundedPool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: 'sluice',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: SILENCE_TIMEOUT_MS,
    ...KEEP_ALIVE,
  });
  // An idle connection that Postgres closes must not end the process; the pool replaces it.
  pool.on('error', options.onError);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    pool,
    prisma,
    url: options.url,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** What runs a statement: the pool, or one connection inside a transaction. */
export type Executor = Pick<pg.Pool, 'query'> | Pick<pg.PoolClient, 'query'>;

/**
 * For statements that run many times a second: Postgres parses and plans each once per connection and not once per call,
 * which for the larger ones takes longer than running them. `name` stands for one text in the whole process.
 */
export function prepared(name: string, text: string): (values: unknown[]) => pg.QueryConfig {
  return (values) => ({ name: `sluice_${name}`, text, values });
}

/** Runs `work` in one transaction on one connection; rolls back when it throws. */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks says so to its query, and once more as an event; nobody listening would end the process.
  client.on('error', ignore);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.off('error', ignore).release();
    return result;
  } catch (error) {
    // A connection whose rollback fails is thrown away, not returned to the pool.
    const broken = await client.query('ROLLBACK').then(
      () => undefined,
      (rollbackError: Error) => rollbackError,
    );
    if (!broken) client.off('error', ignore);
    client.release(broken);
    throw error;
  }
}

const ignore = () => undefined;

const UNIQUE_VIOLATION = '23505';

export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const found = error as { code?: string; constraint?: string };
  return found?.code === UNIQUE_VIOLATION && found.constraint === constraint;
}
