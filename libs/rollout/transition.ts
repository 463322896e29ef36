import { applyAct } from './acts.js';
import type { Act, Fact, RolloutEvent } from './event.js';
import { applyMovingFact } from './moving.js';
import { applyPreparingFact } from './preparing.js';
import { isEnd, isMoving, type RolloutState } from './state.js';

/**
 * `moved`: the event changed the state and belongs into the history. `unchanged`: it was legal and changed nothing
 * (nothing to record). `stale`: it came too late, twice, or for another state; a value, never an exception.
 */
export type Transition =
  | { readonly kind: 'moved'; readonly state: RolloutState }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'stale'; readonly why: string };

/** Total and synchronous: every state answers every event. */
export function transition(state: RolloutState, event: RolloutEvent): Transition {
  // Kept for the record only: a worker whose claim was taken over says what it had done.
  if (event.type === 'Outcome') return { kind: 'moved', state };
  if (isEnd(state)) return { kind: 'stale', why: `The deployment has ended (${state.phase}).` };
  const next = isAct(event) ? applyAct(state, event) : applyFact(state, event);
  if (next === undefined) return { kind: 'stale', why: `${event.type} does not apply while ${state.phase}.` };
  return next === state ? { kind: 'unchanged' } : { kind: 'moved', state: next };
}

function isAct(event: RolloutEvent): event is Act {
  return event.type.endsWith('Requested');
}

/** The new state; the same object when nothing changed; `undefined` when the fact does not belong here. */
function applyFact(state: RolloutState, event: Fact): RolloutState | undefined {
  if (state.phase === 'queued') {
    if (event.type !== 'Started') return undefined;
    const deadlineAt = event.at + state.plan.deadlines.prepareSeconds * 1000;
    return { phase: 'preparing', kind: state.kind, plan: state.plan, deadlineAt };
  }
  if (state.phase === 'preparing') return applyPreparingFact(state, event);
  return isMoving(state) ? applyMovingFact(state, event) : undefined;
}
