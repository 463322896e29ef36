import { type Job, type Processor, Worker, type WorkerOptions } from 'bullmq';
import { type Clock, systemClock } from '#runtime';
import { endsWithin } from './bounded.js';
import { backendOf, redisOf } from './engine.js';

/** What is left of the ten seconds that most supervisors allow is for closing the queue (1.5 s) and the database. */
export const DRAIN_MS = 7_500;
/** The last part of a shutdown, kept for handlers to notice the abort and let go. */
const ABORT_BEFORE_DEADLINE_MS = 1_000;
/** Enough for an engine that answers. */
const GOODBYE_MS = 2_000;

/**
 * BullMQ's worker on the engine that its connection belongs to, and with an end to its closing. `BullModule` makes its
 * workers from this class: it hands on a name, a processor and options only, and its `close()` would wait for as long
 * as a handler runs.
 */
export class EngineWorker extends Worker {
  private readonly inHand = new Set<Promise<unknown>>();
  private draining: Promise<boolean> | undefined;

  constructor(name: string, processor: Processor, options: WorkerOptions) {
    super(name, processor, options as never, backendOf(options.connection) as never);
  }

  /** How many jobs are being handled. */
  get active(): number {
    return this.inHand.size;
  }

  /**
   * Takes no new work from this moment on, waits for what runs, aborts it a second before the deadline, and returns by
   * the deadline; `false` when jobs were left in hand. The first call counts, later ones wait for the same end.
   */
  drain(deadlineMs: number, clock: Clock = systemClock): Promise<boolean> {
    this.draining ??= this.endBy(clock.monotonic() + deadlineMs, clock);
    return this.draining;
  }

  override async close(): Promise<void> {
    await this.drain(DRAIN_MS);
  }

  protected override callProcessJob(job: Job, token: string, signal?: AbortSignal): Promise<unknown> {
    const work = super.callProcessJob(job, token, signal);
    this.inHand.add(work);
    const done = () => this.inHand.delete(work);
    work.then(done, done);
    return work;
  }

  private async endBy(end: number, clock: Clock): Promise<boolean> {
    const left = () => end - clock.monotonic();
    await this.pause(true);
    if (!(await this.idleWithin(left() - ABORT_BEFORE_DEADLINE_MS, clock))) {
      this.cancelAllJobs('This process is shutting down.');
      await this.idleWithin(left() - ABORT_BEFORE_DEADLINE_MS / 4, clock);
    }
    // An engine that is out of reach cannot be told goodbye, and BullMQ would wait until it is back.
    const goodbye = super.close(this.active > 0);
    if (!(await endsWithin(goodbye, Math.min(left(), GOODBYE_MS), clock))) this.letGo();
    redisOf(this.opts.connection)?.disconnect();
    return this.active === 0;
  }

  /** Whatever would go on by itself ends: attempts to reconnect, and the renewal of locks. */
  private letGo(): void {
    for (const end of [this.lockManager.close(), this.backend.close(true), this.backend.disconnect()]) {
      end.catch(() => undefined);
    }
  }

  private async idleWithin(milliseconds: number, clock: Clock): Promise<boolean> {
    return this.active === 0 || endsWithin(Promise.allSettled(this.inHand), milliseconds, clock);
  }
}
