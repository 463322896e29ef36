import { z } from 'zod';
import { timestamp } from './fields.js';

/** Whether this target may be invoked for no other reason than to see whether a version works. */
export const targetProbes = z
  .strictObject({
    safe: z.boolean().meta({
      description: 'Invoking this function twice, or for nothing, does no harm. Without it no probe is ever sent.',
    }),
    recordFromLog: z.boolean().optional().meta({
      description:
        'Consent that payloads which the function itself marks in its log are read and sent as probes. Who gave it and when is kept; safe: false takes it back.',
    }),
  })
  .refine(({ safe, recordFromLog }) => safe || recordFromLog !== true, {
    message: 'Payloads from the log are of no use on a target that may not be probed: give safe: true as well.',
    path: ['recordFromLog'],
  })
  .meta({ id: 'TargetProbes' });

/** Who allowed payloads to be read from the function's log, and when. */
export const probeConsent = z.object({ by: z.string(), at: timestamp }).meta({ id: 'ProbeConsent' });

export const targetProbesView = z
  .object({ safe: z.boolean(), recordFromLog: probeConsent.nullable() })
  .meta({ id: 'TargetProbesView' });

/** So that a request with all of them fits what the API reads. */
const MAX_PAYLOAD_BYTES = 96 * 1024;

const payloads = z
  .array(z.json())
  .min(1, 'Give at least one payload.')
  .max(100, 'At most 100 payloads.')
  .refine(
    (all) => new TextEncoder().encode(JSON.stringify(all)).length <= MAX_PAYLOAD_BYTES,
    'All payloads together have at most 96 KB.',
  );

/** How probes are judged, wherever their payloads come from. */
const judging = {
  compare: z.enum(['outcome', 'shape']).default('outcome').meta({
    description: 'shape: an answer with other members or types than the stable version’s is a failure as well.',
  }),
  timeoutSeconds: z.number().min(1).max(60).default(10),
  deadlineSeconds: z.number().min(5).max(600).default(120),
  slowerThan: z.number().gt(1).max(100).optional().meta({
    description: 'The canary fails when its median warm duration is above the stable version’s times this.',
  }),
  independent: z.boolean().optional().meta({
    description: 'The payloads are a sample of real requests, independent of each other: they count as evidence.',
  }),
  onInconclusive: z.enum(['fail', 'continue']).default('fail').meta({
    description: 'What happens when the probes prove nothing, because none succeeds on the stable version, say.',
  }),
};

export const deploymentProbes = z
  .strictObject({
    payloads: payloads.optional(),
    fromLog: z.number().int().min(1).max(100).optional().meta({
      description:
        'Instead of payloads: as many of the newest different ones that the function has marked in its log within a day.',
    }),
    ...judging,
  })
  .refine((probes) => (probes.payloads === undefined) !== (probes.fromLog === undefined), {
    message: 'Give either payloads or fromLog.',
    path: ['payloads'],
  })
  .meta({
    id: 'DeploymentProbes',
    description:
      'Payloads invoked on the stable and on the new version before the new one has any traffic. One that only the new version fails, three times out of three, ends the deployment. They are forgotten once they were sent.',
  });

/** What a policy file says about probes: of the target whether they may be sent, of a deployment how they are judged. */
export const policyProbes = z
  .strictObject({
    safe: z.boolean(),
    recordFromLog: z.boolean(),
    fromLog: z.number().int().min(1).max(100),
    compare: judging.compare.unwrap(),
    timeoutSeconds: judging.timeoutSeconds.unwrap(),
    deadlineSeconds: judging.deadlineSeconds.unwrap(),
    slowerThan: judging.slowerThan.unwrap(),
    independent: z.boolean(),
    onInconclusive: judging.onInconclusive.unwrap(),
  })
  .partial();
