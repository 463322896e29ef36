/** Waits between two attempts to reach the API. Replaced in tests, so that they never sleep. */
export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

/** Resolves after `milliseconds`, or at once when `signal` aborts. Needs nothing but what browsers have too. */
export const sleep: Sleep = (milliseconds, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  });
