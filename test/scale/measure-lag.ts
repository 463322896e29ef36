import { readConfig, silentLogger, systemClock } from '#runtime';
import { rearmAll } from '../../apps/worker/rearm.js';
import { bullConnection, chooseEngine } from '../../libs/queue/engine.js';
import { EngineQueue } from '../../libs/queue/engine-queue.js';
import { EngineWorker } from '../../libs/queue/engine-worker.js';
import { round, type Spread, spreadOf } from './figures.js';
import { createInstantLambda } from './instant-lambda.js';
import { type QueueEngine, ScaleWorld } from './scale-world.js';

export interface LagOptions {
  readonly queue: QueueEngine;
  readonly live: number;
  readonly overMs: number;
  readonly due: 'step' | 'look';
}

export interface LagFigures {
  /** From the time in the row to the moment the worker begins to look at it. */
  readonly sluice: Spread;
  /** From a job's due time to its handler, with nothing done in it. */
  readonly raw: Spread;
  /** p99 of Sluice over p99 of BullMQ alone: P9 and P10. */
  readonly ratioP99: number;
  /** Alias writes made; all of them when a step is due. */
  readonly aliasWrites: number;
}

const BEFORE_THE_FIRST_MS = 3_000;
/** Clocks are read in whole milliseconds. */
const EARLY_MS = 5;
/** Long enough for a machine that needs several times the span. */
const PATIENCE = 8;

/** Scheduling lag of rollouts that fall due evenly over a span, next to BullMQ with empty handlers in the same run. */
export async function measureLag(options: LagOptions): Promise<LagFigures> {
  // As the worker is configured unless told; BullMQ alone gets as many.
  const concurrency = readConfig(process.env).workerConcurrency;
  const raw = spreadOf(await rawLags(options, concurrency));
  const world = await ScaleWorld.open(options.queue);
  const lambda = createInstantLambda();
  try {
    const { live, overMs, due } = options;
    // Seeding takes a while itself: the rows are due from a moment after it.
    const seedingMs = live / 5;
    await world.seed({ count: live, accounts: live, dueInMs: seedingMs + BEFORE_THE_FIRST_MS, dueOverMs: overMs, due });
    const dueAt = await world.dueTimes();
    const firstDue = [...dueAt.values()].reduce((first, time) => Math.min(first, time), Number.POSITIVE_INFINITY);
    const lags = new Map<string, number>();
    await world.startWorker(
      (parts) => ({
        ...parts,
        lambda,
        store: {
          ...parts.store,
          deployments: {
            ...parts.store.deployments,
            load(id: string) {
              const due = dueAt.get(id);
              const lag = systemClock.now() - (due ?? Number.POSITIVE_INFINITY);
              // What is loaded before it is due, the reconciler loads.
              if (lag > -EARLY_MS && !lags.has(id)) lags.set(id, lag);
              return parts.store.deployments.load(id);
            },
          },
        },
      }),
      { workerConcurrency: concurrency, callBudget: { ordinaryPerSecond: 1_000, rollbackPerSecond: 1_000 } },
    );
    await armAll(world);
    await systemClock.sleep(firstDue - systemClock.now());
    await until(() => lags.size === live, overMs * PATIENCE);
    const sluice = spreadOf([...lags.values()]);
    await until(() => due === 'look' || lambda.writes.length === live, overMs * PATIENCE);
    return { sluice, raw, ratioP99: round(sluice.p99Ms / raw.p99Ms), aliasWrites: lambda.writes.length };
  } finally {
    await world.close();
  }
}

/** As after a wipe: on Redis the worker does it by itself when it first starts. */
async function armAll(world: ScaleWorld): Promise<void> {
  if (world.redis) return;
  await rearmAll({ ...world, logger: silentLogger, clock: systemClock });
}

async function rawLags({ queue, live, overMs }: LagOptions, concurrency: number): Promise<number[]> {
  const world = await ScaleWorld.open(queue);
  const engine = chooseEngine(world.queueOptions());
  const jobs = new EngineQueue('raw', bullConnection(engine, 'producer'));
  const lags: number[] = [];
  const options = { removeOnComplete: true };
  const firstDue = systemClock.now() + BEFORE_THE_FIRST_MS + live / 5;
  const worker = new EngineWorker('raw', async (job) => void lags.push(systemClock.now() - job.data.due), {
    ...bullConnection(engine, 'worker'),
    concurrency,
    removeOnComplete: { count: 0 },
  });
  try {
    for (let done = 0; done < live; done += 1_000) {
      const page = Array.from({ length: Math.min(1_000, live - done) }, (_, index) => {
        const due = firstDue + ((done + index) * overMs) / live;
        return {
          name: 'raw',
          data: { due },
          opts: { ...options, delay: Math.max(1, Math.round(due - systemClock.now())) },
        };
      });
      await jobs.addBulk(page);
    }
    await systemClock.sleep(firstDue - systemClock.now());
    await until(() => lags.length === live, overMs * PATIENCE);
    return lags;
  } finally {
    await worker.close();
    await jobs.close();
    await world.close();
  }
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const end = systemClock.monotonic() + withinMs;
  while (!holds() && systemClock.monotonic() < end) await systemClock.sleep(20);
  if (!holds()) throw new Error('The machine did not keep up: nothing can be said about the lag.');
}
