import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Starts the one Postgres and finds or starts the one Redis that all test files share; each file takes a database of
 * its own in them (`database.ts`, `redis.ts`). Jest loads this file as CommonJS and without the mapping of `.js` to
 * `.ts`, so whatever it needs of ours is required by its full file name.
 */
type RedisServerModule = typeof import('./redis-server.js');
type EmbeddedPostgresModule = typeof import('../../apps/standalone/embedded-postgres.js');

interface World {
  close(): Promise<void>;
}

const FOLDER_PREFIX = 'sluice-test-';

export default async function startWorld(): Promise<void> {
  sweepLeftovers();
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  // When root runs the tests, the database runs as another user and has to pass through.
  chmodSync(folder, 0o711);
  writeFileSync(join(folder, 'owner.pid'), String(process.pid));
  const [postgres, redis] = await Promise.all([startPostgres(folder), startRedis(folder)]);
  process.env['SLUICE_TEST_DATABASE_URL'] = postgres.url;
  process.env['SLUICE_TEST_REDIS_URL'] = redis?.url ?? '';
  (globalThis as { sluiceWorld?: World }).sluiceWorld = {
    async close() {
      await Promise.all([postgres.close(), redis?.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** SLUICE_TEST_POSTGRES_URL: a server of one's own instead of the embedded one (its user must be able to create databases). */
async function startPostgres(folder: string): Promise<World & { url: string }> {
  const given = process.env['SLUICE_TEST_POSTGRES_URL'];
  if (given) return { url: given, close: async () => undefined };
  const file = resolve('apps/standalone/embedded-postgres.ts');
  const { startEmbeddedPostgres } = (await import(file)) as EmbeddedPostgresModule;
  return startEmbeddedPostgres({
    dataDir: folder,
    durable: false,
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined),
    },
  });
}

async function startRedis(folder: string): Promise<(World & { url: string }) | undefined> {
  const given = process.env['REDIS_URL'];
  if (given) return { url: given, close: async () => undefined };
  const { hasRedisServer, startRedisServer } = (await import(
    resolve('test/world/redis-server.ts')
  )) as RedisServerModule;
  if (hasRedisServer()) {
    const server = await startRedisServer(folder);
    writeFileSync(join(folder, 'redis.pid'), String(server.pid));
    return server;
  }
  const sentence = 'THE REDIS SUITES DO NOT RUN: REDIS_URL is not set and there is no redis-server on the PATH.';
  if (process.env['CI'] === 'true') throw new Error(`${sentence} In CI that is a failure.`);
  console.warn(`\n  ${sentence}\n`);
  return undefined;
}

/** A test run that was killed with -9 leaves its servers behind; the next run ends them. */
function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(FOLDER_PREFIX))) {
    const folder = join(tmpdir(), name);
    const owner = pidIn(join(folder, 'owner.pid'));
    if (owner === undefined || isAlive(owner)) continue;
    for (const file of ['redis.pid', 'postgres/postmaster.pid']) {
      const pid = pidIn(join(folder, file));
      if (pid !== undefined && commandOf(pid).includes(file === 'redis.pid' ? 'redis-server' : folder))
        process.kill(pid, 'SIGTERM');
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function pidIn(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function commandOf(pid: number): string {
  return spawnSync('ps', ['-p', String(pid), '-o', 'command=']).stdout?.toString() ?? '';
}
