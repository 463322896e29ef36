import { z } from 'zod';

export const healthView = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
export const readyView = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), sentence: z.string() })),
  })
  .meta({ id: 'Ready' });
export type ReadyView = z.infer<typeof readyView>;
