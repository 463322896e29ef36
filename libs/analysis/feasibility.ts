import { newAdaptive, stepAdaptive } from './adaptive.js';
import { newGate, rollbackE, stepGate } from './gate.js';
import { decisionOf } from './judge.js';
import { gateSettings, newJudge, stepJudge } from './judge-state.js';
import { metricPlans } from './metrics.js';
import type { AnalysisPolicy } from './policy.js';
import { firstWeight } from './ramp.js';
import { percent } from './sentence.js';

/**
 * What an analysis can see before it starts, at this traffic. The real test is run on the counts that a regression of
 * a given size would bring, so the answer is the judge's own and not a rule of thumb.
 */
export interface FeasibilityInput {
  /** Traffic of the alias, requests per second, and the stable version's error rate (fraction). */
  readonly requestsPerSecond: number;
  readonly errorRate: number;
  /** Fixed steps, if the strategy has any. */
  readonly steps: readonly { readonly weightPercent: number; readonly bakeMs: number }[];
  /** Length of a period of the metric source, milliseconds, and how long after its end it is settled. */
  readonly periodMs: number;
  readonly settleMs: number;
}

export interface StepFeasibility {
  readonly weightPercent: number;
  readonly bakeMs: number;
  /** Canary invocations to expect by the end of the step, earlier steps included. */
  readonly canaryInvocations: number;
  /** Smallest canary error rate caught by the end of this step four times out of five; null when not even 1 is. */
  readonly smallestVisibleErrorRate: number | null;
  readonly sentence: string;
}

export interface AdaptiveFeasibility {
  readonly firstWeightPercent: number;
  /** Until a good version passes, and until it has all traffic; null when the policy's deadline comes first. */
  readonly passAfterMs: number | null;
  readonly doneAfterMs: number | null;
  /** Requests harmed by a version that fails every time. */
  readonly harmedByTotalFailure: number;
  readonly sentence: string;
}

export interface Feasibility {
  readonly steps: readonly StepFeasibility[];
  readonly adaptive: AdaptiveFeasibility;
  /** Plain sentences: what cannot be seen here and what to do about it. */
  readonly advice: readonly string[];
}

/** Caught four times out of five: counts are taken this many standard deviations below their mean. */
const unlucky = 0.8416;
const longestMs = 4 * 3_600_000;
const halvings = 30;

export function feasibility(input: FeasibilityInput, policy: AnalysisPolicy): Feasibility {
  const known = withTraffic(input, policy);
  const steps = input.steps.map((_, index) => stepFeasibility(input, index, known));
  const adaptive = adaptiveFeasibility(input, known);
  return { steps, adaptive, advice: adviceFor(input, steps, adaptive) };
}

/** The frozen history decides margin, budget and first bets; without one, what was told stands in for it. */
function withTraffic(input: FeasibilityInput, policy: AnalysisPolicy): AnalysisPolicy {
  if (policy.history) return policy;
  const invocations = Math.round(input.requestsPerSecond * 86_400);
  return {
    ...policy,
    history: {
      invocations,
      errors: Math.round(invocations * input.errorRate),
      requestsPerSecond: input.requestsPerSecond,
      dispersion: 1,
      latencyThresholdsMs: [],
    },
  };
}

function stepFeasibility(input: FeasibilityInput, index: number, policy: AnalysisPolicy): StepFeasibility {
  const steps = input.steps.slice(0, index + 1);
  const step = steps.at(-1) ?? { weightPercent: 0, bakeMs: 0 };
  const canaryInvocations = steps.reduce(
    (sum, each) => sum + (input.requestsPerSecond * each.bakeMs * each.weightPercent) / 100_000,
    0,
  );
  const caught = (rate: number) => caughtBySteps(input, steps, rate, policy);
  const smallest = caught(1) ? smallestCaught(caught, input.errorRate) : null;
  const what = `${weightText(step.weightPercent)} for ${minutes(step.bakeMs)}`;
  const sentence =
    smallest === null
      ? `${what} cannot even see a version that fails every request: it would get about ${Math.round(canaryInvocations)} of them`
      : `${what} can only see an error rate above ${percent(smallest)}`;
  return { ...step, canaryInvocations, smallestVisibleErrorRate: smallest, sentence };
}

function smallestCaught(caught: (rate: number) => boolean, errorRate: number): number {
  let [missed, seen] = [errorRate, 1];
  for (let round = 0; round < halvings; round++) {
    const middle = (missed + seen) / 2;
    if (caught(middle)) seen = middle;
    else missed = middle;
  }
  return seen;
}

