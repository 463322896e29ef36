export { type CloudWatchEvidenceOptions, createCloudWatchEvidence } from './cloudwatch-evidence.js';
export type { EvidenceReading, EvidenceRequest, EvidenceSource } from './evidence-source.js';
