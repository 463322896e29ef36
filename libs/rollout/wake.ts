import { isEnd, type RolloutState } from './state.js';

/** How often a queued deployment looks again by itself; the end of the one before it wakes it at once. */
const QUEUED_POLL_MS = 30_000;

/** When a state wants to be looked at next, in milliseconds of database time; `undefined`: only a person can wake it. */
export function nextWakeAt(state: RolloutState, now: number): number | undefined {
  if (isEnd(state)) return undefined;
  switch (state.phase) {
    case 'queued':
      return now + QUEUED_POLL_MS;
    case 'preparing':
    case 'shifting':
    case 'promoting':
    case 'rolling_back':
      return now;
    case 'baking':
      if (state.plan.adaptive) return now + state.plan.watchSeconds * 1000;
      return Math.max(now, Math.min(state.bakeUntil, now + state.plan.watchSeconds * 1000));
    case 'gated':
    case 'paused':
      return Math.max(now, Math.min(state.deadlineAt, now + state.plan.watchSeconds * 1000));
    case 'drifted':
    case 'needs_human':
      return undefined;
  }
}
