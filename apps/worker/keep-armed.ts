import type { Turn } from './turn.js';

const BEAT_MS = 1_000;
/** With the sweep's grace and period on top, a worker that dies in the middle is still replaced within ten seconds. */
const AHEAD_MS = 3_000;

/** One for all: a reason made anew would take its stack every time. */
const GIVEN_UP = new Error('Nobody waits for this any more.');

/**
 * Work that may take a minute and holds no claim, such as fetching a package: the row's next look is moved ahead of it
 * all the while, so that no other worker begins the same and nobody counts the deployment as overdue. A row that has
 * moved on meanwhile (cancelled, for one) aborts the work.
 */
export async function keepingArmed<T>(turn: Turn, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, store } = turn.parts;
  const [ended, given] = [new AbortController(), new AbortController()];
  const giveUp = () => given.abort(GIVEN_UP);
  if (turn.signal.aborted) giveUp();
  turn.signal.addEventListener('abort', giveUp);
  const beats = (async () => {
    for (;;) {
      await clock.sleep(BEAT_MS, ended.signal);
      if (ended.signal.aborted) return;
      // A database that does not answer says nothing about the row; the sweep looks after what is overdue.
      const armed = await store.deployments.rearm(turn.row, turn.at() + AHEAD_MS).catch(() => true);
      if (!armed) return giveUp();
    }
  })();
  try {
    return await work(given.signal);
  } finally {
    turn.signal.removeEventListener('abort', giveUp);
    ended.abort(GIVEN_UP);
    await beats;
  }
}
