export { createCloudWatchEvidence } from './cloudwatch-evidence.js';
export { type MetricsConfig, readMetricsConfig } from './config.js';
export { createDatadogEvidence } from './datadog-evidence.js';
export type { EvidenceSource } from './evidence-source.js';
export { createHttpEvidence } from './http-evidence.js';
export {
  type LoggedPayloads,
  readLoggedPayloads,
  whyNoPayloads,
} from './logged-payloads.js';
export { createLogsEvidence } from './logs-evidence.js';
export { createOutbound, type Outbound } from './outbound.js';
export { createPrometheusEvidence } from './prometheus-evidence.js';
export { reportInTail } from './read-report.js';
export { createUnusableEvidence } from './unusable-evidence.js';
export { type AlarmMemory, type AlarmsSeen, seeAlarms } from './watch-alarms.js';
