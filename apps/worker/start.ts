import { hostname } from 'node:os';
import { createCallBudget, createCloudWatchReader, createLambdaControl } from '#aws';
import { createCloudWatchEvidence } from '#metrics';
import { createWakeQueue, startWakeWorker } from '#queue';
import { type Clock, type Config, type Logger, systemClock } from '#runtime';
import type { Store } from '#store';
import type { WorkerParts } from './parts.js';
import { Reconciler } from './reconcile.js';
import { inParallel, Sweep } from './sweep.js';
import { Wakes } from './wakes.js';

export interface WorkerOptions {
  readonly store: Store;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly databaseUrl: string;
  /** The Lambda and CloudWatch endpoint; absent: real AWS. */
  readonly awsEndpointUrl?: string | undefined;
  /** How long after its end a metrics period may still change, seconds. */
  readonly metricsSettleSeconds?: number;
  readonly queuePrefix?: string;
  /** Puts something between the worker and its parts: how tests kill it at every point where it touches the world. */
  readonly wrap?: (parts: WorkerParts) => WorkerParts;
}

export interface RunningWorker {
  /** Takes no new work, lets what runs finish, and returns within ten seconds. */
  close(): Promise<void>;
}

/** CloudWatch's own delay, and the start-of-invocation time stamp: a minute's figures are final about a minute later. */
const CLOUDWATCH_SETTLE_SECONDS = 60;
/** The rollback lane looks this often by itself; Postgres NOTIFY wakes it at once. */
const ROLLBACK_POLL_MS = 500;
const DRAIN_MS = 9_000;

/** Starts everything that acts: the queue's worker, the rollback lane, the sweep and the reconciler. */
export async function startWorker(config: Config, options: WorkerOptions): Promise<RunningWorker> {
  const clock = options.clock ?? systemClock;
  const { store, logger } = options;
  const queueOptions = {
    redisUrl: config.redisUrl,
    databaseUrl: options.databaseUrl,
    logger,
    ...(options.queuePrefix ? { prefix: options.queuePrefix } : {}),
  };
  const connection = options.awsEndpointUrl ? { endpoint: options.awsEndpointUrl } : {};
  const lambda = createLambdaControl(connection);
  const reader = createCloudWatchReader(connection);
  const queue = await createWakeQueue(queueOptions);
  const ownParts: WorkerParts = {
    store,
    queue,
    lambda,
    budget: createCallBudget({ store: store.callBudget, rates: config.callBudget, clock }),
    evidence: createCloudWatchEvidence({
      reader,
      settleSeconds: options.metricsSettleSeconds ?? CLOUDWATCH_SETTLE_SECONDS,
    }),
    clock,
    logger,
    nudge: (deploymentId) => void wakes.look(deploymentId),
    name: `worker:${hostname()}:${process.pid}`,
    metricsPeriodSeconds: config.metricsPeriodSeconds,
  };
  const parts = options.wrap?.(ownParts) ?? ownParts;
  const stopping = new AbortController();
  const wakes: Wakes = new Wakes(parts, stopping.signal);
  const everyMs = config.sweepSeconds * 1000;
  const sweep = new Sweep(parts, wakes);
  const reconciler = new Reconciler(parts, wakes, { everyMs, callsPerSecond: config.callBudget.ordinaryPerSecond });
  const worker = await startWakeWorker({
    ...queueOptions,
    concurrency: config.workerConcurrency,
    handle: (wake, signal) => wakes.handle(wake, signal),
    onEmptied: () => rearmAll(parts),
  });
  const unsubscribe = await store.changes.subscribe((change) => {
    if (change.phase === 'rolling_back') void wakes.look(change.deploymentId);
  });
  const loops = [
    repeat('sweep', everyMs, () => sweep.run()),
    repeat('reconciler', everyMs, () => reconciler.run()),
    repeat('rollback lane', ROLLBACK_POLL_MS, () => lookAtRollbacks(parts, wakes)),
  ];

  async function repeat(name: string, intervalMs: number, work: () => Promise<void>): Promise<void> {
    while (!stopping.signal.aborted) {
      await work().catch((error: unknown) => {
        logger.warn({ loop: name, error: String(error) }, 'A round failed; the next one follows.');
      });
      await clock.sleep(intervalMs, stopping.signal);
    }
  }

  return {
    async close() {
      unsubscribe();
      const draining = worker.close(DRAIN_MS);
      stopping.abort();
      await Promise.all([draining, ...loops]);
      await queue.close();
      lambda.close();
      reader.close();
    },
  };
}

/** After a wiped Redis: everything live gets its wake-up back at once, instead of one by one when it is overdue. */
async function rearmAll(parts: WorkerParts): Promise<void> {
  let after: string | undefined;
  do {
    const page = await parts.store.deployments.armed(after, 1_000);
    await inParallel(page, 50, ({ deploymentId, sequence, delayMs }) =>
      parts.queue.add({ deploymentId, sequence, delayMs }).catch(() => undefined),
    );
    after = page.at(-1)?.deploymentId;
  } while (after !== undefined);
}

async function lookAtRollbacks(parts: WorkerParts, wakes: Wakes): Promise<void> {
  const due = await parts.store.deployments.rollbacks(100);
  await Promise.all(due.map(({ deploymentId }) => wakes.look(deploymentId)));
}
