import type { EvidenceSource } from './evidence-source.js';

/** A source that cannot be set up. It says so at every reading: with it a rollout stays undecided, it never passes. */
export function createUnusableEvidence(reason: string): EvidenceSource {
  return { read: async () => ({ ok: false, reason, retry: 'never', internal: reason }) };
}
