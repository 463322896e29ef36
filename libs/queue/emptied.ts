import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '#runtime';

/** How soon a wiped Redis is noticed. */
const LOOK_EVERY_MS = 1_000;

/**
 * Calls `onEmptied` when Redis has lost everything: wiped, restarted without its data, or failed over to an empty
 * replica. One mark lies beside the wake-ups and vanishes with them; whichever worker puts it back is the one that is
 * told, so that one of them re-arms and not all. The first start of all counts as emptied too.
 */
export async function watchForEmptying(
  client: Redis | Cluster,
  prefix: string,
  clock: Clock,
  signal: AbortSignal,
  onEmptied: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    const put = await client.set(`${prefix}:mark`, '1', 'NX').catch(() => null);
    // When re-arming fails the sweep still finds every overdue row, only a little later.
    if (put === 'OK' && !signal.aborted) await onEmptied().catch(() => undefined);
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
