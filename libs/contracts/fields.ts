import { z } from 'zod';

/** The small shapes that more than one request or answer uses. */
export const id = z.uuid().meta({ id: 'Id', description: 'A UUID that Sluice gave out.' });

export const timestamp = z.iso
  .datetime()
  .meta({ id: 'Timestamp', description: 'UTC, ISO 8601, milliseconds.', example: '2026-01-31T12:00:00.000Z' });

/** Lambda numbers versions from 1; `$LATEST` is not a version here. */
export const version = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, 'A version is a published number such as "7"; $LATEST is never one.')
  .meta({ id: 'Version', description: 'The number of a published Lambda version.', example: '7' });

export const targetName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,62}$/,
    'A target’s name has 1 to 63 lower-case letters, digits, dots, dashes or underscores and starts with a letter or digit.',
  )
  .meta({ id: 'TargetName', example: 'checkout' });

/** Where a target may be named: its name or its id (an id has the form of a name, so one pattern covers both). */
export const targetReference = targetName.meta({ id: 'TargetReference', description: 'A target’s name or id.' });

export const sha256Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'A SHA-256 digest is 64 lower-case hexadecimal digits.')
  .meta({ id: 'Sha256', description: 'SHA-256 as 64 lower-case hexadecimal digits.' });

export const weightPercent = z
  .number()
  .min(0)
  .max(100)
  .meta({ id: 'WeightPercent', description: 'Share of the traffic in percent, at most three decimals.', example: 10 });

/** One line of free text that people write: no control characters, so that it cannot split a log line or a terminal. */
export const freeText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/, 'Control characters and line breaks are not allowed here.');

/** What the column holds. */
export const MAX_SEQUENCE = 2_147_483_647;

export const sequence = z
  .int()
  .min(1)
  .max(MAX_SEQUENCE)
  .meta({ id: 'Sequence', description: 'Grows by one with every change of a deployment’s state.', example: 12 });

export const aliasValue = z
  .object({
    version: z.string(),
    canary: z.object({ version: z.string(), weightPercent }).optional(),
  })
  .meta({ id: 'AliasValue', description: 'What an alias holds: its primary version and at most one canary.' });
