import type { Counts } from './evidence.js';
import { wilsonUpper } from './intervals.js';
import type { BakePolicy, RampPolicy } from './policy.js';

/**
 * Weights by harm budget: the canary gets as much traffic as an unknown failure may cost before it is rolled back.
 * All weights are percent; `requestsPerSecond` is the traffic of the alias.
 */

/** No excess is assumed to be smaller than this when the next weight is chosen (fraction of requests). */
const smallestExcess = 0.0025;

/** Requests that one rollout may harm. */
export function harmBudget(ramp: RampPolicy, requestsPerSecond: number): number {
  return Math.max(ramp.budgetMinimum, ramp.budgetPerRootRps * Math.sqrt(requestsPerSecond));
}

/** The weight a rollout begins with, when nothing is known of the canary. */
export function firstWeight(ramp: RampPolicy, requestsPerSecond: number): number {
  const seconds = ramp.reactionMs / 1000;
  return clampWeight((100 * harmBudget(ramp, requestsPerSecond)) / (requestsPerSecond * seconds), ramp);
}

/** What is known of the canary's errors when its next weight is chosen. */
export interface RampSeen {
  readonly errors: Readonly<Counts>;
  readonly stableRate: number;
  /** Requests that failed on the canary and would not have failed on the stable version, estimated. */
  readonly harmed: number;
  /** The weight all this was seen at. */
  readonly weightPercent: number;
}

/** The weight the remaining budget can pay for, given what has been seen of the canary. */
export function budgetWeight(ramp: RampPolicy, requestsPerSecond: number, seen: RampSeen): number {
  const { errors, stableRate, harmed, weightPercent } = seen;
  const budget = harmBudget(ramp, requestsPerSecond);
  const left = Math.max(budget - Math.max(harmed, 0), budget / 4);
  const excess = Math.max(wilsonUpper(errors.canaryBad, errors.canaryCount, 1.96) - stableRate, smallestExcess);
  const affordable = (100 * left) / (requestsPerSecond * (ramp.reactionMs / 1000) * excess);
  return clampWeight(Math.min(affordable, ramp.growthCap * weightPercent), ramp);
}

/** The weight of the holdback: quiet functions keep more on the stable version, or nothing would be left to compare. */
export function bakeWeight(bake: BakePolicy, requestsPerSecond: number): number {
  const wanted = 100 * (1 - 0.083 / requestsPerSecond);
  return roundWeight(Math.min(bake.maximumWeightPercent, Math.max(bake.minimumWeightPercent, wanted)));
}

function clampWeight(weight: number, ramp: RampPolicy): number {
  const bounded = Math.min(ramp.maximumWeightPercent, Math.max(ramp.minimumWeightPercent, weight));
  return roundWeight(bounded);
}

/** Three decimals, as weights have everywhere. */
function roundWeight(weight: number): number {
  return Math.round(weight * 1000) / 1000;
}
