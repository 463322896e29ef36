import { type Asker, inRounds, type Rounds } from './rounds.js';

/** Entries of one statement unless told: a wish alone may have 128 KB. */
const MOST_AT_ONCE = 50;

export interface Ways<I, R> {
  /** One entry, with a statement of its own. */
  readonly alone: (input: I) => Promise<R>;
  /**
   * Several entries in one statement; answers in their order. `undefined`: nothing was done for this one (somebody holds
   * its row, say), it needs a statement of its own. Must never wait for a lock that another transaction may hold long.
   */
  readonly together: (inputs: readonly I[]) => Promise<readonly (R | undefined)[]>;
  /** Entries that must not be held up by others, or hold them up. */
  readonly mayShare?: (input: I) => boolean;
  /** Entries of one statement at most. */
  readonly most?: number;
  /** At once, unless told. */
  readonly begins?: Rounds<I, R>['begins'];
}

/**
 * Statements that come together share a round trip and a commit; one that comes alone is sent at once, as it is. Nobody
 * waits for company: entries share what forms while statements are under way. Each entry keeps its own fence, and one
 * that the database refuses takes none of the others with it: the statement did nothing then, and each is sent alone.
 */
export function together<I, R>({
  alone,
  together: all,
  mayShare,
  most = MOST_AT_ONCE,
  begins = 'at once',
}: Ways<I, R>): (input: I) => Promise<R> {
  const share = inRounds<I, R>({
    serve: (askers) => send(askers, alone, all),
    most,
    begins,
  });
  return (input) => (mayShare && !mayShare(input) ? alone(input) : share(input));
}

/** Never rejects: whatever happens is the askers' to hear. */
async function send<I, R>(
  batch: readonly Asker<I, R>[],
  alone: Ways<I, R>['alone'],
  all: Ways<I, R>['together'],
): Promise<void> {
  const [only] = batch;
  if (batch.length === 1 && only) {
    const work = alone(only.input);
    only.answer(work);
    return work.then(nothing, nothing);
  }
  try {
    const answers = await all(batch.map(({ input }) => input));
    // Those left over are not waited for: one that waits for a lock must hold up nobody else.
    for (const [index, asker] of batch.entries()) asker.answer(answers[index] ?? alone(asker.input));
  } catch (error) {
    for (const asker of batch) {
      if (didNothing(error)) asker.answer(alone(asker.input));
      else asker.reject(error);
    }
  }
}

const nothing = () => undefined;

/** Postgres itself refused the statement, and the connection lives: all of it was rolled back. */
function didNothing(error: unknown): boolean {
  return (error as { severity?: unknown } | undefined)?.severity === 'ERROR';
}
