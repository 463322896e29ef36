import type { Decision } from './decide.js';
import type { AnalysisPolicy } from './policy.js';
import type { WeightAdvice } from './verdict.js';

/**
 * An adaptive rollout as a value: ramp by harm budget until a regression is excluded, hold a small share of traffic
 * back for a bake, promote. What to do with the weight after each verdict, and nothing else.
 */
export interface AdaptiveState {
  readonly stage: 'ramp' | 'bake';
  /** When the bake began, milliseconds; null during the ramp. */
  readonly bakeSinceMs: number | null;
}

export type AdaptiveMove =
  | { readonly kind: 'stay' }
  | { readonly kind: 'shift'; readonly weightPercent: number }
  | { readonly kind: 'promote' }
  | { readonly kind: 'rollback' }
  /** A person has to decide. */
  | { readonly kind: 'hold' };

export const newAdaptive: AdaptiveState = { stage: 'ramp', bakeSinceMs: null };

/** A decision with what an adaptive rollout needs to act on it. */
export interface AdvisedDecision extends Decision {
  readonly advice: WeightAdvice;
  /** End of the last block that was fed, milliseconds. */
  readonly evidenceUntilMs: number;
}

export interface AdaptiveInput {
  readonly decision: AdvisedDecision;
  readonly nowMs: number;
  readonly weightPercent: number;
}

/** One step after a verdict. */
export function stepAdaptive(
  state: AdaptiveState,
  input: AdaptiveInput,
  policy: AnalysisPolicy,
): { state: AdaptiveState; move: AdaptiveMove } {
  const { kind, reason } = input.decision;
  if (kind === 'fail') return { state, move: { kind: 'rollback' } };
  if (reason === 'no_data' || reason === 'split_mismatch') {
    return { state, move: { kind: policy.whenNoData === 'rollback' ? 'rollback' : 'hold' } };
  }
  if (state.stage === 'bake') return { state, move: bakeMove(state, input, policy) };
  if (kind === 'pass') return beginBake(input);
  if (kind === 'inconclusive') {
    const wish = policy.whenInconclusive;
    // Under suspicion, or while the stable version itself fails, time alone is no reason to promote without a person.
    const doubtful = input.decision.suspicious || reason === 'stable_unhealthy';
    if (wish === 'promote' && !doubtful) return beginBake(input);
    return { state, move: { kind: wish === 'rollback' ? 'rollback' : 'hold' } };
  }
  return { state, move: rampMove(input) };
}

/**
 * The period in which a weight changes is seen by nobody. A raise by less than this costs more evidence than the larger
 * share brings, and a call that another deployment may need.
 */
const worthARaise = 1.25;

function rampMove({ decision, weightPercent }: AdaptiveInput): AdaptiveMove {
  const next = decision.advice.nextWeightPercent;
  if (next >= worthARaise * weightPercent || (decision.advice.mayLower && next < weightPercent)) {
    return { kind: 'shift', weightPercent: next };
  }
  return { kind: 'stay' };
}

function beginBake({ decision, weightPercent, nowMs }: AdaptiveInput): {
  state: AdaptiveState;
  move: AdaptiveMove;
} {
  const wanted = Math.max(weightPercent, decision.advice.bakeWeightPercent);
  const state: AdaptiveState = { stage: 'bake', bakeSinceMs: nowMs };
  return { state, move: wanted > weightPercent ? { kind: 'shift', weightPercent: wanted } : { kind: 'stay' } };
}

/**
 * A bake lasts as long as it was watched: minutes without evidence do not count, or silence would promote. Suspicion
 * lengthens it, but never rolls back by itself: that alone would break the false-alarm promise.
 */
function bakeMove(state: AdaptiveState, input: AdaptiveInput, policy: AnalysisPolicy): AdaptiveMove {
  const baked = Math.min(input.nowMs, input.decision.evidenceUntilMs) - (state.bakeSinceMs ?? input.nowMs);
  const { bakeMs, maximumBakeMs } = policy.bake;
  if (baked < bakeMs) return { kind: 'stay' };
  if (input.decision.suspicious && baked < Math.max(bakeMs, maximumBakeMs)) return { kind: 'stay' };
  return { kind: 'promote' };
}
