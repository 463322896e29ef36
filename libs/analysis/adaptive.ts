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

export type AdaptiveAction =
  | { readonly kind: 'stay' }
  | { readonly kind: 'shift'; readonly weightPercent: number }
  | { readonly kind: 'promote' }
  | { readonly kind: 'rollback' }
  /** A person has to decide. */
  | { readonly kind: 'hold' };

export const newAdaptive: AdaptiveState = { stage: 'ramp', bakeSinceMs: null };

export interface AdaptiveInput {
  readonly decision: Decision & { readonly advice: WeightAdvice };
  readonly nowMs: number;
  readonly weightPercent: number;
}

/** One step after a verdict. */
export function stepAdaptive(
  state: AdaptiveState,
  input: AdaptiveInput,
  policy: AnalysisPolicy,
): { state: AdaptiveState; action: AdaptiveAction } {
  const { kind, reason } = input.decision;
  if (kind === 'fail') return { state, action: { kind: 'rollback' } };
  if (reason === 'no_data' || reason === 'split_mismatch') {
    return { state, action: { kind: policy.whenNoData === 'rollback' ? 'rollback' : 'hold' } };
  }
  if (state.stage === 'bake') return { state, action: bakeAction(state, input, policy) };
  if (kind === 'pass') return beginBake(input);
  if (kind === 'inconclusive') {
    const wish = policy.whenInconclusive;
    // While the stable version itself fails, "not worse" says too little to promote on without a person.
    if (wish === 'promote' && reason !== 'stable_unhealthy') return beginBake(input);
    return { state, action: { kind: wish === 'rollback' ? 'rollback' : 'hold' } };
  }
  return { state, action: rampAction(input) };
}

function rampAction({ decision, weightPercent }: AdaptiveInput): AdaptiveAction {
  const next = decision.advice.nextWeightPercent;
  if (next > weightPercent || (decision.advice.mayLower && next < weightPercent)) {
    return { kind: 'shift', weightPercent: next };
  }
  return { kind: 'stay' };
}

function beginBake({ decision, weightPercent, nowMs }: AdaptiveInput): {
  state: AdaptiveState;
  action: AdaptiveAction;
} {
  const wanted = Math.max(weightPercent, decision.advice.bakeWeightPercent);
  const state: AdaptiveState = { stage: 'bake', bakeSinceMs: nowMs };
  return { state, action: wanted > weightPercent ? { kind: 'shift', weightPercent: wanted } : { kind: 'stay' } };
}

/** Suspicion lengthens the bake, but never rolls back by itself: that alone would break the false-alarm promise. */
function bakeAction(state: AdaptiveState, input: AdaptiveInput, policy: AnalysisPolicy): AdaptiveAction {
  const baked = input.nowMs - (state.bakeSinceMs ?? input.nowMs);
  const { bakeMs, maximumBakeMs } = policy.bake;
  if (baked < bakeMs) return { kind: 'stay' };
  if (input.decision.suspicious && baked < Math.max(bakeMs, maximumBakeMs)) return { kind: 'stay' };
  return { kind: 'promote' };
}
