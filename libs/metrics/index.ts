export { createCloudWatchEvidence } from './cloudwatch-evidence.js';
export type { EvidenceSource } from './evidence-source.js';
