import type { z } from 'zod';
import { asStrategy, type createDeployment as contract } from '#contracts';
import { createPlan, type Plan } from '#rollout';
import type { AcceptInput, DeploymentRequest } from '#store';
import { resolveArtifact } from '../artifacts/resolve-artifact.js';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { Identity } from '../keys/check-key.js';
import type { ApiParts } from '../parts.js';
import { findTarget } from '../targets/find-target.js';
import { readSettings, type TargetSettings } from '../targets/target-settings.js';
import { acceptedOutcome } from './accepted.js';
import { idempotencyOf } from './idempotency.js';

type Request = z.output<typeof contract>;

export const DEFAULT_STRATEGY = 'canary';

/** Resolves what the request names, makes the plan, and accepts the deployment in one statement. */
export async function createDeployment(
  parts: ApiParts,
  identity: Identity,
  body: Request,
  idempotencyKey: string | undefined,
): Promise<Outcome<string>> {
  const target = await findTarget(parts.store, identity.projectId, body.target);
  if (!target.ok) return target;
  const plan = planOf(body, readSettings(target.value));
  if (!plan.ok) return plan;
  const artifact = await resolveArtifact(parts.store, identity.projectId, body.artifact);
  if (!artifact.ok) return artifact;
  const accepted = await parts.store.deployments.accept({
    projectId: identity.projectId,
    targetId: target.value.id,
    policy: body.policy ?? target.value.policy,
    artifactId: artifact.value,
    plan: plan.value,
    request: requestOf(body),
    requestedBy: identity.name,
    idempotency: idempotencyOf(idempotencyKey, { route: 'createDeployment', body }),
  } satisfies AcceptInput);
  return acceptedOutcome(parts, accepted);
}

/** What the request does not say, the target says; what neither says is the default. */
function planOf(body: Request, settings: TargetSettings): Outcome<Plan> {
  const result = createPlan(asStrategy(body.strategy ?? settings.strategy ?? DEFAULT_STRATEGY), {
    deadlines: { ...settings.deadlines, ...body.deadlines } as NonNullable<
      Parameters<typeof createPlan>[1]
    >['deadlines'],
    onInconclusive: body.onInconclusive ?? settings.onInconclusive,
    analysis: analysisOf(body.analysis, settings.analysis),
  });
  if (result.ok) return granted(result.plan);
  const { path, message } = result.problem;
  return refused('strategy_invalid', { detail: message, errors: [{ path, message }] });
}

/** Overrides lie on top of the target's; `null` on either side is a decision, and the request's decision wins. */
function analysisOf(asked: Request['analysis'], usual: TargetSettings['analysis']): Plan['analysis'] | undefined {
  if (asked === null) return null;
  if (asked === undefined) return usual;
  return { ...usual, ...asked };
}

function requestOf({ configuration, message, commit }: Request): DeploymentRequest {
  return {
    ...(configuration ? { configuration } : {}),
    ...(message === undefined ? {} : { message }),
    ...(commit === undefined ? {} : { commit }),
  };
}
