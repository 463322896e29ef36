import { addCounts, type Counts, type EvidenceBlock, noCounts, plausible } from './evidence.js';
import { appendEvidence, type EvidenceLog, newEvidenceLog } from './evidence-log.js';
import { advanceE, type GateSettings, type GateState, newGate, rollbackE, stepGate } from './gate.js';
import {
  type HistoryTestState,
  historyTestActive,
  historyTestE,
  newHistoryTest,
  type RecentMinute,
  stableUnhealthy,
  stepHistoryTest,
  unusualRate,
} from './history-test.js';
import { advanceMargin } from './margin.js';
import { countsOf, type MetricPlan, metricPlans } from './metrics.js';
import type { AnalysisPolicy } from './policy.js';
import { priorOf } from './process.js';
import { newSplit, type SplitState, stepSplit } from './split.js';

/**
 * Everything the judge remembers: plain JSON, a pure function of the blocks fed so far, so that a crash is repaired by
 * feeding the stored blocks again. Belongs to one candidate version; a new one starts from `newJudge`.
 */
export interface JudgeState {
  readonly blocks: number;
  /** Blocks that came late or twice: counted and shown, never fed. */
  readonly ignoredBlocks: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly weightPercent: number;
  /** Start of the first block at the present weight, and canary invocations since. */
  readonly weightSinceMs: number;
  readonly canaryAtWeight: number;
  /** End of the last block with a canary invocation; `firstMs` before there was one. */
  readonly lastCanaryMs: number;
  /** Traffic of the alias, frozen with the first block that saw any; 0 before. */
  readonly requestsPerSecond: number;
  readonly seen: Counts;
  /** One per metric of `metricPlans(policy)`, in that order. */
  readonly gates: readonly GateState[];
  readonly historyTest: HistoryTestState;
  /** Stable invocations and bad events of the last ten minutes, by minute. */
  readonly recentStable: readonly RecentMinute[];
  readonly highestRollbackE: number;
  readonly split: SplitState;
  /** What the excess interval is computed from. */
  readonly evidence: EvidenceLog;
}

export const newJudge: JudgeState = {
  blocks: 0,
  ignoredBlocks: 0,
  firstMs: 0,
  lastMs: 0,
  weightPercent: 0,
  weightSinceMs: 0,
  canaryAtWeight: 0,
  lastCanaryMs: 0,
  requestsPerSecond: 0,
  seen: noCounts,
  gates: [],
  historyTest: newHistoryTest,
  recentStable: [],
  highestRollbackE: 1,
  split: newSplit,
  evidence: newEvidenceLog,
};

const recentMs = 600_000;
const minuteMs = 60_000;

/** Feeds one settled block; one that begins before the last one ended is late or a repetition and changes nothing. */
export function stepJudge(state: JudgeState, given: EvidenceBlock, policy: AnalysisPolicy): JudgeState {
  if (state.blocks > 0 && given.startMs < state.lastMs) return { ...state, ignoredBlocks: state.ignoredBlocks + 1 };
  const block = plausible(given);
  const plans = metricPlans(policy);
  if (block.probes) return stepProbes(state, block, policy);
  const placed = place(state, block, policy);
  const errors = countsOf(block, plans[0] as MetricPlan, policy.throttlesAreBad);
  const requestsPerSecond = placed.requestsPerSecond;
  const gates = plans.map((plan, index) => {
    const counts = index === 0 ? errors : countsOf(block, plan, policy.throttlesAreBad);
    return stepGate(state.gates[index] ?? newGate, counts, gateSettings(plan, policy, requestsPerSecond));
  });
  const recentStable = rememberStable(state.recentStable, block, errors);
  const active = historyTestActive(policy, requestsPerSecond) && !stableUnhealthy(recentStable, policy.history);
  const historyTest =
    active && policy.history ? stepHistoryTest(state.historyTest, errors, policy.history) : state.historyTest;
  const next = {
    ...placed,
    seen: addCounts(state.seen, errors),
    gates,
    historyTest,
    recentStable,
    split: stepSplit(state.split, block.weightPercent, errors.stableCount, errors.canaryCount),
    evidence: remember(state, gates[0] ?? newGate),
  };
  return { ...next, highestRollbackE: Math.max(state.highestRollbackE, combinedRollbackE(next, policy)) };
}

/**
 * Outcomes of probes go into the error test alone: they are no traffic, so they say nothing about its pace, its split or
 * its time. Without a history the margin of the test is not known yet, and they are left out.
 */
function stepProbes(state: JudgeState, block: EvidenceBlock, policy: AnalysisPolicy): JudgeState {
  const plans = metricPlans(policy);
  const requestsPerSecond = policy.history?.requestsPerSecond ?? 0;
  if (state.blocks > 0 || requestsPerSecond <= 0) return state;
  const counts = countsOf(block, plans[0] as MetricPlan, policy.throttlesAreBad);
  const gates = plans.map((plan, index) => {
    const before = state.gates[index] ?? newGate;
    return index === 0 ? stepGate(before, counts, gateSettings(plan, policy, requestsPerSecond)) : before;
  });
  const next = { ...state, gates, evidence: remember(state, gates[0] ?? newGate) };
  return { ...next, highestRollbackE: Math.max(state.highestRollbackE, combinedRollbackE(next, policy)) };
}

