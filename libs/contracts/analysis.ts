import { z } from 'zod';

const WEEK_MS = 604_800_000;

const fraction = z.number().min(0).max(1);
const share = z.number().min(0).max(1);
const percent = z.number().min(0).max(100);
const milliseconds = z.int().min(0).max(WEEK_MS);

/** A null of the tests: "canary rate = ratio × stable rate + offset". */
const ratio = z.number().min(1).max(100).optional();

const latencyThreshold = z.strictObject({
  quantile: z.number().gt(0).lt(1),
  minimumExcess: fraction,
  margin: z.number().gt(0).max(1),
});

/** A weight the alias can take: Lambda's smallest step is a thousandth of a percent. */
const weightBound = z.number().min(0.001).max(99.999);

const bounded = <T extends { minimumWeightPercent?: number | undefined; maximumWeightPercent?: number | undefined }>({
  minimumWeightPercent,
  maximumWeightPercent,
}: T) =>
  minimumWeightPercent === undefined ||
  maximumWeightPercent === undefined ||
  minimumWeightPercent <= maximumWeightPercent;
const BOUNDS = { message: 'minimumWeightPercent lies above maximumWeightPercent.', path: ['minimumWeightPercent'] };

/**
 * Everything of the judge that a target or a deployment may set; what it does not say follows from the profile. Rates
 * are fractions (0.01 is 1 %), times milliseconds, weights percent. Meanings and defaults: `libs/analysis/policy.ts`.
 */
export const analysisOverrides = z
  .strictObject({
    profile: z.enum(['steps', 'cloudwatch', 'careful', 'fast', 'strict']).optional(),
    falseRollbackOdds: z.number().gt(0).max(0.5).optional(),
    missOdds: z.number().gt(0).max(0.5).optional(),
    suspicion: z.number().min(1).max(1000).optional(),
    minimumExcess: fraction.optional(),
    minimumExcessRatio: z.number().min(0).max(100).optional(),
    rollbackNull: z.strictObject({ ratio, offset: fraction.optional() }).optional(),
    advanceNull: z
      .strictObject({
        ratio,
        offset: z.union([z.number().gt(0).max(1), z.enum(['by_traffic', 'by_traffic_strict'])]).optional(),
      })
      .optional(),
    passWhen: z.enum(['regression_excluded', 'unsuspicious']).optional(),
    minimumCanaryInvocations: z.int().min(1).max(1_000_000_000).optional(),
    minimumWatchMs: milliseconds.optional(),
    maximumWatchMs: milliseconds.optional(),
    leaningWatchMs: milliseconds.optional(),
    noDataAfterMs: milliseconds.optional(),
    whenNoData: z.enum(['hold', 'rollback']).optional(),
    whenInconclusive: z.enum(['promote', 'hold', 'rollback']).optional(),
    throttlesAreBad: z.boolean().optional(),
    shares: z
      .strictObject({ errors: share.optional(), latency: z.array(share).max(3).optional() })
      .refine(({ errors, latency }) => errors !== 0 || (latency ?? []).some((one) => one > 0), {
        message: 'At least one metric needs a share of the alarm budget.',
      })
      .optional(),
    latency: z.array(latencyThreshold).max(3).optional(),
    ramp: z
      .strictObject({
        budgetPerRootRps: z.number().min(0).max(1_000_000).optional(),
        budgetMinimum: z.number().gt(0).max(1_000_000).optional(),
        growthCap: z.number().gt(1).max(1_000).optional(),
        reactionMs: z.int().min(1_000).max(3_600_000).optional(),
        minimumWeightPercent: weightBound.optional(),
        maximumWeightPercent: weightBound.optional(),
      })
      .refine(bounded, BOUNDS)
      .optional(),
    bake: z
      .strictObject({
        bakeMs: milliseconds.optional(),
        maximumBakeMs: milliseconds.optional(),
        minimumWeightPercent: weightBound.optional(),
        maximumWeightPercent: weightBound.optional(),
      })
      .refine(bounded, BOUNDS)
      .optional(),
    historyTest: z
      .strictObject({
        enabled: z.boolean().optional(),
        belowRequestsPerSecond: z.number().min(0).max(1_000_000).optional(),
        share: z.number().min(0).lt(1).optional(),
      })
      .optional(),
    measuredSplit: z
      .strictObject({
        enabled: z.boolean().optional(),
        falseAlarmOdds: z.number().gt(0).max(0.5).optional(),
        oddsFactor: z.number().gt(1).max(1_000).optional(),
        minimumPoints: percent.optional(),
      })
      .optional(),
  })
  .meta({
    id: 'AnalysisOverrides',
    description:
      'How the judge decides, laid over its profile: the target’s overrides over the profile, the deployment’s over the target’s. Rates are fractions, times milliseconds, weights percent; docs/judge.md says what each does.',
  });
export type AnalysisOverrides = z.infer<typeof analysisOverrides>;

/** A deployment’s overrides over its target’s. A group such as `bake` is merged, so that naming one member keeps the others. */
export function mergeAnalysis(usual: AnalysisOverrides, asked: AnalysisOverrides): AnalysisOverrides {
  const merged: Record<string, unknown> = { ...usual };
  for (const [name, value] of Object.entries(asked)) {
    if (value === undefined) continue;
    const before = merged[name];
    merged[name] = isGroup(before) && isGroup(value) ? { ...before, ...value } : value;
  }
  return merged as AnalysisOverrides;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
