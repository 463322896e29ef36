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
  sleep(milliseconds, signal) {
    if (signal?.aborted) return Promise.resolve();
    // Not the promise of `node:timers`: each of its aborts makes two errors with their stacks, which nobody reads.
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal?.addEventListener('abort', end, { once: true });
    });
  },
};