/** Whether unlucky counts of a canary failing at `rate` reach the rollback threshold during the steps. */
function caughtBySteps(
  input: FeasibilityInput,
  steps: FeasibilityInput['steps'],
  rate: number,
  policy: AnalysisPolicy,
): boolean {
  const [plan] = metricPlans(policy);
  if (!plan) return false;
  const settings = gateSettings(plan, policy, input.requestsPerSecond);
  let gate = newGate;
  let [expected, fed] = [0, 0];
  for (const step of steps) {
    const periods = Math.floor(Math.max(0, step.bakeMs - input.settleMs) / input.periodMs);
    for (let period = 0; period < periods; period++) {
      const invocations = (input.requestsPerSecond * input.periodMs) / 1000;
      const canaryCount = (invocations * step.weightPercent) / 100;
      expected += canaryCount;
      // Whole counts in sum, spread as evenly as they come: a bad event is one request, never a fraction.
      const bad = Math.floor(Math.max(0, expected * rate - unlucky * Math.sqrt(expected * rate * (1 - rate))));
      const canaryBad = Math.min(canaryCount + gate.pending.canaryCount, bad - fed);
      fed += canaryBad;
      const stableCount = invocations - canaryCount;
      gate = stepGate(
        gate,
        { stableCount, stableBad: stableCount * input.errorRate, canaryCount, canaryBad },
        settings,
      );
      if (plan.share * rollbackE(gate) >= 1 / policy.falseRollbackOdds) return true;
    }
  }
  return false;
}

/** Without requests there is nothing to compare: what happens then is the policy's word, not arithmetic. */
function withoutTraffic({ noDataAfterMs, whenNoData }: AnalysisPolicy): AdaptiveFeasibility {
  const then = whenNoData === 'rollback' ? 'it is rolled back' : 'a person has to decide';
  const sentence = `an adaptive rollout waits for requests; after ${minutes(noDataAfterMs)} without one at the canary ${then}`;
  return { firstWeightPercent: 0, passAfterMs: null, doneAfterMs: null, harmedByTotalFailure: 0, sentence };
}

/** The adaptive rollout of a version that is exactly as good, on expected counts. */
function adaptiveFeasibility(input: FeasibilityInput, policy: AnalysisPolicy): AdaptiveFeasibility {
  const rps = input.requestsPerSecond;
  if (rps === 0) return withoutTraffic(policy);
  const first = firstWeight(policy.ramp, rps);
  let [state, adaptive, weight] = [newJudge, newAdaptive, first];
  let [passAfterMs, doneAfterMs]: [number | null, number | null] = [null, null];
  // A weight shows in the evidence only after a period and its settling; until then the one before is counted.
  for (let now = input.periodMs + input.settleMs; now <= longestMs && doneAfterMs === null; now += input.periodMs) {
    const from = now - input.periodMs - input.settleMs;
    const invocations = (rps * input.periodMs) / 1000;
    const canary = (invocations * weight) / 100;
    const block = {
      startMs: from,
      endMs: from + input.periodMs,
      weightPercent: weight,
      stable: { invocations: invocations - canary, errors: (invocations - canary) * input.errorRate },
      canary: { invocations: canary, errors: canary * input.errorRate },
    };
    state = stepJudge(state, block, policy);
    const decision = decisionOf(state, policy);
    const before = adaptive.stage;
    const step = stepAdaptive(adaptive, { decision, nowMs: now, weightPercent: weight }, policy);
    adaptive = step.state;
    if (before === 'ramp' && adaptive.stage === 'bake' && decision.kind === 'pass') passAfterMs = now;
    if (step.move.kind === 'shift') weight = step.move.weightPercent;
    if (step.move.kind === 'promote') doneAfterMs = now;
    if (step.move.kind === 'hold' || step.move.kind === 'rollback') break;
  }
  const harmedByTotalFailure = harmOfTotalFailure(input, first, policy);
  const when =
    passAfterMs === null
      ? 'reaches its deadline undecided'
      : `passes a good version after about ${minutes(passAfterMs)}`;
  const sentence = `an adaptive rollout ${when}; a total failure would harm about ${Math.ceil(harmedByTotalFailure)} requests`;
  return { firstWeightPercent: first, passAfterMs, doneAfterMs, harmedByTotalFailure, sentence };
}

/** Canary requests until a version that always fails is rolled back from the first weight. */
function harmOfTotalFailure(input: FeasibilityInput, weightPercent: number, policy: AnalysisPolicy): number {
  const perMs = (input.requestsPerSecond * weightPercent) / 100_000;
  for (let periods = 1; periods * input.periodMs <= longestMs; periods++) {
    const bakeMs = periods * input.periodMs + input.settleMs;
    if (caughtBySteps(input, [{ weightPercent, bakeMs }], 1, policy)) return perMs * bakeMs;
  }
  return perMs * longestMs;
}

/** A regression this large should not need luck to be seen. */
const worthSeeing = 0.05;
const probesAdvised = 20;

function adviceFor(
  input: FeasibilityInput,
  steps: readonly StepFeasibility[],
  adaptive: AdaptiveFeasibility,
): string[] {
  const advice: string[] = [];
  const last = steps.at(-1);
  const blind = last !== undefined && (last.smallestVisibleErrorRate ?? 1) > worthSeeing;
  if (blind && adaptive.passAfterMs !== null) {
    advice.push(`use the adaptive strategy, which needs about ${minutes(adaptive.passAfterMs)} here`);
  }
  if (blind || adaptive.passAfterMs === null || input.requestsPerSecond < 1) {
    advice.push(`add ${probesAdvised} probes: they see a version that always fails before any traffic does`);
  }
  if (input.requestsPerSecond === 0) advice.push('no traffic was seen: only probes can tell the versions apart');
  return advice;
}

function weightText(weightPercent: number): string {
  return percent(weightPercent / 100);
}

function minutes(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1000)} seconds`;
  return `${Math.round(ms / 60_000)} minutes`;
}
