import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '#runtime';

/** How soon lost wake-ups are noticed. */
const LOOK_EVERY_MS = 1_000;

/**
 * Answers 1 when the mark does not name the process that holds the keys, and puts that right. Every start of a Redis
 * has a `run_id` of its own, so a mark of another one was loaded from a file or copied by replication: what was
 * written last before the crash or the failover may be missing, although the mark is there. One script on the mark's own
 * node: on a cluster a bare INFO would ask any of them.
 */
const LOOK = `
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or '1'
if redis.call('GET', KEYS[1]) == run then return 0 end
redis.call('SET', KEYS[1], run)
return 1`;

/**
 * Calls `onEmptied` when Redis may have lost wake-ups: wiped, restarted from what it had saved, or failed over. One mark
 * lies beside the wake-ups; whichever worker renews it is the one that is told, so that one of them re-arms and not all.
 * The first start of all counts as emptied too.
 */
export async function watchForEmptying(
  client: Redis | Cluster,
  prefix: string,
  clock: Clock,
  signal: AbortSignal,
  onEmptied: () => Promise<void>,
): Promise<void> {
  const mark = `${prefix}:mark`;
  while (!signal.aborted) {
    // A Redis that does not let scripts read INFO still has the mark itself: a wipe takes it away.
    const lost = await client
      .eval(LOOK, 1, mark)
      .then((answer) => answer === 1)
      .catch(async () => (await client.set(mark, '1', 'NX').catch(() => null)) === 'OK');
    // When re-arming fails the sweep still finds every overdue row, only a little later.
    if (lost && !signal.aborted) await onEmptied().catch(() => undefined);
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
