import type { z } from 'zod';
import type { createDeployment as contract } from '#contracts';
import { createPlan, type Plan } from '#rollout';
import { traceparent } from '#runtime';
import type { AcceptInput, DeploymentRequest, DeploymentRow, UnreadableDeployment } from '#store';
import { resolveArtifact } from '../artifacts/resolve-artifact.js';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { Identity } from '../keys/check-key.js';
import type { ApiParts } from '../parts.js';
import { targetReference, targetUnknown } from '../targets/find-target.js';
import { readSettings, type TargetSettings } from '../targets/target-settings.js';
import { acceptedOutcome } from './accepted.js';
import { idempotencyOf } from './idempotency.js';
import { resolveWish } from './resolve-wish.js';

type Request = z.output<typeof contract>;

/** `row`: as it was just written, or as it was just read for a request that is repeated; absent: it must be looked up. */
export interface Created {
  readonly id: string;
  readonly row: DeploymentRow | UnreadableDeployment | undefined;
}

/** Resolves what the request names, makes the plan, and accepts the deployment in one statement. */
export async function createDeployment(
  parts: ApiParts,
  identity: Identity,
  body: Request,
  idempotencyKey: string | undefined,
): Promise<Outcome<Created>> {
  const { projectId } = identity;
  const idempotency = idempotencyOf(idempotencyKey, { route: 'createDeployment', body });
  const known = body.artifact && 'id' in body.artifact ? body.artifact.id : undefined;
  const facts = await parts.store.deployments.acceptFacts({
    projectId,
    target: targetReference(body.target),
    artifactId: known,
    idempotencyKey,
  });
  const { repeated, target } = facts;
  // A repeated request finds its own deployment, whatever has become of target and artifact since.
  if (repeated && repeated.requestHash === idempotency?.requestHash)
    return granted({ id: repeated.deploymentId, row: repeated.row });
  if (repeated) return refused('idempotency_conflict', { deploymentId: repeated.deploymentId });
  if (!target) return targetUnknown(body.target);
  const settings = readSettings(target);
  const plan = planOf(body, settings);
  if (!plan.ok) return plan;
  if (body.probes && settings.probes?.safe !== true) {
    return refused('probes_not_safe', { detail: `The target ${target.name} is not marked safe to probe.` });
  }
  if (body.probes?.fromLog !== undefined && !settings.probeConsent) return refused('probes_not_recorded');
  const artifact =
    known !== undefined && facts.artifactId === known
      ? granted(known)
      : await resolveArtifact(parts.store, projectId, body.artifact);
  if (!artifact.ok) return artifact;
  const accepted = await parts.store.deployments.accept({
    projectId,
    targetId: target.id,
    policy: body.policy ?? target.policy,
    artifactId: artifact.value,
    plan: withProbes(plan.value, body.probes),
    probePayloads: body.probes?.payloads,
    request: requestOf(body),
    requestedBy: identity.name,
    traceParent: traceparent(),
    idempotency,
    at: facts.at,
  } satisfies AcceptInput);
  const id = acceptedOutcome(parts, accepted);
  if (!id.ok) return id;
  const written = accepted.kind === 'accepted' ? accepted.row : undefined;
  return granted({ id: id.value, row: written && { ...written, target } });
}

function planOf(body: Request, settings: TargetSettings): Outcome<Plan> {
  const { strategy, ...options } = resolveWish(body, settings);
  const result = createPlan(strategy, options);
  if (result.ok) return granted(result.plan);
  const { path, message } = result.problem;
  return refused('strategy_invalid', { detail: message, errors: [{ path, message }] });
}

/** The plan says how many payloads there are and how they are judged; what is in them stays apart. */
function withProbes(plan: Plan, probes: Request['probes']): Plan {
  if (!probes) return plan;
  const { payloads, fromLog, independent, slowerThan, ...rest } = probes;
  const options = {
    ...(slowerThan === undefined ? {} : { slowerThan }),
    ...(independent ? { independent: true as const } : {}),
    ...(fromLog === undefined ? {} : { fromLog: true as const }),
  };
  return { ...plan, probes: { ...rest, payloads: fromLog ?? payloads?.length ?? 0, ...options } };
}

function requestOf({ configuration, message, commit, despiteAlarms }: Request): DeploymentRequest {
  return {
    ...(configuration ? { configuration } : {}),
    ...(message === undefined ? {} : { message }),
    ...(commit === undefined ? {} : { commit }),
    ...(despiteAlarms ? { despiteAlarms } : {}),
  };
}
