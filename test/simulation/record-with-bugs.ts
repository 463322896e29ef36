import { type RolloutEvent, type RolloutState, transition } from '#rollout';
import type { DeploymentRow, RecordOptions } from '#store';
import type { World } from './world.js';

/** The statement that records an event, with the seeded bugs that would be made in it. */
export function recordWithBugs(
  world: World,
  row: DeploymentRow,
  event: RolloutEvent,
  next: RolloutState,
  options: RecordOptions,
): ReturnType<World['database']['record']> {
  const kept = world.database.rows.get(row.id);
  if (!kept) return { kind: 'lost' as const };
  const claims = event.type === 'ClaimTaken';
  const isAct = event.type.endsWith('Requested');
  let seen = row;
  let wanted = options;
  if (claims && world.has('no claim fence')) {
    seen = { ...row, sequence: kept.sequence };
    kept.leaseUntil = undefined;
  }
  if (claims && world.has('no lease')) kept.leaseUntil = undefined;
  if (!claims && world.has('record without compare-and-swap')) seen = { ...row, sequence: kept.sequence };
  if (isAct && world.has('an act wakes nobody')) wanted = { ...options, nextAt: undefined };
  if (world.has('abort is forgotten') && kept.phase === 'rolling_back' && event.type === 'WeightShifted') {
    seen = { ...row, sequence: kept.sequence };
  }
  let told = { event, next };
  if (event.type === 'Probed' && event.verdict === 'fail' && world.has('failed probes pass')) {
    const passed = { ...event, verdict: 'pass' as const };
    const moved = transition(row.state, passed);
    if (moved.kind === 'moved') told = { event: passed, next: moved.state };
    wanted = { ...options, nextAt: world.scheduler.now };
  }
  if (claims && world.has('the row forgets its claim')) {
    const { claim: _forgotten, ...rest } = told.next as Extract<RolloutState, { claim?: unknown }>;
    told = { event, next: rest as RolloutState };
  }
  if (world.has('unanswered writes are forgotten')) {
    const { unansweredAt: _forgotten, ...rest } = told.next as Extract<RolloutState, { unansweredAt?: unknown }>;
    told = { event: told.event, next: rest as RolloutState };
  }
  const recorded = world.database.record(seen, told.event, told.next, wanted);
  if (recorded.kind === 'lost') {
    if ('claim' in row.state && !claims && world.has('every late answer moves the row')) {
      const remark = { type: 'Outcome', at: world.scheduler.now, of: 'Restore', sentence: 'Too late.' } as const;
      const now = { ...kept, readAt: world.scheduler.now };
      world.record(now, remark, kept.state, { actor: options.actor, nextAt: kept.nextAt });
    }
    return recorded;
  }
  const events = world.database.events.get(row.id);
  const noBump = (claims && world.has('no sequence bump on claim')) || (isAct && world.has('no sequence bump on act'));
  if (noBump) {
    kept.sequence -= 1;
    events?.pop();
    return { ...recorded, sequence: kept.sequence };
  }
  if (claims && world.has('no lease')) kept.leaseUntil = undefined;
  if (world.has('event apart from the row') && world.random.chance(0.05)) events?.pop();
  if (world.has('no provenance')) world.database.versions.clear();
  if (world.has('end without an end') && kept.endedAt !== undefined) kept.endedAt = undefined;
  if (!world.has('nobody wakes the line')) return recorded;
  for (const { deploymentId } of recorded.woken) {
    const woken = world.database.rows.get(deploymentId);
    if (woken) woken.nextAt = undefined;
  }
  return { ...recorded, woken: [] };
}
