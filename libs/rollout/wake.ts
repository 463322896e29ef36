import { isEnd, type RolloutState } from './state.js';

/**
 * A queued deployment looks again by itself after as long as it has waited, within these bounds. The end of the one
 * before wakes it at once, unless it was accepted while that end was being written: then neither has seen the other.
 */
const SOONEST_POLL_MS = 1_000;
const LATEST_POLL_MS = 30_000;

/** When a state wants to be looked at next, in milliseconds of database time; `undefined`: only a person can wake it. */
export function nextWakeAt(state: RolloutState, now: number): number | undefined {
  if (isEnd(state)) return undefined;
  switch (state.phase) {
    case 'queued':
      return now + Math.min(LATEST_POLL_MS, Math.max(SOONEST_POLL_MS, now - state.since));
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
