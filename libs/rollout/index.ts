export { type AliasValue, describeAliasValue, formatWeight, sameAliasValue, weightOf } from './alias-value.js';
export {
  type AliasWrite,
  type Command,
  isWrite,
  nextCommand,
  stepValue,
  type WriteCommand,
} from './command.js';
export { formatDuration, MAX_BAKE_SECONDS, MIN_BAKE_SECONDS, parseDuration } from './duration.js';
export type {
  AcceptedEvent,
  Act,
  ActType,
  Fact,
  ProbeCounts,
  ProbesSeen,
  RampMove,
  RolloutEvent,
  VerdictKind,
} from './event.js';
export { type Action, actions, allowedActions, type GuardCode, type GuardContext, guard } from './guard.js';
export { isLate, LATE_MS } from './moving.js';
export {
  CAUTIOUS_FIRST_WEIGHT_PERCENT,
  DEFAULT_WATCH_SECONDS,
  type Deadlines,
  defaultDeadlines,
  type Gate,
  LATEST,
  type Plan,
  type ProbePlan,
  restorePlan,
  type Step,
} from './plan.js';
export { type AliasSeen, describeDrift, interpretAlias } from './read-alias.js';
export { beginRestore } from './restore.js';
export * from './state.js';
export {
  createPlan,
  type GateName,
  namedStrategies,
  type PlanOptions,
  type PlanProblem,
  type PlanResult,
  type StepInput,
  type StrategyInput,
} from './strategy.js';
export { type Transition, transition } from './transition.js';
export { mayLandUntil, WRITE_LANDS_WITHIN_MS } from './unanswered.js';
export { nextWakeAt } from './wake.js';
