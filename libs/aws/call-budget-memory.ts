import type { Clock } from '#runtime';
import type { CallBudgetStore, Reservation } from './call-budget.js';
import { nextSlot } from './next-slot.js';

/** A budget of one process alone: for simulations, and for a Sluice that has no other worker. */
export function createMemoryCallBudgetStore(clock: Clock): CallBudgetStore {
  const nextSlots = new Map<string, number>();
  return {
    async reserve(key, lanes, count, horizonMs, leadMs): Promise<Reservation> {
      const now = clock.monotonic();
      const rows = lanes.map(({ lane, spacingMs }) => {
        const name = `${key.accountId}/${key.region}/${lane}`;
        return { name, spacingMs, next: Math.max(nextSlots.get(name) ?? now, now) };
      });
      const row = rows.reduce((best, one) => (one.next < best.next ? one : best));
      const grant = nextSlot(row.next, now, { count, leadMs, horizonMs, spacingMs: row.spacingMs });
      if (!('startMs' in grant)) return { granted: false, waitMs: grant.waitMs };
      nextSlots.set(row.name, grant.nextSlotMs);
      return {
        granted: true,
        nowMs: now,
        startMs: grant.startMs,
        count: grant.granted,
        spacingMs: row.spacingMs,
      };
    },
  };
}
