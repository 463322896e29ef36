import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { systemClock } from '#runtime';
import { startRedisServer } from '../world/redis-server.js';
import { round } from './figures.js';
import { createInstantLambda } from './instant-lambda.js';
import { ScaleWorld } from './scale-world.js';

export interface RearmFigures {
  /** From the worker's start to the last wake-up in an empty Redis: F35. */
  readonly restartMs: number;
  /** From FLUSHALL to the last wake-up back in place: P13. */
  readonly wipedMs: number;
  /** From FLUSHALL until a worker has noticed. */
  readonly noticedMs: number;
}

const DEADLINE_MS = 120_000;
const DUE_IN_MS = 3_600_000;

/** Everything is started on an empty Redis, which is then wiped again: how soon every live rollout has its wake-up. */
export async function measureRearm(options: { readonly live: number }): Promise<RearmFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-scale-redis-'));
  const server = await startRedisServer(folder);
  const admin = new Redis(server.url);
  const world = await ScaleWorld.open('redis', server.url);
  try {
    const { live } = options;
    await world.seed({ count: live, accounts: 100, dueInMs: DUE_IN_MS, dueOverMs: 60_000, due: 'look' });
    const delayed = `{${world.redis?.prefix}}:wakes:delayed`;
    const lambda = createInstantLambda();
    const armed = (start: number) => until(start, async () => (await admin.zcard(delayed)) === live);
    let start = systemClock.monotonic();
    await world.startWorker((parts) => ({ ...parts, lambda }));
    const restartMs = await armed(start);
    await until(start, async () => (await admin.pttl(`{${world.redis?.prefix}}:mark`)) === -1);
    await admin.flushall();
    start = systemClock.monotonic();
    const noticedMs = await until(start, async () => (await admin.exists(`{${world.redis?.prefix}}:mark`)) === 1);
    const wipedMs = await armed(start);
    return { restartMs: round(restartMs), wipedMs: round(wipedMs), noticedMs: round(noticedMs) };
  } finally {
    await world.close();
    admin.disconnect();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function until(start: number, holds: () => Promise<boolean>): Promise<number> {
  while (!(await holds())) {
    if (systemClock.monotonic() - start > DEADLINE_MS)
      throw new Error('Not every wake-up came back within two minutes.');
    await systemClock.sleep(10);
  }
  return systemClock.monotonic() - start;
}
