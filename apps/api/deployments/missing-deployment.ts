import type { Store } from '#store';
import { type Refusal, refused } from '../http/refusal.js';
import { isoTime } from './value-view.js';

/** Why there is no deployment with this id: there never was one here, or its history was pruned by policy. */
export async function missingDeployment(
  store: Pick<Store, 'retention'>,
  projectId: string,
  id: string,
): Promise<{ readonly ok: false; readonly refusal: Refusal }> {
  const pruned = await store.retention.pruned(projectId, id);
  if (!pruned) return refused('not_found', { detail: 'There is no deployment with this id.' });
  const { phase, endedAt, prunedAt } = pruned;
  const detail = `This deployment ended (${phase}) at ${isoTime(endedAt)}; its history was pruned at ${isoTime(prunedAt)}.`;
  return refused('deployment_pruned', { detail });
}
