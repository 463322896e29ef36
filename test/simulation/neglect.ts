import { functionKey } from './memory-database.js';
import type { World } from './world.js';

/** Overdue for longer than two sweeps, the queue's lock and a lease: nobody is looking. */
const NEGLECT_MS = 25_000;
/** With nothing in the way nothing waits for a sweep: what is due is done, give or take four of the slowest calls. */
const PROMPT_LATENCIES = 20;
const PROMPT_MS = 1_000;
/** Two rounds of the reconciler at most, and the calls of one. */
const UNSEEN_MS = 12_000;

type Row = World['database']['rows'] extends Map<string, infer R> ? R : never;

/** Whether everything that is due is looked after. `thawedAt`: when the last process that was frozen went on. */
export function checkNeglect(world: World, thawedAt: number): void {
  const { now } = world.scheduler;
  const promptMs = Math.max(PROMPT_MS, PROMPT_LATENCIES * world.troubles.latencyMs);
  for (const row of world.database.rows.values()) {
    if (row.nextAt === undefined || row.endedAt !== undefined || row.id === world.poison) continue;
    const dueAt = Math.max(row.nextAt, row.leaseUntil ?? 0);
    const lateMs = now - Math.max(dueAt, world.calmAt + 12_000, thawedAt);
    if (lateMs > NEGLECT_MS) world.violate('I13', `${row.id} (${row.phase}) is overdue by ${lateMs} ms.`);
    if (world.fair && now - dueAt > promptMs && !isInLine(world, row))
      world.violate('I13', `${row.id} (${row.phase}) waits for a sweep although nothing is in its way.`);
  }
  if (world.fair) world.watch.checkForeign(UNSEEN_MS);
}

/** Behind a busy target or function only the end of the one before is prompt; the look in case that got lost is not. */
function isInLine({ database }: World, { id, phase, target }: Row): boolean {
  if (phase !== 'queued') return false;
  return database.locks.has(functionKey(target)) || database.line(target.id)[0]?.id !== id;
}
