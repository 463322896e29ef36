import { type EvidenceBlock, type ExplainedBlock, explain } from '#analysis';
import type { DeploymentRow } from '#store';
import { measuringOf } from '../evidence.js';
import { policyOf, watchingOf } from '../judging.js';
import type { WorkerParts } from '../parts.js';
import type { Refused } from './answer.js';

export interface Explanation {
  readonly deploymentId: string;
  readonly profile: string;
  readonly verdict: string | null;
  readonly sentence: string | null;
  /** What the judge knew of the stable version before the first shift. */
  readonly baseline: { readonly requestsPerSecond: number; readonly errorRate: number } | null;
  readonly blocks: readonly ExplainedBlock[];
}

/** The judge once more over the very blocks it was fed: what it saw and said after each of them. */
export async function explainDeployment(parts: WorkerParts, row: DeploymentRow): Promise<Explanation | Refused> {
  if (row.kind === 'restore')
    return { refused: 'not_judged', sentence: 'A restore is one write; there was nothing to judge.' };
  const { history } = watchingOf(row.evidence);
  const policy = policyOf(row.state.plan, measuringOf(parts, row.target).periodSeconds, history);
  const blocks = (await parts.store.deployments.evidenceBlocks(row.id)) as EvidenceBlock[];
  const known = history && history.invocations > 0;
  return {
    deploymentId: row.id,
    profile: policy.profile,
    verdict: row.evidence?.verdict ?? null,
    sentence: row.evidence?.sentence ?? null,
    baseline: known
      ? { requestsPerSecond: history.requestsPerSecond, errorRate: history.errors / history.invocations }
      : null,
    blocks: explain(blocks, policy),
  };
}
