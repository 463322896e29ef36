import { z } from 'zod';
import { analysisOverrides } from './analysis.js';
import { id, targetName, timestamp } from './fields.js';
import { alarmsAtStart, targetAlarms, targetMetrics } from './metrics.js';
import { targetProbes, targetProbesView } from './probes.js';
import { deadlines, onInconclusive, strategyInput } from './strategy.js';

export { alarmsAtStart, type TargetMetrics, targetAlarms, targetMetrics } from './metrics.js';

export const queuePolicy = z.enum(['queue', 'supersede', 'refuse']).meta({
  id: 'QueuePolicy',
  description:
    'A second deployment to a busy target waits (queue), waits and replaces the one that waits (supersede), or is refused.',
});

/** A name in the form of an id could hide another target: routes take either. */
const newTargetName = targetName.refine(
  (value) => !id.safeParse(value).success,
  'A name must not have the form of an id.',
);

/** What deployments to this target take when they do not say; also what the API keeps of it, and reads back. */
export const targetSettings = {
  strategy: strategyInput.optional(),
  deadlines: deadlines.optional(),
  onInconclusive: onInconclusive.optional(),
  analysis: analysisOverrides.nullable().optional(),
  metrics: targetMetrics.optional(),
  alarms: targetAlarms.optional(),
  alarmsAtStart: alarmsAtStart.optional(),
  probes: targetProbes.optional(),
};

const targetDefaults = { policy: queuePolicy.optional(), ...targetSettings };

/** What can be taken back. The policy for busy targets has no unset state: it is `queue` again when somebody says so. */
const resettable = z.enum(['strategy', 'deadlines', 'onInconclusive', 'analysis', 'metrics', 'alarms']);

const functionName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'A function’s name, not its ARN: up to 64 letters, digits, dashes, underscores.');
const aliasName = z
  .string()
  .regex(
    /^(?![0-9]+$)[a-zA-Z0-9_-]{1,128}$/,
    'An alias’s name has 1 to 128 letters, digits, dashes or underscores, not digits alone.',
  );

export const createTarget = z
  .strictObject({
    name: newTargetName,
    functionName,
    aliasName,
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'An AWS region such as eu-central-1.'),
    accountId: z.string().regex(/^\d{12}$/, 'An AWS account id has twelve digits.'),
    ...targetDefaults,
  })
  .meta({ id: 'CreateTarget' });
export type CreateTarget = z.input<typeof createTarget>;

/** What a target points at never changes: its history would speak of something else. */
export const updateTarget = z
  .strictObject({
    name: newTargetName.optional(),
    ...targetDefaults,
    reset: z
      .array(resettable)
      .min(1)
      .optional()
      .meta({ description: 'Members that go back to their defaults; one that is also set in this request is set.' }),
  })
  .refine((value) => Object.keys(value).length > 0, 'Name at least one thing to change.')
  .meta({ id: 'UpdateTarget' });
export type UpdateTarget = z.input<typeof updateTarget>;

export const targetView = z
  .object({
    id,
    name: z.string(),
    functionName: z.string(),
    aliasName: z.string(),
    region: z.string(),
    accountId: z.string(),
    policy: queuePolicy,
    strategy: strategyInput.nullable(),
    deadlines: deadlines.nullable(),
    onInconclusive: onInconclusive.nullable(),
    analysis: analysisOverrides.nullable(),
    metrics: targetMetrics.nullable(),
    alarms: targetAlarms,
    alarmsAtStart,
    probes: targetProbesView,
    analysisOff: z.boolean().meta({ description: 'The judge is switched off for this target.' }),
    activeDeploymentId: id.nullable(),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Target' });
export type TargetView = z.infer<typeof targetView>;
