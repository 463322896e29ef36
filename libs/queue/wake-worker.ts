import { DelayedError, type Job, Worker } from 'bullmq';
import { type Clock, type Logger, systemClock } from '#runtime';
import { watchForEmptying } from './emptied.js';
import { bullConnection, chooseEngine, prepareEngine, type QueueOptions } from './engine.js';
import { ErrorLog } from './error-log.js';
import { QUEUE_NAME, type Wake, wakeSchema } from './wake.js';

/** What a handler says when it is done: nothing, or that the same wake-up should come again later. */
export interface WakeHandled {
  readonly again?: { readonly delayMs: number };
}

export interface WakeWorkerOptions extends QueueOptions {
  readonly concurrency: number;
  /** `signal` aborts when this process shuts down or has lost the job to another worker. Rejecting is logged and drops the job. */
  readonly handle: (wake: Wake, signal: AbortSignal) => Promise<WakeHandled | undefined>;
  /** Called when the engine has lost its wake-ups (never on Postgres): arm whatever is live again. Must not reject. */
  readonly onEmptied?: () => Promise<void>;
  readonly clock?: Clock;
}

export interface WakeWorker {
  /** Takes no new work, waits for what runs, aborts it shortly before the deadline, and returns by the deadline. */
  close(deadlineMs: number): Promise<void>;
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
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
};

/** The last part of a shutdown, kept for handlers to notice the abort and let go. */
const ABORT_BEFORE_DEADLINE_MS = 1_000;

/** Starts taking wake-ups. Resolves at once on Redis, even a Redis that is down; on Postgres after the queue's migrations. */
export async function startWakeWorker(options: WakeWorkerOptions): Promise<WakeWorker> {
  const engine = chooseEngine(options);
  await prepareEngine(engine);
  return new BullWakeWorker(options, engine);
}

class BullWakeWorker implements WakeWorker {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly worker: Worker;
  private readonly closeConnection: () => void;
  private readonly active = new Set<Promise<unknown>>();
  private readonly closing = new AbortController();

  constructor(
    private readonly options: WakeWorkerOptions,
    engine: ReturnType<typeof chooseEngine>,
  ) {
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger;
    const errors = new ErrorLog(this.logger, this.clock);
    const { options: base, backend } = bullConnection(engine, 'worker');
    const processor = (job: Job, token: string | undefined, signal?: AbortSignal) => this.track(job, token, signal);
    const settings = { ...base, ...TUNING, concurrency: options.concurrency };
    this.worker = new Worker(QUEUE_NAME, processor, settings as never, backend as never);
    this.worker.on('error', (error) => errors.say('The queue engine is in trouble; the worker keeps trying.', error));
    this.worker.on('failed', (_job, error) => errors.say('A wake-up failed; the sweep will bring it back.', error));
    this.worker.on('lockRenewalFailed', (jobIds: string[]) => {
      for (const id of jobIds) this.worker.cancelJob(id, 'Another worker may have taken this wake-up.');
    });
    const connection = 'options' in base.connection ? base.connection : undefined;
    this.closeConnection = () => connection?.disconnect();
    if (connection && engine.kind === 'redis' && options.onEmptied) {
      void watchForEmptying(connection, engine.prefix, this.clock, this.closing.signal, options.onEmptied);
    }
  }

  async close(deadlineMs: number): Promise<void> {
    const end = this.clock.monotonic() + deadlineMs;
    const left = () => Math.max(0, end - this.clock.monotonic());
    this.closing.abort();
    await this.worker.pause(true);
    const idle = await this.idleWithin(left() - ABORT_BEFORE_DEADLINE_MS);
    if (!idle) {
      this.worker.cancelAllJobs('This process is shutting down.');
      await this.idleWithin(left() - ABORT_BEFORE_DEADLINE_MS / 4);
    }
    const closed = this.worker.close(this.active.size > 0).then(() => true as const);
    if ((await this.raceDeadline(closed, left())) === 'late') {
      this.logger.warn(
        { active: this.active.size },
        'The worker was left with wake-ups in hand; another takes them over.',
      );
    }
    this.closeConnection();
  }

  private async track(job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const work = this.run(job, token, signal ?? new AbortController().signal);
    this.active.add(work);
    try {
      await work;
    } finally {
      this.active.delete(work);
    }
  }

  private async run(job: Job, token: string | undefined, signal: AbortSignal): Promise<void> {
    const wake = wakeSchema.safeParse(job.data);
    if (!wake.success) {
      // Dropped, not failed: retrying a job that no release can read would keep a worker busy for ever.
      this.logger.warn({ jobId: job.id }, 'A wake-up that cannot be read was dropped.');
      return;
    }
    const handled = await this.options.handle(wake.data, signal);
    if (!handled?.again) return;
    await job.moveToDelayed(this.clock.now() + Math.max(0, Math.round(handled.again.delayMs)), token);
    throw new DelayedError();
  }

  private async idleWithin(milliseconds: number): Promise<boolean> {
    if (this.active.size === 0) return true;
    const all = Promise.allSettled([...this.active]).then(() => true as const);
    return (await this.raceDeadline(all, Math.max(0, milliseconds))) !== 'late';
  }

  private async raceDeadline(work: Promise<true>, milliseconds: number): Promise<true | 'late'> {
    const settled = new AbortController();
    const late = this.clock.sleep(milliseconds, settled.signal).then(() => 'late' as const);
    const first = await Promise.race([work.catch(() => true as const), late]);
    settled.abort();
    return first;
  }
}
