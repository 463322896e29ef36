export {
  type AdaptiveInput,
  type AdaptiveMove,
  type AdaptiveState,
  newAdaptive,
  stepAdaptive,
} from './adaptive.js';
export {
  type Backtest,
  type BacktestRow,
  backtest,
  type ExplainedBlock,
  explain,
  type RecordedRollout,
} from './backtest.js';
export {
  addColdStarts,
  type ColdStarts,
  compareColdStarts,
  noColdStarts,
} from './cold-starts.js';
export { dispersion } from './dispersion.js';
export { logEValue, type NullLine, projectOntoNull, type RatePair } from './e-value.js';
export { countAbove, type DurationCounts, type EvidenceBlock, type VersionCounts } from './evidence.js';
export {
  type AdaptiveFeasibility,
  type Feasibility,
  type FeasibilityInput,
  feasibility,
  type StepFeasibility,
} from './feasibility.js';
export { type GateSettings, type GateState, newGate, rollbackE, stepGate } from './gate.js';
export { baselineHistory, type HistoryMinute, latencyThresholds } from './history.js';
export { decisionOf, type Judgement, judge, verdictOf } from './judge.js';
export { type JudgeState, newJudge, stepJudge } from './judge-state.js';
export { type Outlook, outlook } from './outlook.js';
export {
  type AnalysisPolicy,
  type BakePolicy,
  type BaselineHistory,
  defaultPolicy,
  type LatencyThresholdPolicy,
  type PolicyOverrides,
  type ProfileName,
  profiles,
  type RampPolicy,
  resolvePolicy,
} from './policy.js';
export {
  convicts,
  isSettled,
  isSlower,
  judgeProbes,
  median,
  PROBE_ATTEMPTS,
  type ProbeResult,
  type ProbeVerdict,
  probeBlock,
} from './probes.js';
export { firstWeight } from './ramp.js';
export { shapeOf } from './shape.js';
export type { SplitPolicy } from './split.js';
export { multinomialLog } from './split.js';
export type {
  MetricName,
  MetricNumbers,
  Verdict,
  VerdictNumbers,
  VerdictReason,
  VersionNumbers,
  WeightAdvice,
} from './verdict.js';
