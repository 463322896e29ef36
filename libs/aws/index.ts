export type { CallOptions, FunctionAddress } from './address.js';
export { type AliasReading, type AliasValue, sameAliasValue } from './alias.js';
export type { AwsConnection, AwsCredentials } from './clients.js';
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
