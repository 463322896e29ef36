/** Looks under way at the same time; what is asked meanwhile waits for the next one and shares it. */
const SIDE_BY_SIDE = 2;
/** Keys of one look: an array parameter of a statement, so far from any limit of the protocol. */
const MOST_KEYS = 200;

interface Asker<K, V> {
  readonly key: K;
  readonly answer: (value: V) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Look-ups by key that share their round trips: under load one statement answers many callers. Whoever is alone is asked
 * for at the end of the same turn of the event loop, together with all that this turn brings. Nothing is remembered, and
 * nobody is answered by a look that began before they asked, so an answer is exactly as fresh as a statement of one's own.
 *
 * @param look answers the keys in their order; when it rejects, every caller that shares it is told
 * @param mostKeys of one look
 */
export function sharedLook<K, V>(
  look: (keys: readonly K[]) => Promise<readonly V[]>,
  mostKeys = MOST_KEYS,
): (key: K) => Promise<V> {
  const waiting: Asker<K, V>[] = [];
  let under = 0;
  const serve = async () => {
    under += 1;
    // Requests come in bursts, one socket after the other: the end of the turn has seen them all.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const batch = waiting.splice(0, mostKeys);
      try {
        const values = await look(batch.map(({ key }) => key));
        for (const [index, asker] of batch.entries()) asker.answer(values[index] as V);
      } catch (error) {
        for (const asker of batch) asker.reject(error);
      }
    }
    under -= 1;
  };
  return (key) =>
    new Promise((answer, reject) => {
      waiting.push({ key, answer, reject });
      if (under < SIDE_BY_SIDE) void serve();
    });
}
