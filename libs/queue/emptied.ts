import { randomUUID } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '#runtime';

/** How soon lost wake-ups are noticed. */
const LOOK_EVERY_MS = 500;
/** A worker that dies while it puts the wake-ups back leaves a claim that runs out, and the next one begins anew. */
const CLAIM_MS = 5_000;

/** What the mark says while the wake-ups of that `run_id` are put back; who does it stands behind it. */
const ARMING = 'arming';

/**
 * Answers the server's `run_id` when the mark does not name the process that holds the keys, and claims the putting
 * right of it. Every start of a Redis has a `run_id` of its own, so a mark of another one was loaded from a file or
 * copied by replication: what was written last before the crash or the failover may be missing, although the mark is
 * there. One script on the mark's own node: on a cluster a bare INFO would ask any of them.
 */
const LOOK = `
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or '1'
local mark = redis.call('GET', KEYS[1])
if mark == run or (mark and string.find(mark, '${ARMING} ' .. run, 1, true) == 1) then return '' end
redis.call('SET', KEYS[1], '${ARMING} ' .. run .. ' ' .. ARGV[2], 'PX', ARGV[1])
return run`;

/**
 * Does something to the mark (`ARGV[3]`) where it is still the claim `ARGV[1]`, on the server `ARGV[2]` that it names.
 * Everything that was put back under it is there then: a wipe takes the mark away, a start or a failover changes the
 * `run_id`, and a claim that ran out may be somebody else's.
 */
const UNDER_CLAIM = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ARGV[2]
if run ~= ARGV[2] then return 0 end
if ARGV[3] == 'done' then redis.call('SET', KEYS[1], ARGV[2])
elseif ARGV[3] == 'give up' then redis.call('DEL', KEYS[1])
else redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1`;

/**
 * To be asked when putting a part of the wake-ups back has failed: waits until the engine answers, and says whether it
 * still holds all that was put back before. If not, everything must be put back anew.
 */
export type GoesOn = () => Promise<boolean>;

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
  onEmptied: (goesOn: GoesOn) => Promise<void>,
): Promise<void> {
  const mark = `${prefix}:mark`;
  while (!signal.aborted) {
    const claimed = await claim(client, mark, clock);
    if (claimed && !signal.aborted) await armUnderClaim(claimed, signal, onEmptied);
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

interface Claim {
  readonly client: Redis | Cluster;
  readonly mark: string;
  /** What the mark says meanwhile, and when all is done. */
  readonly value: string;
  readonly run: string;
  readonly clock: Clock;
}

/** `undefined` when there is nothing to do, or somebody else does it. */
async function claim(client: Redis | Cluster, mark: string, clock: Clock): Promise<Claim | undefined> {
  const holder = randomUUID();
  const run = await client
    .eval(LOOK, 1, mark, CLAIM_MS, holder)
    .then(String)
    // A Redis that does not let scripts read INFO still has the mark itself: a wipe takes it away.
    .catch(async () => {
      const claimed = await client.set(mark, `${ARMING} 1 ${holder}`, 'PX', CLAIM_MS, 'NX').catch(() => null);
      return claimed === 'OK' ? '1' : '';
    });
  return run ? { client, mark, value: `${ARMING} ${run} ${holder}`, run, clock } : undefined;
}

/** Rejects when Redis does not answer; false when the claim is not ours any more. */
async function underClaim({ client, mark, value, run }: Claim, act: 'renew' | 'done' | 'give up'): Promise<boolean> {
  return (await client.eval(UNDER_CLAIM, 1, mark, value, run, act, CLAIM_MS)) === 1;
}

async function armUnderClaim(
  claimed: Claim,
  signal: AbortSignal,
  onEmptied: (goesOn: GoesOn) => Promise<void>,
): Promise<void> {
  const done = new AbortController();
  void keep(claimed, done.signal);
  const armed = await onEmptied(() => goesOn(claimed, signal)).then(
    () => true,
    () => false,
  );
  done.abort();
  // Only a mark that is still ours: one that is gone went with the wake-ups that were just put back. When re-arming fails
  // the sweep still finds every overdue row; so does the next try, only sooner.
  await underClaim(claimed, armed ? 'done' : 'give up').catch(() => false);
}

async function goesOn(claimed: Claim, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    // An engine that was too slow once is not asked again in the same instant.
    await claimed.clock.sleep(LOOK_EVERY_MS, signal);
    if (signal.aborted) return false;
    const ours = await underClaim(claimed, 'renew').catch(() => undefined);
    if (ours !== undefined) return ours;
  }
}

async function keep(claimed: Claim, done: AbortSignal): Promise<void> {
  for (;;) {
    await claimed.clock.sleep(CLAIM_MS / 4, done);
    if (done.aborted) return;
    await underClaim(claimed, 'renew').catch(() => false);
  }
}
