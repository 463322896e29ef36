export type { FunctionAddress } from './address.js';
export { type AlarmReader, type AlarmReading, createAlarmReader } from './alarms.js';
export type { AliasReading } from './alias.js';
export type { CallMade } from './call.js';
export { type CallBudget, createCallBudget, type Lane } from './call-budget.js';
export { createMemoryCallBudgetStore } from './call-budget-memory.js';
export {
  type CloudWatchReader,
  createCloudWatchReader,
  type VersionMetricsRequest,
  type VersionPeriod,
} from './cloudwatch.js';
export { configurationDifferences, type FunctionConfiguration } from './configuration.js';
export type { Fault, Outcome } from './faults.js';
export type { FunctionReading } from './function-reading.js';
export { createInvoker, type InvocationReading, type Invoker } from './invoke.js';
export { type CodeSource, createLambdaControl, type LambdaControl } from './lambda-control.js';
export { createLogsReader, type LogLine, type LogPages, type LogQuery, type LogsReader } from './logs.js';
export { type BucketObjects, openBucket } from './object-store.js';
