import { setTimeout as sleepFor } from 'node:timers/promises';

/**
 * The only door to time. Everything that decides takes time as an argument; everything that waits asks a `Clock`,
 * so that a test moves time instead of sleeping.
 */
export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. For log stamps and cache ages only: bakes use database time. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes backwards. For measuring elapsed time. */
  monotonic(): number;
  /** Resolves after `milliseconds`, or at once when `signal` aborts (it never rejects). */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(milliseconds, signal) {
    if (signal?.aborted) return;
    await sleepFor(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};
