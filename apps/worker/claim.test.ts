import type { WriteCommand } from '#rollout';
import { afterLateClaim } from './claim.js';
import type { Turn } from './turn.js';

const prepared = { leaseMs: 5_000, timeoutMs: 4_000 };

/** What is done under a claim whose answer came `tookMs` after its slot, with a budget that answers this. */
async function claimedAfter(tookMs: number, lane: 'ordinary' | 'rollback', waitMs?: number) {
  let asked = 0;
  const take = async () => {
    asked += 1;
    return waitMs === undefined ? { granted: true } : { granted: false, waitMs };
  };
  const clock = { monotonic: () => 1_000 + tookMs };
  const turn = { parts: { clock, budget: { take } }, at: () => 7 } as unknown as Turn<WriteCommand>;
  return { done: await afterLateClaim(turn, prepared, 1_000, lane), asked };
}

const deferred = (delayMs: number) => ({ kind: 'event', event: { type: 'WriteDeferred', at: 7 }, delayMs });

test.each(['ordinary', 'rollback'] as const)('a claim in time leaves the call all of its time: %s', async (lane) => {
  expect(await claimedAfter(100, lane)).toEqual({ done: prepared, asked: 0 });
});

test('a late claim has missed its slot and takes another; the call has what is left of the lease', async () => {
  expect(await claimedAfter(300, 'ordinary')).toEqual({ done: { ...prepared, timeoutMs: 3_700 }, asked: 1 });
  expect((await claimedAfter(300, 'ordinary', 400)).done).toMatchObject(deferred(400));
});

test('a late rollback waits for no slot, and has no more than its lease either', async () => {
  expect(await claimedAfter(300, 'rollback', 400)).toEqual({ done: { ...prepared, timeoutMs: 3_700 }, asked: 0 });
});

test.each([
  ['ordinary', 1],
  ['rollback', 0],
] as const)('a claim whose lease is as good as over sends nothing and is given back: %s', async (lane, asked) => {
  const late = await claimedAfter(3_001, lane);
  expect(late.done).toMatchObject(deferred(0));
  expect(late.asked).toBe(asked);
});
