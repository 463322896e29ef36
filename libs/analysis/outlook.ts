import { type AdaptiveState, stepAdaptive } from './adaptive.js';
import { decisionOf } from './judge.js';
import { type JudgeState, stepJudge } from './judge-state.js';
import type { AnalysisPolicy } from './policy.js';
import { steadiedStableRate } from './signals.js';

/** What an adaptive rollout will do next, if the canary goes on as well as the stable version. */
export interface Outlook {
  readonly stage: AdaptiveState['stage'];
  /** The weight it would be given next, percent; null when the next move is the promotion, or none is in sight. */
  readonly nextWeightPercent: number | null;
  /** Until it would have all traffic, milliseconds; null when that is not in sight. */
  readonly leftMs: number | null;
  readonly suspicious: boolean;
}

export interface OutlookInput {
  readonly weightPercent: number;
  readonly nowMs: number;
  readonly periodMs: number;
  readonly settleMs: number;
}

/** As many periods are thought ahead: what lies beyond is "not in sight", and a look stays cheap. */
const HORIZON = 90;

/**
 * The rollout continued on expected counts: the same judge, the same ramp, and a canary exactly as good as what the
 * stable version has shown. An estimate for whoever looks on; it decides nothing.
 */
export function outlook(
  state: JudgeState,
  adaptive: AdaptiveState,
  policy: AnalysisPolicy,
  input: OutlookInput,
): Outlook {
  const { suspicious } = decisionOf(state, policy);
  if (adaptive.stage === 'bake') {
    const { bakeMs, maximumBakeMs } = policy.bake;
    const wanted = suspicious ? Math.max(bakeMs, maximumBakeMs) : bakeMs;
    const baked = Math.min(input.nowMs, state.lastMs) - (adaptive.bakeSinceMs ?? input.nowMs);
    return { stage: 'bake', nextWeightPercent: null, leftMs: Math.max(0, wanted - baked), suspicious };
  }
  const { nextWeightPercent, passAfterMs } = ramp(state, adaptive, policy, input);
  const tail = policy.bake.bakeMs + input.periodMs + input.settleMs;
  return { stage: 'ramp', nextWeightPercent, leftMs: passAfterMs === null ? null : passAfterMs + tail, suspicious };
}

function ramp(from: JudgeState, adaptive: AdaptiveState, policy: AnalysisPolicy, input: OutlookInput) {
  const { periodMs, settleMs } = input;
  const rps = from.requestsPerSecond;
  const rate = steadiedStableRate(from, policy, 0);
  let [state, weight, now]: [JudgeState, number, number] = [from, input.weightPercent, input.nowMs];
  let nextWeightPercent: number | null = null;
  for (let period = 0; period < HORIZON && rps > 0; period++) {
    const moved = state.weightPercent !== weight;
    // A new weight shows only in a whole period after the shift; until then a period goes by unseen.
    now += moved ? 2 * periodMs : periodMs;
    const count = (rps * periodMs) / 1000;
    const canary = (count * weight) / 100;
    const version = (invocations: number) => ({ invocations, errors: invocations * rate });
    const startMs = Math.max(state.lastMs, now - periodMs - settleMs);
    const block = { startMs, endMs: startMs + periodMs, weightPercent: weight };
    state = stepJudge(state, { stable: version(count - canary), canary: version(canary), ...block }, policy);
    const { move, state: next } = stepAdaptive(
      adaptive,
      { decision: decisionOf(state, policy), nowMs: now, weightPercent: weight },
      policy,
    );
    if (move.kind === 'hold' || move.kind === 'rollback') break;
    if (move.kind === 'shift') nextWeightPercent ??= move.weightPercent;
    if (next.stage === 'bake') return { nextWeightPercent, passAfterMs: now - input.nowMs };
    if (move.kind === 'shift') weight = move.weightPercent;
  }
  return { nextWeightPercent, passAfterMs: null };
}
