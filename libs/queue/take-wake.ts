import { DelayedError, type Job } from 'bullmq';
import { type Clock, type Logger, systemClock } from '#runtime';
import { type Wake, wakeSchema } from './wake.js';

/** What a handler says when it is done: nothing, or that the same wake-up should come again later. */
export interface WakeHandled {
  readonly again?: { readonly delayMs: number };
}

/** `signal` aborts when this process shuts down or has lost the job to another worker. Rejecting is logged and drops the job. */
export type WakeHandler = (wake: Wake, signal: AbortSignal) => Promise<WakeHandled | undefined>;

export interface TakeOptions {
  readonly handle: WakeHandler;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** One job: read, handled, and put back when it should come again. */
export async function takeWake(
  job: Job,
  token: string | undefined,
  signal: AbortSignal,
  { handle, logger, clock = systemClock }: TakeOptions,
): Promise<void> {
  const wake = wakeSchema.safeParse(job.data);
  if (!wake.success) {
    // Dropped, not failed: retrying a job that no release can read would keep a worker busy for ever.
    logger.warn({ jobId: job.id }, 'A wake-up that cannot be read was dropped.');
    return;
  }
  const handled = await handle(wake.data, signal);
  if (!handled?.again) return;
  await job.moveToDelayed(clock.now() + Math.max(0, Math.round(handled.again.delayMs)), token);
  throw new DelayedError();
}
