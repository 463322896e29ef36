import type { Fact } from './event.js';
import type { Baking, EndState, Gated, Moving, MovingState, Paused, Reason, RolloutState, WriteName } from './state.js';
import { unanswered } from './unanswered.js';

type FactOf<T extends Fact['type']> = Extract<Fact, { readonly type: T }>;

/**
 * A wake-up this much after the end of a bake is late: the alias is confirmed before the step is left, because nobody
 * looked for that long.
 */
export const LATE_MS = 15_000;

/** Facts in the phases that can move traffic. */
export function applyMovingFact(state: MovingState, event: Fact): RolloutState | undefined {
  switch (event.type) {
    case 'ClaimTaken':
      return onClaim(state, event);
    case 'OutcomeUnknown':
      return state.claim && !state.claim.unresolved
        ? { ...state, claim: { ...state.claim, unresolved: true } }
        : undefined;
    case 'WriteDeferred':
      return state.claim ? unclaimed(state) : undefined;
    case 'WeightShifted':
      return state.phase === 'shifting' ? enterBake(confirmed(state, event), event.at, state.pauseAsked) : undefined;
    case 'Promoted':
      return state.phase === 'promoting' ? end(confirmed(state, event), 'succeeded') : undefined;
    case 'Restored':
      return state.phase === 'rolling_back' ? onRestored(state, event) : undefined;
    case 'AliasConfirmed':
      return onConfirmed(state, event);
    case 'AliasDrifted':
      return onDrifted(state, event);
    case 'WriteRefused':
      return onRefused(state, event.reason);
    case 'TargetVanished':
      return { phase: 'target_gone', ...ending(state), reason: event.reason };
    case 'Watched':
      return isBakeState(state) ? onWatched(state, event) : undefined;
    default:
      return undefined;
  }
}

/** A write is claimed only in the phase whose write it is: nothing is ever sent during a bake or a drift. */
const CLAIMED_IN: Partial<Record<MovingState['phase'], WriteName>> = {
  shifting: 'ShiftWeight',
  promoting: 'Promote',
  rolling_back: 'Restore',
};

function onClaim(state: MovingState, event: FactOf<'ClaimTaken'>): RolloutState | undefined {
  const { wanted } = event;
  if (event.command !== CLAIMED_IN[state.phase]) return undefined;
  if (state.claim || !wanted || event.token !== state.revisionId) return undefined;
  return {
    ...state,
    claim: { command: event.command, token: event.token, wanted },
    intents: [...state.intents, wanted],
  };
}

function onRestored(state: Extract<MovingState, { phase: 'rolling_back' }>, event: FactOf<'Restored'>): EndState {
  const restored = confirmed(state, event);
  if (state.kind === 'restore')
    return { phase: 'succeeded', ...ending(restored), result: 'restored', reason: state.reason };
  return { phase: 'rolled_back', ...ending(restored), reason: state.reason, point: state.point };
}

/**
 * The alias was read and holds one of our values. A claim is given back; what may still land is remembered only while
 * the token it names is alive.
 */
function onConfirmed(state: MovingState, event: FactOf<'AliasConfirmed'>): RolloutState | undefined {
  if (state.phase === 'drifted' || state.phase === 'needs_human') return undefined;
  if (isBakeState(state)) {
    const restarts = event.revisionId !== state.revisionId && isLate(state, event.at);
    const known = { ...confirmed(state, event), confirmedAt: event.at };
    return restarts ? { ...known, bakeStartedAt: event.at, bakeUntil: event.at + bakeMs(state) } : known;
  }
  if (!state.claim) return undefined;
  return event.revisionId === state.claim.token ? unanswered(state, event.at) : confirmed(state, event);
}

