import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '#runtime';

/** How soon lost wake-ups are noticed. */
const LOOK_EVERY_MS = 500;
/** A worker that dies while it puts the wake-ups back leaves a claim that runs out, and the next one begins anew. */
const CLAIM_MS = 5_000;

/**
 * Answers the server's `run_id` when the mark does not name the process that holds the keys, and claims the putting
 * right of it. Every start of a Redis has a `run_id` of its own, so a mark of another one was loaded from a file or
 * copied by replication: what was written last before the crash or the failover may be missing, although the mark is
 * there. One script on the mark's own node: on a cluster a bare INFO would ask any of them.
 */
const LOOK = `
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or '1'
local mark = redis.call('GET', KEYS[1])
if mark == run or mark == 'arming ' .. run then return '' end
redis.call('SET', KEYS[1], 'arming ' .. run, 'PX', ARGV[1])
return run`;

/**
 * Calls `onEmptied` when Redis may have lost wake-ups: wiped, restarted from what it had saved, or failed over. One mark
 * lies beside the wake-ups; whichever worker renews it is the one that is told, so that one of them re-arms and not all.
 * The first start of all counts as emptied too. Until `onEmptied` is done the mark is only a claim: when it rejects, its
 * worker dies, or Redis loses everything once more meanwhile, somebody is told again.
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
    const run = await claim(client, mark);
    if (run && !signal.aborted) await armUnderClaim({ client, mark, run, clock }, onEmptied);
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** What to write into the mark once all is armed; empty when there is nothing to do, or somebody else does it. */
async function claim(client: Redis | Cluster, mark: string): Promise<string> {
  return (
    client
      .eval(LOOK, 1, mark, CLAIM_MS)
      .then(String)
      // A Redis that does not let scripts read INFO still has the mark itself: a wipe takes it away.
      .catch(async () => {
        const claimed = await client.set(mark, 'arming', 'PX', CLAIM_MS, 'NX').catch(() => null);
        return claimed === 'OK' ? '1' : '';
      })
  );
}

interface Claim {
  readonly client: Redis | Cluster;
  readonly mark: string;
  readonly run: string;
  readonly clock: Clock;
}

async function armUnderClaim(claimed: Claim, onEmptied: () => Promise<void>): Promise<void> {
  const { client, mark, run } = claimed;
  const done = new AbortController();
  void keep(claimed, done.signal);
  const armed = await onEmptied().then(
    () => true,
    () => false,
  );
  done.abort();
  // Only a mark that is still there: one that is gone went with the wake-ups that were just put back.
  if (armed) await client.set(mark, run, 'XX').catch(() => undefined);
  // When re-arming fails the sweep still finds every overdue row; so does the next try, only sooner.
  else await client.del(mark).catch(() => undefined);
}

async function keep({ client, mark, clock }: Claim, done: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(CLAIM_MS / 4, done);
    if (done.aborted) return;
    await client.pexpire(mark, CLAIM_MS).catch(() => undefined);
  }
}
