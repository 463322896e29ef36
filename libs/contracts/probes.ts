import { z } from 'zod';

/** Whether this target may be invoked for no other reason than to see whether a version works. */
export const targetProbes = z
  .strictObject({
    safe: z.boolean().meta({
      description: 'Invoking this function twice, or for nothing, does no harm. Without it no probe is ever sent.',
    }),
  })
  .meta({ id: 'TargetProbes' });

/** So that a request with all of them fits what the API reads. */
const MAX_PAYLOAD_BYTES = 96 * 1024;

export const deploymentProbes = z
  .strictObject({
    payloads: z
      .array(z.json())
      .min(1, 'Give at least one payload.')
      .max(100, 'At most 100 payloads.')
      .refine(
        (payloads) => new TextEncoder().encode(JSON.stringify(payloads)).length <= MAX_PAYLOAD_BYTES,
        'All payloads together have at most 96 KB.',
      ),
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
  })
  .meta({
    id: 'DeploymentProbes',
    description:
      'Payloads invoked on the stable and on the new version before the new one has any traffic. One that only the new version fails, three times out of three, ends the deployment. They are forgotten once they were sent.',
  });
