import { systemClock } from '#runtime';

/** Rounds under way at the same time; what is asked meanwhile waits for the next one and shares it. */
const SIDE_BY_SIDE = 2;
/**
 * A round that takes longer waits for something of its own: a row that somebody holds (up to 5 s), or an answer on a
 * connection that is dead (12 s). It keeps no place from the others, a rollback's look among them.
 */
const HELD_UP_MS = 250;

export interface Asker<I, R> {
  readonly input: I;
  readonly answer: (value: R | Promise<R>) => void;
  readonly reject: (error: unknown) => void;
}

export interface Rounds<I, R> {
  /** Sees to it that each of them is answered or rejected. Must never reject itself: nobody would begin the next round. */
  readonly serve: (askers: readonly Asker<I, R>[]) => Promise<void>;
  /** Askers of one round. */
  readonly most: number;
  /**
   * When a round begins that nobody was waiting for: at once, or at the end of the same turn of the event loop, together
   * with all that this turn brings.
   */
  readonly begins: 'at once' | 'at the end of the turn';
}

/** Askers who come together share rounds: whoever comes while as many as may be are under way waits for the next one. */
export function inRounds<I, R>({ serve, most, begins }: Rounds<I, R>): (input: I) => Promise<R> {
  const waiting: Asker<I, R>[] = [];
  let under = 0;
  const go = async () => {
    under += 1;
    // Requests come in bursts, one socket after the other: the end of the turn has seen them all.
    if (begins === 'at the end of the turn') await new Promise(setImmediate);
    while (waiting.length > 0) {
      const round = serve(waiting.splice(0, most));
      // The only one under way is in nobody's way: whoever comes finds another place.
      await (under < SIDE_BY_SIDE ? round : unlessHeldUp(round));
    }
    under -= 1;
  };
  return (input) =>
    new Promise((answer, reject) => {
      waiting.push({ input, answer, reject });
      if (under < SIDE_BY_SIDE) void go();
    });
}

async function unlessHeldUp(round: Promise<void>): Promise<void> {
  const ended = new AbortController();
  await Promise.race([round, systemClock.sleep(HELD_UP_MS, ended.signal)]);
  ended.abort(ENDED);
}

/** One for all: a reason made anew would take its stack every time. */
const ENDED = new Error('The round has ended.');
