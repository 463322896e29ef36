import { createHash } from 'node:crypto';
import type { RouteName } from '#contracts';
import { type AcceptInput, canonicalJson, type Store } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';

/** The same key may only repeat the same request: the same route, the same target in the path, the same body. */
export function idempotencyOf(
  key: string | undefined,
  request: { readonly route: RouteName; readonly target?: string; readonly body: unknown },
): AcceptInput['idempotency'] {
  if (key === undefined) return undefined;
  return { key, requestHash: createHash('sha256').update(canonicalJson(request)).digest('hex') };
}

/**
 * What a key that was used before leads to. Asked before anything else where the answer depends on the present state
 * ("the version before this one"): a repeated request must find its own deployment, not be judged anew.
 */
export async function findRepeated(
  store: Pick<Store, 'pool'>,
  projectId: string,
  idempotency: AcceptInput['idempotency'],
): Promise<Outcome<string> | undefined> {
  if (!idempotency) return undefined;
  const { rows } = await store.pool.query<{ deployment_id: string; request_hash: string }>(
    'SELECT deployment_id, request_hash FROM idempotency_keys WHERE project_id = $1 AND key = $2',
    [projectId, idempotency.key],
  );
  const known = rows[0];
  if (!known) return undefined;
  if (known.request_hash === idempotency.requestHash) return granted(known.deployment_id);
  return refused('idempotency_conflict', { deploymentId: known.deployment_id });
}
