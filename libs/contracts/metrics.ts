import { z } from 'zod';
import { alarmName } from './alarms.js';

/** The names a query may hold between `{{` and `}}`; replaced as they stand, there is no expression language. */
const PLACEHOLDERS = [
  'function',
  'alias',
  'version',
  'region',
  'account',
  'window',
  'windowSeconds',
  'thresholdMs',
  'thresholdSeconds',
  'quantile',
];

const queryTemplate = z
  .string()
  .min(1)
  .max(2_000)
  .refine(
    (text) => [...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].every(([, name]) => PLACEHOLDERS.includes(name ?? '')),
    `Between {{ and }} stands one of: ${PLACEHOLDERS.join(', ')}.`,
  );

const queries = z
  .strictObject({
    invocations: queryTemplate,
    errors: queryTemplate,
    durations: z.strictObject({ count: queryTemplate, above: queryTemplate, quantileMs: queryTemplate }).optional(),
  })
  .meta({
    id: 'MetricsQueries',
    description:
      'Queries per version. {{function}}, {{alias}}, {{version}}, {{window}} and the like are replaced by plain names. `errors` must answer zero, not nothing, when none failed.',
  });

/** A prefix of their own: otherwise settings could name any secret of the worker and have it sent anywhere. */
const secretVariable = z
  .string()
  .regex(
    /^SLUICE_METRICS_SECRET_[A-Z0-9_]{1,64}$/,
    'The name of a variable in the worker’s environment: SLUICE_METRICS_SECRET_ and capitals, digits, underscores.',
  );

const address = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((value) => !/^https?:\/\/[^/]*@/.test(value), 'An address must not hold credentials.');

/** How evidence is cut, whatever the source. */
const pace = {
  periodSeconds: z.int().min(1).max(3_600).optional(),
  settleSeconds: z.number().min(0).max(3_600).optional(),
};

export const targetMetrics = z
  .discriminatedUnion('source', [
    z.strictObject({ source: z.literal('cloudwatch'), ...pace }),
    z.strictObject({
      source: z.literal('logs'),
      logGroup: z
        .string()
        .regex(/^[a-zA-Z0-9_./#-]{1,512}$/)
        .optional(),
      textRuntime: z.enum(['nodejs', 'python']).optional(),
      coldStartsSlowerThan: z.number().gt(1).max(100).optional().meta({
        description:
          'Rolls back when the new version’s initialisation takes this many times as long as the stable one’s. Without it slower cold starts are only told.',
      }),
      ...pace,
    }),
    z.strictObject({
      source: z.literal('prometheus'),
      url: address,
      queries,
      bearerTokenVariable: secretVariable.optional(),
      ...pace,
    }),
    z.strictObject({
      source: z.literal('datadog'),
      site: z.enum([
        'datadoghq.com',
        'us3.datadoghq.com',
        'us5.datadoghq.com',
        'datadoghq.eu',
        'ap1.datadoghq.com',
        'ap2.datadoghq.com',
        'ddog-gov.com',
      ]),
      queries,
      apiKeyVariable: secretVariable,
      applicationKeyVariable: secretVariable,
      ...pace,
    }),
    z.strictObject({
      source: z.literal('http'),
      url: address,
      bearerTokenVariable: secretVariable.optional(),
      ...pace,
    }),
  ])
  .meta({ id: 'TargetMetrics', description: 'Where the evidence about this target’s versions comes from.' });
export type TargetMetrics = z.infer<typeof targetMetrics>;

export const alarmsAtStart = z.enum(['refuse', 'hold', 'proceed']).meta({
  id: 'AlarmsAtStart',
  description:
    'What an alarm does that is red before any traffic has moved: it ends the deployment (refuse, the default), keeps it waiting (hold), or is left out of the rollout (proceed).',
});

export const targetAlarms = z
  .array(alarmName)
  .max(20)
  .refine((names) => new Set(names).size === names.length, 'An alarm is named twice.')
  .meta({
    id: 'TargetAlarms',
    description:
      'CloudWatch alarms of the target’s account and region. One that goes off during a rollout rolls it back; what one does that is red before says alarmsAtStart.',
  });
