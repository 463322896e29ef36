import type { Turn } from './turn.js';

const BEAT_MS = 1_000;
/** With the sweep's grace and period on top, a worker that dies in the middle is still replaced within ten seconds. */
const AHEAD_MS = 3_000;

/**
 * Work that may take a minute and holds no claim, such as fetching a package: the row's next look is moved ahead of it
 * all the while, so that no other worker begins the same and nobody counts the deployment as overdue. A row that has
 * moved on meanwhile (cancelled, for one) aborts the work.
 */
export async function keepingArmed<T>(turn: Turn, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, store } = turn.parts;
  const [ended, movedOn] = [new AbortController(), new AbortController()];
  const beats = (async () => {
    for (;;) {
      await clock.sleep(BEAT_MS, ended.signal);
      if (ended.signal.aborted) return;
      // A database that does not answer says nothing about the row; the sweep looks after what is overdue.
      const armed = await store.deployments.rearm(turn.row, turn.at() + AHEAD_MS).catch(() => true);
      if (!armed) return movedOn.abort();
    }
  })();
  try {
    return await work(AbortSignal.any([turn.signal, movedOn.signal]));
  } finally {
    ended.abort();
    await beats;
  }
}
