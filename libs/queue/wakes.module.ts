import { BullModule, getQueueToken, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type Provider,
} from '@nestjs/common';
import type { Job } from 'bullmq';
import { systemClock } from '#runtime';
import { type GoesOn, watchForEmptying } from './emptied.js';
import { bullConnection, chooseEngine, prepareEngine, type QueueOptions, type Role, redisOf } from './engine.js';
import { EngineQueue } from './engine-queue.js';
import { DRAIN_MS, EngineWorker } from './engine-worker.js';
import { ErrorLog } from './error-log.js';
import { type TakeOptions, takeWake } from './take-wake.js';
import { QUEUE_NAME } from './wake.js';
import { BullWakeQueue, type WakeQueueOptions } from './wake-queue.js';

/** Inject with `@Inject(WAKE_QUEUE) queue: WakeQueue`. */
export const WAKE_QUEUE = Symbol('WAKE_QUEUE');
/** What `WakeProcessor` works with; whoever lists the processor among its providers provides this too. */
export const WAKE_WORK = Symbol('WAKE_WORK');

export interface WakeWork extends TakeOptions {
  readonly concurrency: number;
  /** Called when the engine has lost its wake-ups (never on Postgres): arm whatever is live again. */
  readonly onEmptied?: (goesOn: GoesOn) => Promise<void>;
  /** Called when a shutdown begins, at the moment from which no new wake-up is taken. */
  readonly onStopping?: () => void;
  /** How long a shutdown may take until wake-ups are left to another worker. */
  readonly drainMs?: number;
}

/**
 * How soon a wake-up of a process that died is delivered elsewhere: the lock runs out after 5 s and is noticed within
 * 2 s. The lock is no fence (a frozen process runs on after losing it); sequence numbers and RevisionIds are.
 */
const TUNING = {
  lockDuration: 5_000,
  stalledInterval: 2_000,
  // A deployment that outlives ten crashes of its worker is still owed its wake-ups.
  maxStalledCount: 10,
  drainDelay: 5,
  runRetryDelay: 1_000,
  // A wake-up leaves nothing behind: the same id must be free to be armed again.
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
};

/** The worker's connection waits for its engine. */
const WORKER_CONNECTION = 'worker';
/**
 * The producer's connection fails fast. It belongs to the same queue under another name for Nest: `BullModule` would
 * otherwise give the connection of the queue with the processor's name to the worker.
 */
const PRODUCER = 'wakes-producer';

@Module({})
class WakeQueueModule {}

@Module({})
class WakeWorkerModule {}

// Both find their engine by the connection they are given, so setting them for the whole process ties it to none.
BullModule.queueClass = EngineQueue;
BullModule.workerClass = EngineWorker;

/** Provides `WAKE_QUEUE`. Resolves while Redis is down as well; on Postgres it first brings the queue's tables up to date. */
export function wakeQueueModule(options: WakeQueueOptions): DynamicModule {
  const queue: Provider = {
    provide: WAKE_QUEUE,
    inject: [getQueueToken(PRODUCER)],
    useFactory: (registered: EngineQueue) => new BullWakeQueue(registered, options),
  };
  const registration = BullModule.registerQueueAsync({
    name: PRODUCER,
    useFactory: async () => ({
      ...(await connect(options, 'producer')),
      name: QUEUE_NAME,
    }),
  });
  return { module: WakeQueueModule, imports: [registration], providers: [queue], exports: [queue] };
}

/** What a `WakeProcessor` among the importing module's providers stands on: its connection, and who finds it. */
export function wakeWorkerModule(options: QueueOptions): DynamicModule {
  const connection = BullModule.forRootAsync(WORKER_CONNECTION, { useFactory: () => connect(options, 'worker') });
  // Registering no queue at all still brings along the part of BullModule that looks for processors.
  return { module: WakeWorkerModule, imports: [connection, BullModule.registerQueue()] };
}

async function connect(options: QueueOptions, role: Role) {
  const engine = chooseEngine(options);
  await prepareEngine(engine);
  return bullConnection(engine, role);
}

/** Takes wake-ups from the moment the application has started until it closes. */
@Processor({ name: QUEUE_NAME, configKey: WORKER_CONNECTION }, { ...TUNING, autorun: false })
export class WakeProcessor
  extends WorkerHost<EngineWorker>
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  private readonly errors: ErrorLog;
  private readonly closing = new AbortController();

  constructor(@Inject(WAKE_WORK) private readonly work: WakeWork) {
    super();
    this.errors = new ErrorLog(work.logger, work.clock ?? systemClock);
  }

  /** BullMQ counts the parameters: only a processor that declares the third is given the signal of an abort. */
  override process(job: Job, token?: string, signal?: AbortSignal): Promise<void> {
    return takeWake(job, token, signal ?? new AbortController().signal, this.work);
  }

  /** Not before every provider exists: the first wake-up may need any of them. */
  onApplicationBootstrap(): void {
    const { worker, work } = this;
    worker.concurrency = work.concurrency;
    worker.run().catch((error: unknown) => this.onError(error));
    const client = redisOf(worker.opts.connection);
    if (!client || !work.onEmptied) return;
    void watchForEmptying(
      client,
      worker.opts.prefix ?? '',
      work.clock ?? systemClock,
      this.closing.signal,
      work.onEmptied,
    );
  }

  /** The drain begins before anything else ends, so that no wake-up is taken by a process that is half closed. */
  onModuleDestroy(): void {
    void this.drain();
    this.closing.abort();
    this.work.onStopping?.();
  }

  /** Connections close after this phase: what is in hand may need every one of them. */
  async beforeApplicationShutdown(): Promise<void> {
    if (await this.drain()) return;
    const { active } = this.worker;
    this.work.logger.warn({ active }, 'The worker was left with wake-ups in hand; another takes them over.');
  }

  @OnWorkerEvent('error')
  onError(error: unknown): void {
    this.errors.say('The queue engine is in trouble; the worker keeps trying.', error);
  }

  @OnWorkerEvent('failed')
  onFailed(_job: unknown, error: unknown): void {
    this.errors.say('A wake-up failed; the sweep will bring it back.', error);
  }

  @OnWorkerEvent('lockRenewalFailed')
  onLockLost(jobIds: readonly string[]): void {
    this.errors.say(
      'A wake-up in hand could not be kept; another worker may take it over.',
      'its lock was not renewed',
    );
    for (const id of jobIds) this.worker.cancelJob(id, 'Another worker may have taken this wake-up.');
  }

  private drain(): Promise<boolean> {
    return this.worker.drain(this.work.drainMs ?? DRAIN_MS, this.work.clock);
  }
}
