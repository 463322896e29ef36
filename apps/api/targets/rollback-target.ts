import type { z } from 'zod';
import type { rollbackRequest, settleRequest } from '#contracts';
import { traceparent } from '#runtime';
import type { TargetRow } from '#store';
import { acceptedOutcome } from '../deployments/accepted.js';
import { findRepeated, idempotencyOf } from '../deployments/idempotency.js';
import { type Outcome, refused } from '../http/refusal.js';
import type { Identity } from '../keys/check-key.js';
import type { ApiParts } from '../parts.js';
import { chooseVersion } from './choose-version.js';
import { findTarget } from './find-target.js';

type Rollback = z.output<typeof rollbackRequest>;
type Settle = z.output<typeof settleRequest>;

/** Puts an earlier version back: never queued, and what is in flight hands over to it. */
export async function rollbackTarget(
  parts: ApiParts,
  identity: Identity,
  reference: string,
  body: Rollback,
  idempotencyKey: string | undefined,
): Promise<Outcome<string>> {
  const target = await findTarget(parts.store, identity.projectId, reference);
  if (!target.ok) return target;
  const idempotency = idempotencyOf(idempotencyKey, { route: 'rollback', target: target.value.id, body });
  const repeated = await findRepeated(parts.store, identity.projectId, idempotency);
  if (repeated) return repeated;
  const version = await chooseVersion(parts.store, target.value, body);
  if (!version.ok) return version;
  return restore(parts, identity, target.value, version.value, body.message, idempotency);
}

/** For an alias that is weighted or on `$LATEST` and that no deployment is moving: one version gets everything. */
export async function settleTarget(
  parts: ApiParts,
  identity: Identity,
  reference: string,
  body: Settle,
  idempotencyKey: string | undefined,
): Promise<Outcome<string>> {
  const target = await findTarget(parts.store, identity.projectId, reference);
  if (!target.ok) return target;
  const idempotency = idempotencyOf(idempotencyKey, { route: 'settle', target: target.value.id, body });
  const repeated = await findRepeated(parts.store, identity.projectId, idempotency);
  if (repeated) return repeated;
  const active = await parts.store.deployments.activeOn(target.value.id);
  if (active) {
    const detail = 'A deployment is moving this alias: abort it, or roll back, instead of settling around it.';
    return refused('target_busy', { detail, deploymentId: active.id });
  }
  return restore(parts, identity, target.value, body.toVersion, body.message, idempotency);
}

async function restore(
  parts: ApiParts,
  identity: Identity,
  target: TargetRow,
  version: string,
  message: string | undefined,
  idempotency: ReturnType<typeof idempotencyOf>,
): Promise<Outcome<string>> {
  const accepted = await parts.store.deployments.acceptRestore({
    projectId: identity.projectId,
    targetId: target.id,
    version,
    request: { restoreTo: version, ...(message === undefined ? {} : { message }) },
    requestedBy: identity.name,
    traceParent: traceparent(),
    idempotency,
  });
  return acceptedOutcome(parts, accepted, 'rollback');
}