function onDrifted(state: MovingState, event: FactOf<'AliasDrifted'>): RolloutState | undefined {
  if (state.phase === 'drifted' || state.phase === 'needs_human') return undefined;
  const { expected, observed, observedRevisionId } = event;
  // Whoever moved the alias took the token away, and with it all that was still under way.
  const { unansweredAt: _dead, ...rest } = movingOf(state);
  return { phase: 'drifted', ...rest, expected, observed, observedRevisionId };
}

/**
 * A refused shift turns back; a refused restore needs a person. Only a restore may fail and leave the alias as it is,
 * and only where everybody is on one version as last confirmed and no write of ours is still out: whoever took over a
 * rollout half-way is the last to care for the canary's traffic, at the first refusal and at every later one.
 */
function onRefused(state: MovingState, reason: Reason): RolloutState | undefined {
  if (state.phase === 'shifting' || state.phase === 'promoting') return rollBack(state, reason);
  if (state.phase !== 'rolling_back') return undefined;
  const nobodyOnCanary = state.kind === 'restore' && state.intents.length <= 2 && !state.value.canary;
  if (nobodyOnCanary) return { phase: 'failed', ...ending(state), reason };
  return { phase: 'needs_human', ...movingOf(state), reason };
}

/** One look at a live canary: the judge's word, the bake, the gates and the deadlines, in this order. */
function onWatched(state: Baking | Gated | Paused, event: FactOf<'Watched'>): RolloutState | undefined {
  if (event.verdict === 'fail') return rollBack(state, { code: 'verdict_failed', sentence: event.sentence });
  if (state.phase === 'paused') {
    if (event.at < state.deadlineAt) return state;
    return rollBack(state, {
      code: 'pause_deadline',
      sentence: 'The pause lasted until its deadline and nobody resumed.',
    });
  }
  if (state.phase === 'gated') return onGateWatched(state, event);
  if (state.plan.adaptive) return onRamp(state, event);
  if (event.at < state.bakeUntil || isLate(state, event.at)) return state;
  return passGates(state, event.at, event.verdict, undefined);
}

/** An adaptive plan goes where the evidence allows: further up, down under suspicion, or to the end. */
function onRamp(state: Baking | Gated, { ramp, at, sentence }: FactOf<'Watched'>): RolloutState {
  switch (ramp?.kind) {
    case 'shift': {
      if (ramp.weightPercent === state.weightTarget) return state;
      return { phase: 'shifting', ...movingOf(state), step: state.step + 1, weightTarget: ramp.weightPercent };
    }
    case 'promote':
      return { phase: 'promoting', ...movingOf(state) };
    case 'rollback':
      return rollBack(state, { code: 'inconclusive', sentence: `The evidence stayed inconclusive: ${sentence}` });
    case 'hold': {
      if (state.phase === 'gated') return state;
      const deadlineAt = at + state.plan.deadlines.personSeconds * 1000;
      return {
        phase: 'gated',
        ...movingOf(state),
        ...bakeOf(state),
        gate: 'analysis',
        since: at,
        deadlineAt,
        held: true,
      };
    }
    default:
      return state;
  }
}

function onGateWatched(state: Gated, event: FactOf<'Watched'>): RolloutState {
  if (state.plan.adaptive) {
    const moved = onRamp(state, event);
    if (moved !== state || event.at < state.deadlineAt) return moved;
  }
  if (state.gate === 'analysis' && event.verdict === 'pass' && !state.plan.adaptive)
    return passGates(state, event.at, 'pass', 'analysis');
  if (event.at < state.deadlineAt) return state;
  if (state.gate === 'approval') {
    return rollBack(state, { code: 'approval_deadline', sentence: 'Nobody approved before the deadline.' });
  }
  if (state.plan.onInconclusive === 'hold' && !state.held) {
    return { ...state, held: true, deadlineAt: state.since + state.plan.deadlines.personSeconds * 1000 };
  }
  return rollBack(state, { code: 'inconclusive', sentence: `The evidence stayed inconclusive: ${event.sentence}` });
}

