import { gammaln } from 'simple-statistics';

/**
 * Does the alias split traffic as configured? A sequential multinomial test (Lindon and Malek 2022): valid at every
 * look. Each weight begins a new test, because the expected share changes with it.
 */
export interface SplitState {
  readonly weightPercent: number;
  readonly stableCount: number;
  readonly canaryCount: number;
}

export const newSplit: SplitState = { weightPercent: 0, stableCount: 0, canaryCount: 0 };

export interface SplitPolicy {
  readonly enabled: boolean;
  /** Largest tolerated chance of calling a correct split wrong, every look at one weight included. */
  readonly falseAlarmOdds: number;
  /** How far the odds of being sent to the canary may be off, as a factor, before it matters. */
  readonly oddsFactor: number;
  /** … and by how many percentage points the share must differ at least. */
  readonly minimumPoints: number;
}

/** Concentration of the prior: large enough to notice small deviations, see the paper's default. */
const concentration = 100;

/**
 * Feeds the counts of one block. The first block at a weight only opens it: a changed alias takes seconds to reach every
 * caller, and that is no wrong split.
 */
export function stepSplit(state: SplitState, weightPercent: number, stable: number, canary: number): SplitState {
  if (weightPercent <= 0 || weightPercent >= 100) return state;
  if (weightPercent !== state.weightPercent) return { weightPercent, stableCount: 0, canaryCount: 0 };
  return { ...state, stableCount: state.stableCount + stable, canaryCount: state.canaryCount + canary };
}

/** Logarithm of the evidence against the configured split, at the present weight. */
export function splitLog(state: SplitState): number {
  const { weightPercent, stableCount, canaryCount } = state;
  if (weightPercent <= 0 || stableCount + canaryCount === 0) return 0;
  const share = weightPercent / 100;
  return multinomialLog([1 - share, share], [stableCount, canaryCount]);
}

/** Logarithm of the Bayes factor of "some other split" against `expected`, for the given counts. */
export function multinomialLog(expected: readonly number[], counts: readonly number[]): number {
  const posterior = expected.map((share, index) => concentration * share + (counts[index] ?? 0));
  const prior = expected.map((share) => concentration * share);
  const null_ = expected.reduce((sum, share, index) => sum + (counts[index] ?? 0) * Math.log(share), 0);
  return logBeta(posterior) - logBeta(prior) - null_;
}

function logBeta(parameters: readonly number[]): number {
  const total = parameters.reduce((sum, value) => sum + value, 0);
  return parameters.reduce((sum, value) => sum + gammaln(value), 0) - gammaln(total);
}

/** Whether the share seen at the present weight is wrong beyond chance and by enough to matter. */
export function splitMismatch(state: SplitState, policy: SplitPolicy): boolean {
  const total = state.stableCount + state.canaryCount;
  if (!policy.enabled || total === 0) return false;
  if (splitLog(state) < Math.log(1 / policy.falseAlarmOdds)) return false;
  const expected = state.weightPercent / 100;
  const seen = state.canaryCount / total;
  if (Math.abs(seen - expected) * 100 < policy.minimumPoints) return false;
  const factor = (seen * (1 - expected)) / (expected * Math.max(1 - seen, 1e-12));
  return factor > policy.oddsFactor || factor < 1 / policy.oddsFactor;
}
