import { z } from 'zod';

const arn = z.string().regex(/^arn:aws[a-z-]*:[^\s]{1,1024}$/, 'An ARN.');
const variableName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{1,255}$/, 'The name of an environment variable.');

/**
 * Changes on top of the stable version's configuration: what is not named stays as it is. `environment` is a change
 * too: a text sets a variable, `null` removes it, the others stay.
 */
export const configurationChange = z
  .strictObject({
    handler: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[^\s]+$/)
      .optional(),
    runtime: z
      .string()
      .regex(/^[a-z0-9.-]{1,64}$/)
      .optional(),
    role: arn.optional(),
    description: z.string().max(256).optional(),
    memorySize: z.int().min(128).max(32_768).optional(),
    timeoutSeconds: z.int().min(1).max(900).optional(),
    environment: z.record(variableName, z.string().max(4096).nullable()).optional(),
    layers: z.array(arn).max(5).optional(),
    tracing: z.enum(['Active', 'PassThrough']).optional(),
    ephemeralStorageMb: z.int().min(512).max(10_240).optional(),
    snapStart: z.enum(['None', 'PublishedVersions']).optional(),
    deadLetterArn: arn.nullable().optional(),
    kmsKeyArn: arn.nullable().optional(),
  })
  .refine((value) => Object.keys(value).length > 0, 'Name at least one member to change.')
  .meta({
    id: 'ConfigurationChange',
    description:
      'Changes on top of the stable version’s configuration. Members that are not named keep their value; in environment, a text sets a variable and null removes it.',
  });
