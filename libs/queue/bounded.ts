import type { Clock } from '#runtime';

/** Waits for `work`, but not longer than `milliseconds`. Says whether it ended in time; how it ended is not asked. */
export async function endsWithin(work: Promise<unknown>, milliseconds: number, clock: Clock): Promise<boolean> {
  const settled = new AbortController();
  const ended = work.then(
    () => true,
    () => true,
  );
  const late = clock.sleep(Math.max(0, milliseconds), settled.signal).then(() => false);
  const inTime = await Promise.race([ended, late]);
  settled.abort();
  return inTime;
}