/** Adds the block that the error gate has just closed, if it closed one. */
function remember(before: JudgeState, errors: GateState): EvidenceLog {
  const previous = before.gates[0] ?? newGate;
  if (errors.blocks === previous.blocks) return before.evidence;
  const closed = {
    stableCount: errors.totals.stableCount - previous.totals.stableCount,
    stableBad: errors.totals.stableBad - previous.totals.stableBad,
    canaryCount: errors.totals.canaryCount - previous.totals.canaryCount,
    canaryBad: errors.totals.canaryBad - previous.totals.canaryBad,
  };
  return appendEvidence(before.evidence, closed);
}

/** Time, weight and traffic after this block; nothing here looks at failures. */
function place(state: JudgeState, block: EvidenceBlock, policy: AnalysisPolicy): JudgeState {
  const first = state.blocks === 0;
  const firstMs = first ? block.startMs : state.firstMs;
  const sameWeight = !first && block.weightPercent === state.weightPercent;
  const canary = block.canary.invocations;
  const measured = (block.stable.invocations + canary) / Math.max(1e-3, (block.endMs - firstMs) / 1000);
  return {
    ...state,
    blocks: state.blocks + 1,
    firstMs,
    lastMs: Math.max(state.lastMs, block.endMs),
    weightPercent: block.weightPercent,
    weightSinceMs: sameWeight ? state.weightSinceMs : block.startMs,
    canaryAtWeight: (sameWeight ? state.canaryAtWeight : 0) + canary,
    lastCanaryMs: canary > 0 ? block.endMs : first ? block.startMs : state.lastCanaryMs,
    requestsPerSecond: state.requestsPerSecond || policy.history?.requestsPerSecond || measured,
  };
}

/** What the gate of one metric was set up with; the same for every block of a rollout. */
export function gateSettings(plan: MetricPlan, policy: AnalysisPolicy, requestsPerSecond: number): GateSettings {
  const history = policy.history;
  if (plan.threshold >= 0) {
    const quantile = policy.latency[plan.threshold]?.quantile ?? 0.99;
    const count = history?.invocations ?? 0;
    return {
      prior: priorOf(count, count * (1 - quantile)),
      rollbackNull: { ratio: 1, offset: 0 },
      advanceNull: { ratio: 1, offset: policy.latency[plan.threshold]?.margin ?? 0.02 },
      dispersion: history?.latencyDispersion ?? 1,
      ...unusualFrom(count, count * (1 - quantile)),
    };
  }
  return {
    prior: priorOf(history?.invocations ?? 0, history?.errors ?? 0),
    rollbackNull: policy.rollbackNull,
    advanceNull: {
      ratio: policy.advanceNull.ratio,
      offset: advanceMargin(policy.advanceNull.offset, requestsPerSecond),
    },
    dispersion: history?.dispersion ?? 1,
    ...unusualFrom(history?.invocations ?? 0, history?.errors ?? 0),
  };
}

function unusualFrom(count: number, bad: number): Pick<GateSettings, 'unusualRate'> {
  const rate = unusualRate(count, bad);
  return rate === undefined ? {} : { unusualRate: rate };
}

function rememberStable(recent: readonly RecentMinute[], block: EvidenceBlock, errors: Counts): RecentMinute[] {
  const minute = Math.floor(block.startMs / minuteMs);
  const kept = recent.filter((entry) => (entry.minute + 1) * minuteMs > block.endMs - recentMs);
  const last = kept.at(-1);
  if (last?.minute === minute) {
    const merged = { minute, count: last.count + errors.stableCount, bad: last.bad + errors.stableBad };
    return [...kept.slice(0, -1), merged];
  }
  return [...kept, { minute, count: errors.stableCount, bad: errors.stableBad }];
}

/** The rollback e-value of one metric; errors of quiet functions are also compared with history. */
export function metricRollbackE(state: JudgeState, index: number, policy: AnalysisPolicy): number {
  const concurrent = rollbackE(state.gates[index] ?? newGate);
  if (index > 0 || !historyTestActive(policy, state.requestsPerSecond)) return concurrent;
  const share = policy.historyTest.share;
  return (1 - share) * concurrent + share * historyTestE(state.historyTest);
}

/** The weighted mean over metrics: an e-value under any dependence between them. */
export function combinedRollbackE(state: JudgeState, policy: AnalysisPolicy): number {
  return metricPlans(policy).reduce((sum, plan, index) => sum + plan.share * metricRollbackE(state, index, policy), 0);
}

/** The smallest over metrics: a pass has to exclude a regression in each of them, which needs no correction. */
export function smallestAdvanceE(state: JudgeState): number {
  return state.gates.reduce((least, gate) => Math.min(least, advanceE(gate)), Number.POSITIVE_INFINITY);
}
