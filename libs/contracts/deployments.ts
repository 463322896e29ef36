import { z } from 'zod';
import type { Action, DeploymentKind, Phase, ReasonCode, Succeeded, VerdictKind } from '#rollout';
import { analysisOverrides } from './analysis.js';
import { imageReference, s3Reference } from './artifacts.js';
import { configurationChange } from './configuration.js';
import { every } from './every.js';
import {
  aliasValue,
  freeText,
  id,
  sequence,
  sha256Hex,
  targetReference,
  timestamp,
  version,
  weightPercent,
} from './fields.js';
import { deploymentProbes } from './probes.js';
import { reasonCodes } from './reasons.js';
import { deadlines, gateName, onInconclusive, strategyInput } from './strategy.js';
import { queuePolicy } from './targets.js';

export const phases = every<Phase>()([
  'queued',
  'preparing',
  'shifting',
  'baking',
  'gated',
  'paused',
  'promoting',
  'rolling_back',
  'drifted',
  'needs_human',
  'succeeded',
  'rolled_back',
  'failed',
  'cancelled',
  'superseded',
  'target_gone',
]);
export const actions = every<Action>()([
  'promote',
  'pause',
  'resume',
  'abort',
  'cancel',
  'approve',
  'accept-as-is',
  'restore',
  'abandon',
]);
const results = every<Succeeded['result']>()(['promoted', 'nothing_to_do', 'restored']);
export const verdicts = every<VerdictKind>()(['pass', 'fail', 'continue', 'inconclusive']);
const kinds = every<DeploymentKind>()(['rollout', 'restore']);

export const phase = z.enum(phases).meta({ id: 'Phase' });
export const action = z.enum(actions).meta({ id: 'Action' });
export type ActionName = z.infer<typeof action>;

export const artifactReference = z
  .union([
    z.strictObject({ id }),
    z.strictObject({ sha256: sha256Hex }),
    z.strictObject({ s3: s3Reference }),
    imageReference,
  ])
  .meta({
    id: 'ArtifactReference',
    description: 'An uploaded artifact by id or digest, an S3 object with its version id, or a container image.',
  });

export const message = freeText(1000).meta({ description: 'Why, in the words of whoever asks.' });

export const createDeployment = z
  .strictObject({
    target: targetReference,
    artifact: artifactReference.optional(),
    configuration: configurationChange.optional(),
    strategy: strategyInput.optional(),
    deadlines: deadlines.optional(),
    onInconclusive: onInconclusive.optional(),
    analysis: analysisOverrides
      .nullable()
      .optional()
      .meta({ description: 'null switches the judge off for this deployment.' }),
    policy: queuePolicy.optional(),
    probes: deploymentProbes.optional(),
    despiteAlarms: z.boolean().optional().meta({
      description: 'Goes on although an alarm is red before any traffic has moved; that alarm is left out.',
    }),
    message: message.optional(),
    commit: z
      .string()
      .regex(/^[0-9a-f]{7,64}$/, 'A commit is 7 to 64 hexadecimal digits.')
      .optional(),
  })
  .refine((value) => value.artifact !== undefined || value.configuration !== undefined, {
    message: 'Give an artifact, a configuration, or both: otherwise there is nothing to deploy.',
    path: ['artifact'],
  })
  .meta({ id: 'CreateDeployment' });
export type CreateDeployment = z.input<typeof createDeployment>;

export const stepView = z
  .object({ weightPercent, bakeSeconds: z.number(), gates: z.array(gateName) })
  .meta({ id: 'Step' });

export const reasonView = z
  .object({
    code: z.enum(reasonCodes satisfies readonly ReasonCode[]),
    sentence: z.string(),
    remedy: z.string().optional().meta({ description: 'What to do about it, where there is something to do.' }),
    by: z.string().optional(),
  })
  .meta({ id: 'Reason' });

export const evidenceView = z
  .object({
    verdict: z.enum(verdicts),
    sentence: z.string(),
    numbers: z.record(z.string(), z.unknown()),
    at: timestamp,
  })
  .meta({ id: 'Evidence', description: 'The judge’s last look at the canary.' });

