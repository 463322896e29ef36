import { z } from 'zod';

export const healthView = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
export const readyView = z
  .object({
    status: z.enum(['ready', 'degraded', 'not_ready']),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), sentence: z.string() })),
  })
  .meta({ id: 'Ready' });
export type ReadyView = z.infer<typeof readyView>;

/** One thing that was looked at. What is not well says why that matters and what to do. */
export const findingView = z
  .object({
    name: z.string(),
    state: z.enum(['ok', 'warning', 'bad']),
    sentence: z.string(),
    why: z.string().optional(),
    remedy: z.string().optional(),
  })
  .meta({ id: 'Finding' });
export type FindingView = z.infer<typeof findingView>;

export const doctorView = z.object({ findings: z.array(findingView) }).meta({ id: 'Doctor' });
export type DoctorView = z.infer<typeof doctorView>;
