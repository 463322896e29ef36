import { z } from 'zod';
import type { GateName, StrategyInput } from '#rollout';
import { every } from './every.js';

const MAX_BAKE_SECONDS = 604_800;

const bake = z
  .union([
    z.string().regex(/^(\d{1,9}[smhd]){1,4}$/, 'A bake is a duration such as 30s, 5m, 1h or 1h30m.'),
    z.int().min(1).max(MAX_BAKE_SECONDS),
  ])
  .meta({ id: 'Bake', description: 'How long a weight must hold: 30s, 5m, 1h, or seconds; 1 s to 7 days.' });

const weight = z.number().gt(0).lt(100);

export const gateName = z.enum(every<GateName>()(['analysis', 'approval'])).meta({ id: 'GateName' });
const gates = z.array(gateName).max(2).optional();

const explicitStrategy = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('all-at-once') }),
  z.strictObject({ type: z.literal('adaptive') }),
  z.strictObject({ type: z.literal('canary'), weightPercent: weight, bake, gates }),
  z.strictObject({ type: z.literal('linear'), stepPercent: weight, bake, gates }),
  z.strictObject({
    type: z.literal('steps'),
    steps: z.array(z.strictObject({ weight, bake, gates })).min(1).max(100),
  }),
]);

/** A strategy by its name, or written out. Whether it makes a plan is decided by `createPlan` of the rollout library. */
export const strategyInput = z.union([z.string().min(1).max(64), explicitStrategy]).meta({
  id: 'Strategy',
  description:
    'A named strategy (adaptive, canary, linear, Canary10Percent5Minutes, …) or explicit steps. Default: adaptive.',
});

/** The kinds of written-out strategies; each has its branch above. */
export const strategyTypes = every<Exclude<StrategyInput, string>['type']>()([
  'all-at-once',
  'adaptive',
  'canary',
  'linear',
  'steps',
]);

/** Fails to compile when the schema and the rollout library disagree about what a strategy is. */
export const asStrategy = (value: z.infer<typeof strategyInput>): StrategyInput => value;

export const deadlines = z
  .strictObject({
    prepareSeconds: z.int().min(10).max(7_200).optional(),
    analysisSeconds: z.int().min(1).max(MAX_BAKE_SECONDS).optional(),
    personSeconds: z.int().min(10).max(2_592_000).optional(),
  })
  .meta({
    id: 'Deadlines',
    description:
      'prepareSeconds: from the start until the canary version is active. analysisSeconds: how long an analysis gate waits for a verdict. personSeconds: how long a pause or an approval may last.',
  });

export const onInconclusive = z.enum(['rollback', 'hold']).meta({
  id: 'OnInconclusive',
  description: 'What happens when an analysis gate gets no verdict until its deadline.',
});