export const deploymentView = z
  .object({
    id,
    target: z.object({
      id,
      name: z.string(),
      functionName: z.string(),
      aliasName: z.string(),
      region: z.string(),
      accountId: z.string(),
    }),
    kind: z.enum(kinds),
    phase,
    sequence,
    ended: z.boolean(),
    result: z.enum(results).nullable(),
    reason: reasonView.nullable(),
    headline: z.string().meta({ description: 'One plain sentence: what is going on, and why.' }),
    strategy: z.string(),
    adaptive: z.boolean().meta({ description: 'The judge chooses the weights; there are no steps then.' }),
    steps: z.array(stepView),
    step: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: 'Index of the step being entered or held; null before and after.' }),
    stableVersion: z.string().nullable(),
    canaryVersion: z.string().nullable(),
    weightPercent: weightPercent.meta({ description: 'The canary’s share of the traffic as last confirmed.' }),
    alias: aliasValue.nullable().meta({ description: 'The alias as last confirmed.' }),
    gate: gateName.nullable().meta({ description: 'The gate being waited for.' }),
    bakeStartedAt: timestamp.nullable(),
    bakeUntil: timestamp.nullable(),
    deadlineAt: timestamp.nullable(),
    evidence: evidenceView.nullable(),
    rollbackPoint: z.object({ version: z.string() }).nullable(),
    restoreCommand: z
      .string()
      .nullable()
      .meta({ description: 'The AWS CLI command that puts the rollback point back without Sluice.' }),
    drift: z.object({ expected: aliasValue, observed: aliasValue, sentence: z.string() }).nullable(),
    trouble: z
      .object({ since: timestamp, sentence: z.string(), remedy: z.string() })
      .nullable()
      .meta({ description: 'Why it cannot go on, when that is neither a wait nor a decision of a person.' }),
    allowedActions: z.array(action),
    artifact: z.object({ id, kind: z.string(), sha256: z.string().nullable(), sizeBytes: z.number() }).nullable(),
    configurationChanges: z
      .array(z.string())
      .meta({ description: 'Names of the configuration members this deployment changes; never their values.' }),
    message: z.string().nullable(),
    commit: z.string().nullable(),
    requestedBy: z.string(),
    createdAt: timestamp,
    updatedAt: timestamp,
    endedAt: timestamp.nullable(),
    readAt: timestamp.meta({ description: 'Database time of this answer: count bakes down from here.' }),
  })
  .meta({ id: 'Deployment' });
export type DeploymentView = z.infer<typeof deploymentView>;

/** Promote and approve name the sequence the person saw, so that nobody promotes what has changed meanwhile. */
export const promoteRequest = z
  .strictObject({ sequence, step: z.boolean().optional().meta({ description: 'Only leave the present step.' }) })
  .meta({ id: 'PromoteRequest' });
export const approveRequest = z.strictObject({ sequence }).meta({ id: 'ApproveRequest' });
export const actRequest = z.strictObject({ message: message.optional() }).meta({ id: 'ActRequest' });

export const rollbackRequest = z
  .strictObject({ toVersion: version.optional(), toDeployment: id.optional(), message: message.optional() })
  .refine((value) => value.toVersion === undefined || value.toDeployment === undefined, {
    message: 'Name a version or a deployment, not both.',
    path: ['toDeployment'],
  })
  .meta({ id: 'RollbackRequest' });
export type RollbackRequest = z.input<typeof rollbackRequest>;

export const settleRequest = z
  .strictObject({ toVersion: version, message: message.optional() })
  .meta({ id: 'SettleRequest' });
export type SettleRequest = z.input<typeof settleRequest>;

export const rollbackPointView = z
  .object({
    version: z.string(),
    deploymentId: id,
    origin: z.enum(['published', 'base']).meta({
      description: 'published: the deployment introduced this version; base: it was live before the deployment.',
    }),
    at: timestamp,
  })
  .meta({ id: 'RollbackPoint' });
export type RollbackPointView = z.infer<typeof rollbackPointView>;
