import { type EvidenceBlock, type ExplainedBlock, explain } from '#analysis';
import type { ProbesSeen } from '#rollout';
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
  /** What the probes showed before any traffic; null when there were none, or they have not spoken yet. */
  readonly probes: ProbesSeen | null;
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
    probes: row.state.plan.probes ? await probesOf(parts, row.id) : null,
    blocks: explain(blocks, policy),
  };
}

/** Probes speak while a deployment is being prepared: their word stands among its first events. */
const PREPARING_EVENTS = 200;

async function probesOf(parts: WorkerParts, deploymentId: string): Promise<ProbesSeen | null> {
  const events = await parts.store.events.after(deploymentId, 0, PREPARING_EVENTS);
  for (const { data } of events) {
    if (data.type !== 'Probed') continue;
    const { type: _type, at: _at, ...seen } = data;
    return seen;
  }
  return null;
}