/** Leaves the step through its gates in their order; `passed` is the gate that has just been satisfied. */
export function passGates(
  state: Baking | Gated | Paused,
  at: number,
  verdict: FactOf<'Watched'>['verdict'],
  passed: Gated['gate'] | undefined,
): RolloutState {
  const gates = state.plan.steps[state.step]?.gates ?? [];
  const from = passed === undefined ? 0 : gates.findIndex((gate) => gate.kind === passed) + 1;
  for (const { kind } of gates.slice(from)) {
    if (kind === 'analysis' && verdict === 'pass') continue;
    const { deadlines } = state.plan;
    const seconds = kind === 'analysis' ? deadlines.analysisSeconds : deadlines.personSeconds;
    return {
      phase: 'gated',
      ...movingOf(state),
      ...bakeOf(state),
      gate: kind,
      since: at,
      deadlineAt: at + seconds * 1000,
    };
  }
  return advance(state);
}

/** To the next step, or to the promotion when there is none. */
export function advance(state: MovingState): RolloutState {
  const step = state.step + 1;
  return { phase: step >= state.plan.steps.length ? 'promoting' : 'shifting', ...movingOf(state), step };
}

/** From any phase that can move traffic; an unresolved write stays among the intents until the restore has landed. */
export function rollBack(state: MovingState, reason: Reason): RolloutState {
  return { phase: 'rolling_back', ...movingOf(state), reason };
}

function enterBake(state: MovingState, at: number, pauseAsked: { by: string } | undefined): RolloutState {
  const bake = { bakeStartedAt: at, bakeUntil: at + bakeMs(state), confirmedAt: at };
  if (!pauseAsked) return { phase: 'baking', ...movingOf(state), ...bake };
  const deadlineAt = at + state.plan.deadlines.personSeconds * 1000;
  return { phase: 'paused', ...movingOf(state), ...bake, by: pauseAsked.by, since: at, deadlineAt };
}

/** Whether nobody has looked at the alias since well before the bake ended. */
export function isLate(state: Baking | Gated | Paused, at: number): boolean {
  if (state.plan.adaptive) return false;
  return state.phase === 'baking' && at > state.bakeUntil + LATE_MS && state.confirmedAt < state.bakeUntil + LATE_MS;
}

export function isBakeState(state: MovingState): state is Baking | Gated | Paused {
  return state.phase === 'baking' || state.phase === 'gated' || state.phase === 'paused';
}

function bakeMs(state: Moving): number {
  return (state.plan.steps[state.step]?.bakeSeconds ?? 0) * 1000;
}

function bakeOf({ bakeStartedAt, bakeUntil, confirmedAt }: Baking | Gated | Paused) {
  return { bakeStartedAt, bakeUntil, confirmedAt };
}

function confirmed<S extends MovingState>(state: S, { value, revisionId }: Pick<Moving, 'value' | 'revisionId'>): S {
  const { unansweredAt, ...rest } = unclaimed(state);
  const alive = unansweredAt !== undefined && revisionId === state.revisionId ? { unansweredAt } : {};
  return { ...rest, ...alive, value, revisionId, intents: [value] } as unknown as S;
}

function unclaimed<S extends MovingState>(state: S): S {
  const { claim: _given, ...rest } = state;
  return rest as S;
}

/** The part that survives a change of phase; a claim does not: what it may still do is told by `unanswered` before. */
export function movingOf(state: MovingState): Moving {
  const { kind, plan, point, canary, revisionId, value, intents, step, weightTarget, unansweredAt } = state;
  const target = weightTarget === undefined ? {} : { weightTarget };
  const out = unansweredAt === undefined ? {} : { unansweredAt };
  return { kind, plan, point, canary, revisionId, value, intents, step, ...target, ...out };
}

function end(state: MovingState, phase: 'succeeded'): EndState {
  return { phase, ...ending(state), result: 'promoted' };
}

export function ending(state: MovingState) {
  const { kind, plan, point, canary, value } = state;
  return { kind, plan, point, canary, value };
}
