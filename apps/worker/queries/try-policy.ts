import {
  type Backtest,
  backtest,
  defaultPolicy,
  type EvidenceBlock,
  type PolicyOverrides,
  profiles,
  resolvePolicy,
} from '#analysis';
import type { TargetRow } from '#store';
import type { WorkerParts } from '../parts.js';
import type { Refused } from './answer.js';

/** As many recorded rollouts as one answer looks at. */
const MOST_ROLLOUTS = 200;

/** Which of a target's recorded rollouts a policy would have stopped. */
export async function tryPolicy(
  parts: WorkerParts,
  target: TargetRow,
  overrides: PolicyOverrides & { readonly profile?: string },
): Promise<Backtest | Refused> {
  const { profile } = overrides;
  if (profile !== undefined && !Object.hasOwn(profiles, profile)) {
    return {
      refused: 'request_invalid',
      sentence: `No profile is called "${profile}". Known: ${Object.keys(profiles).join(', ')}.`,
    };
  }
  const base = profile === undefined ? defaultPolicy : profiles[profile as keyof typeof profiles];
  const recorded = await parts.store.deployments.recordedEvidence(target.id, MOST_ROLLOUTS);
  const rollouts = recorded.map(({ deploymentId, phase, blocks }) => ({
    id: deploymentId,
    blocks: blocks as EvidenceBlock[],
    ...(phase === 'succeeded'
      ? { ended: 'promoted' as const }
      : phase === 'rolled_back'
        ? { ended: 'rolled_back' as const }
        : {}),
  }));
  return backtest(rollouts, resolvePolicy(base, overrides));
}
