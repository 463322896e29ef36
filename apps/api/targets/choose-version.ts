import { isEnd, isMoving } from '#rollout';
import type { DeploymentRow, Store, TargetRow } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';

export interface Wished {
  readonly toVersion?: string | undefined;
  readonly toDeployment?: string | undefined;
}

/**
 * The version a rollback goes to: the one that was named, if the target's history has it; the one a named deployment
 * left; otherwise the rollback point of the deployment in flight, or what was live before the last success.
 */
export async function chooseVersion(store: Store, target: TargetRow, wished: Wished): Promise<Outcome<string>> {
  const active = await store.deployments.activeOn(target.id);
  if (wished.toVersion !== undefined) return namedVersion(store, target, wished.toVersion, active);
  if (wished.toDeployment !== undefined) return leftByDeployment(store, target, wished.toDeployment);
  if (active?.kind === 'restore') {
    const detail = `Version ${active.request.restoreTo ?? '?'} is being put back already; to go elsewhere, name a version.`;
    return refused('target_busy', { detail, deploymentId: active.id });
  }
  const point = active && pointOf(active);
  if (point !== undefined) return granted(point);
  const known = await store.previousVersion(target.id);
  // A deployment that has not looked at the alias yet has moved nothing: stopping it keeps what is live.
  const version = active ? known?.live : known?.previous;
  if (version !== undefined && isNumber(version)) return granted(version);
  const detail = active ? 'The active deployment has not moved anything yet: abort it.' : undefined;
  return refused('no_rollback_point', { detail });
}

async function namedVersion(
  store: Store,
  target: TargetRow,
  version: string,
  active: DeploymentRow | undefined,
): Promise<Outcome<string>> {
  if (active && pointOf(active) === version) return granted(version);
  const points = await store.rollbackPoints(target.id);
  if (points.some((point) => point.version === version)) return granted(version);
  const known = points.map((point) => point.version).slice(0, 10);
  const choices = known.length > 0 ? `Known: ${known.join(', ')}.` : 'It has none yet.';
  return refused('version_not_in_history', {
    detail: `Version ${version} is no rollback point of ${target.name}. ${choices}`,
  });
}

/** What the alias held when that deployment had ended. */
async function leftByDeployment(store: Store, target: TargetRow, id: string): Promise<Outcome<string>> {
  const row = await store.deployments.get(target.projectId, id);
  const left = row && row.target.id === target.id && isEnd(row.state) ? row.state.value : undefined;
  if (!left || left.canary || !isNumber(left.version)) return refused('deployment_not_of_target', { deploymentId: id });
  return granted(left.version);
}

function pointOf({ state }: DeploymentRow): string | undefined {
  if (isMoving(state)) return state.point.version;
  return state.phase === 'preparing' ? state.captured?.point.version : undefined;
}

function isNumber(version: string): boolean {
  return /^[1-9]\d*$/.test(version);
}
