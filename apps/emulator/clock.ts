import { setTimeout as sleepFor } from 'node:timers/promises';

/** The emulator's only door to time; it imports no library of the project, so it keeps a clock of its own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since an arbitrary start, with a fraction; never goes backwards. */
  monotonic(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Runs `act` once after `milliseconds`; the answer cancels it. A waiting act never keeps the process alive. */
  after(milliseconds: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(milliseconds, signal) {
    if (signal?.aborted) return;
    await sleepFor(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** `2026-11-22T12:00:00.000Z`. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Lambda's own spelling of a moment: `2026-11-22T12:00:00.000+0000`. */
export function lambdaTime(milliseconds: number): string {
  return isoTime(milliseconds).replace('Z', '+0000');
}

/** Milliseconds of a timestamp that a caller sent as text, or NaN. */
export function parseTime(text: string): number {
  return Date.parse(text);
}

/** A moment as the libraries at the edges want it. */
export function dateOf(milliseconds: number): Date {
  return new Date(milliseconds);
}
