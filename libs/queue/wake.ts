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

/**
 * `rollback` goes to the head of the line of jobs. `turn`: the deployment before it has just ended, so this one, whose
 * sequence is still that of its accept, may begin.
 */
export type WakeLane = 'rollback' | 'ordinary' | 'turn';

/**
 * The same wake-up always has the same id, so that arming it twice keeps one job. Only a turn that has come is no
 * repetition: an earlier wake-up of the same sequence may be in hand at this moment, finding that it has to wait.
 */
export function wakeJobId(wake: Wake, lane?: WakeLane): string {
  return `${wake.deploymentId}-${wake.sequence}${lane === 'turn' ? '-turn' : ''}`;
}
