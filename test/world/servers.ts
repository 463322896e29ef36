import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#runtime';
import { startEmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { closeWhenInterrupted } from './interrupted.js';
import { type RedisServer, startRedisServer } from './redis-server.js';

/** A Postgres and a Redis of one's own, in a folder that goes with them. */
export interface OwnServers {
  readonly folder: string;
  readonly postgresPid: number;
  readonly redis: RedisServer | undefined;
  close(): Promise<void>;
}

/**
 * Starts them and tells `createDatabase` and `claimRedis` where they are. `durable`: the database waits for the disk,
 * as in production; without it figures of throughput are flattered.
 */
export async function openServers(
  name: string,
  options: { readonly durable: boolean; readonly redis: boolean },
): Promise<OwnServers> {
  const folder = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  // When root runs this, the database runs as another user and has to pass through.
  chmodSync(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ dataDir: folder, durable: options.durable, clock: systemClock });
  const redis = await (options.redis ? startRedisServer(folder) : undefined)?.catch(async (error: unknown) => {
    await postgres.close();
    throw error;
  });
  process.env['SLUICE_TEST_DATABASE_URL'] = postgres.url;
  if (redis) process.env['SLUICE_TEST_REDIS_URL'] = redis.url;
  const close = async () => {
    forget();
    delete process.env['SLUICE_TEST_DATABASE_URL'];
    delete process.env['SLUICE_TEST_REDIS_URL'];
    await redis?.close();
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const forget = closeWhenInterrupted(close);
  return { folder, postgresPid: postgres.pid, redis, close };
}
