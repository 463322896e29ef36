import { type Asker, inRounds } from './rounds.js';

/** Keys of one look: an array parameter of a statement, so far from any limit of the protocol. */
const MOST_KEYS = 200;

/**
 * Look-ups by key that share their round trips: under load one statement answers many callers. Whoever is alone is asked
 * for at the end of the same turn of the event loop, together with all that this turn brings. Nothing is remembered, and
 * nobody is answered by a look that began before they asked, so an answer is exactly as fresh as a statement of one's own.
 *
 * @param look answers the keys in their order; when it rejects, every caller that shares it is told
 */
export function sharedLook<K, V>(look: (keys: readonly K[]) => Promise<readonly V[]>): (key: K) => Promise<V> {
  const serve = async (askers: readonly Asker<K, V>[]) => {
    try {
      const values = await look(askers.map(({ input }) => input));
      for (const [index, asker] of askers.entries()) asker.answer(values[index] as V);
    } catch (error) {
      for (const asker of askers) asker.reject(error);
    }
  };
  return inRounds({ serve, most: MOST_KEYS, begins: 'at the end of the turn' });
}
