import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#runtime';
import { startEmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { startRedisServer } from '../world/redis-server.js';

/**
 * Runs `work` with a Postgres and a Redis of its own, found by `createDatabase` and `claimRedis`; where the
 * environment names them already (in a test run), those are used. `durable`: the database waits for the disk, as in
 * production; without it figures of throughput are flattered.
 */
export async function withServers<T>(options: { readonly durable: boolean }, work: () => Promise<T>): Promise<T> {
  if (process.env['SLUICE_TEST_DATABASE_URL']) return work();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-scale-'));
  // When root runs this, the database runs as another user and has to pass through.
  chmodSync(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ dataDir: folder, durable: options.durable, clock: systemClock });
  const redis = await startRedisServer(folder).catch(async (error: unknown) => {
    await postgres.close();
    throw error;
  });
  process.env['SLUICE_TEST_DATABASE_URL'] = postgres.url;
  process.env['SLUICE_TEST_REDIS_URL'] = redis.url;
  try {
    return await work();
  } finally {
    delete process.env['SLUICE_TEST_DATABASE_URL'];
    delete process.env['SLUICE_TEST_REDIS_URL'];
    await redis.close();
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
