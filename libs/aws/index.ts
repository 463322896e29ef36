export type { CallOptions, FunctionAddress } from './address.js';
export { type AliasReading, type AliasValue, sameAliasValue } from './alias.js';
export {
  type BudgetAnswer,
  type BudgetKey,
  type CallBudget,
  type CallBudgetOptions,
  type CallBudgetStore,
  createCallBudget,
  type Lane,
  type LaneRates,
  type Reservation,
} from './call-budget.js';
export { createMemoryCallBudgetStore } from './call-budget-memory.js';
export type { AwsConnection, AwsCredentials } from './clients.js';
export {
  type CloudWatchReader,
  type CloudWatchReaderOptions,
  createCloudWatchReader,
  type VersionMetricsRequest,
  type VersionPeriod,
} from './cloudwatch.js';
export {
  type ConfigurationDifference,
  configurationDifferences,
  type FunctionConfiguration,
} from './configuration.js';
export { MAX_DIRECT_UPLOAD_BYTES } from './download-code.js';
export type { Fault, FaultCause, FaultCode, Outcome, RetryClass } from './faults.js';
export type { FunctionReading, FunctionState, UpdateStatus } from './function-reading.js';
export {
  type CodeSource,
  createLambdaControl,
  type LambdaControl,
  type LambdaControlOptions,
  type RevisionFence,
} from './lambda-control.js';
export { JITTER_MS, nextSlot, slotSpacingMs } from './next-slot.js';
