import type { AcceptResult } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';
import { type WakeParts, wake } from './wake.js';

/** The id to answer with, new or repeated; after a new one the worker is told. */
export function acceptedOutcome(
  parts: WakeParts,
  result: AcceptResult,
  lane: 'rollback' | 'ordinary' = 'ordinary',
): Outcome<string> {
  switch (result.kind) {
    case 'accepted':
      wake(parts, result.deploymentId, result.sequence, lane);
      return granted(result.deploymentId);
    case 'replayed':
      return granted(result.deploymentId);
    case 'idempotency_conflict':
      return refused('idempotency_conflict', { deploymentId: result.deploymentId });
    case 'target_busy':
      return refused('target_busy', { deploymentId: result.activeDeploymentId });
  }
}
