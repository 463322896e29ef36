import { setTimeout as sleepFor } from 'node:timers/promises';

/** The only door to time in this room, so that tests move time instead of waiting. */
export interface Clock {
  /** Milliseconds since the Unix epoch. Only for showing how much is left or how long ago; Sluice decides on its own clock. */
  now(): number;
  /** Resolves after `milliseconds`, or at once when `signal` aborts; never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    if (signal?.aborted) return;
    await sleepFor(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};
