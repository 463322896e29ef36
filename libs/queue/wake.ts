import { z } from 'zod';

/** The one queue: every job in it says "look at this deployment", and nothing else. */
export const QUEUE_NAME = 'wakes';

/**
 * What a job carries. It is a hint: the row in Postgres decides whether there is anything to do, so a wake-up may be
 * lost, doubled, late or early without changing an outcome.
 */
export const wakeSchema = z.object({
  deploymentId: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^:]+$/, 'A queue id may not contain a colon.'),
  sequence: z.number().int().nonnegative(),
});

export type Wake = z.infer<typeof wakeSchema>;

/** The same wake-up always has the same id, so that arming it twice keeps one job. */
export function wakeJobId(wake: Wake): string {
  return `${wake.deploymentId}-${wake.sequence}`;
}
