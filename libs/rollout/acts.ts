import type { AliasValue } from './alias-value.js';
import type { Act } from './event.js';
import { advance, ending as endingOf, isBakeState, movingOf, passGates, rollBack } from './moving.js';
import {
  type Cancelled,
  isMoving,
  type MovingState,
  type Reason,
  type ReasonCode,
  type RolloutState,
  type Superseded,
} from './state.js';
import { mayLandUntil, unanswered } from './unanswered.js';

/**
 * What people ask for. Whether they may is the guard's business (`guard.ts`), asked before; here an act that does not
 * fit the state is `undefined` (stale), and one that is already under way changes nothing.
 */
export function applyAct(state: RolloutState, act: Act): RolloutState | undefined {
  switch (act.type) {
    case 'AbortRequested':
      return onAbort(state, reasonOf('aborted', act.why ?? `${act.by} aborted it.`, act.by), act.at);
    case 'CancelRequested':
      return state.phase === 'queued'
        ? closed(state, 'cancelled', reasonOf('cancelled', `${act.by} cancelled it before it started.`, act.by))
        : undefined;
    case 'SupersedeRequested':
      return closed(state, 'superseded', reasonOf('superseded', act.why, act.by));
    default:
      return isMoving(state) ? applyMovingAct(state, act) : undefined;
  }
}

function onAbort(state: RolloutState, reason: Reason, at: number): RolloutState | undefined {
  if (state.phase === 'queued' || state.phase === 'preparing') return closed(state, 'cancelled', reason);
  if (!isMoving(state)) return undefined;
  if (state.phase === 'rolling_back') return state;
  return turnBack(unanswered(state, at), reason);
}

/** After drift, the token to name is the one the drifted alias showed: the person has seen it and chosen. */
function turnBack(state: MovingState, reason: Reason): RolloutState {
  if (state.phase !== 'drifted') return rollBack(state, reason);
  const { observed, observedRevisionId } = state;
  return rollBack({ ...state, value: observed, revisionId: observedRevisionId, intents: [observed] }, reason);
}

function applyMovingAct(state: MovingState, act: Act): RolloutState | undefined {
  switch (act.type) {
    case 'PauseRequested':
      return onPause(state, act.by, act.at);
    case 'ResumeRequested':
      return onResume(state, act.at);
    case 'ApproveRequested':
      return state.phase === 'gated' && state.gate === 'approval'
        ? passGates(state, act.at, 'continue', 'approval')
        : undefined;
    case 'PromoteRequested':
      if (!isBakeState(state)) return undefined;
      return act.onlyStep ? advance(state) : advance({ ...state, step: state.plan.steps.length - 1 });
    case 'RestoreRequested':
      return isHeld(state)
        ? turnBack(state, reasonOf('restore_requested', `${act.by} asked for the rollback point.`, act.by))
        : undefined;
    case 'AcceptAsIsRequested':
      return mayBeLetGo(state, act.at) ? acceptAsIs(state, act.by) : undefined;
    case 'AbandonRequested':
      return mayBeLetGo(state, act.at)
        ? closed(
            state,
            'cancelled',
            reasonOf('abandoned', `${act.by} abandoned it; the alias was left as found.`, act.by),
          )
        : undefined;
    default:
      return undefined;
  }
}

function onPause(state: MovingState, by: string, at: number): RolloutState | undefined {
  if (state.phase === 'paused') return state;
  if (state.phase === 'shifting') return { ...state, pauseAsked: { by } };
  if (!isBakeState(state)) return undefined;
  const deadlineAt = at + state.plan.deadlines.personSeconds * 1000;
  const { bakeStartedAt, bakeUntil, confirmedAt } = state;
  const gate = state.phase === 'gated' ? { gate: state.gate } : {};
  return {
    ...movingOf(state),
    bakeStartedAt,
    bakeUntil,
    confirmedAt,
    ...gate,
    phase: 'paused',
    by,
    since: at,
    deadlineAt,
  };
}

/** The bake's clock did not stop while paused: the weight held and the judge watched. */
function onResume(state: MovingState, at: number): RolloutState | undefined {
  if (state.phase !== 'paused') return undefined;
  const { bakeStartedAt, bakeUntil, gate } = state;
  const bake = { ...movingOf(state), bakeStartedAt, bakeUntil, confirmedAt: state.confirmedAt };
  if (!gate) return { ...bake, phase: 'baking' };
  const { deadlines } = state.plan;
  const seconds = gate === 'analysis' ? deadlines.analysisSeconds : deadlines.personSeconds;
  return { ...bake, phase: 'gated', gate, since: at, deadlineAt: at + seconds * 1000 };
}

function acceptAsIs(state: MovingState, by: string): RolloutState {
  return closed(state, 'cancelled', reasonOf('accepted_as_is', `${by} accepted the alias as it was found.`, by));
}

/** Its end would leave a write behind that nobody answers for; a restore takes that write's token away. */
function mayBeLetGo(state: MovingState, at: number): boolean {
  return isHeld(state) && mayLandUntil(state, at) === undefined;
}

export function isHeld(state: RolloutState): boolean {
  return state.phase === 'drifted' || state.phase === 'needs_human';
}

function closed(state: RolloutState, phase: 'cancelled' | 'superseded', reason: Reason): Cancelled | Superseded {
  if (isMoving(state)) {
    const { value: _lastConfirmed, ...rest } = endingOf(state);
    return { ...rest, ...leftAt(state), phase, reason };
  }
  return { kind: state.kind, plan: state.plan, phase, reason };
}

/** What the alias holds when nobody writes any more; not known while a write of ours has neither landed nor died. */
function leftAt(state: MovingState): { readonly value?: AliasValue } {
  if (state.phase === 'drifted') return { value: state.observed };
  return state.intents.length > 1 ? {} : { value: state.value };
}

function reasonOf(code: ReasonCode, sentence: string, by: string): Reason {
  return { code, sentence, by };
}
