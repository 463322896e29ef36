import { z } from 'zod';
import { analysisOverrides } from './analysis.js';
import { verdicts } from './deployments.js';
import { id } from './fields.js';
import { strategyInput } from './strategy.js';

/**
 * Questions are answered by a worker, because only workers look at AWS and judge evidence. The API waits for the answer
 * for a while; what takes longer is answered with 202 and fetched from the question's own address.
 */
export const waitingView = z
  .object({ queryId: id, status: z.literal('waiting') })
  .meta({ id: 'Waiting', description: 'The answer is not there yet; GET /v1/queries/{id} has it once it is.' });

export type WaitingView = z.infer<typeof waitingView>;

const counts = z.object({ invocations: z.number(), errors: z.number() });

const explainedBlock = z.object({
  startMs: z.number(),
  endMs: z.number(),
  weightPercent: z.number(),
  stable: counts,
  canary: counts,
  rollbackE: z.number(),
  advanceE: z.number(),
  kind: z.enum(verdicts),
  reason: z.string(),
});

const probeCounts = z.object({
  succeeded: z.number(),
  failed: z.number(),
  warmMs: z.number().optional(),
  initMs: z.number().optional(),
});

const probesSeen = z.object({
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  sentence: z.string(),
  payloads: z.number(),
  stable: probeCounts,
  canary: probeCounts,
  failed: z.array(z.object({ payload: z.number(), errorType: z.string() })),
});

export const explanationView = z
  .object({
    deploymentId: id,
    profile: z.string(),
    verdict: z.enum(verdicts).nullable(),
    sentence: z.string().nullable(),
    baseline: z.object({ requestsPerSecond: z.number(), errorRate: z.number() }).nullable(),
    probes: probesSeen.nullable().meta({ description: 'What the probes showed before any traffic.' }),
    blocks: z.array(explainedBlock),
  })
  .meta({ id: 'Explanation', description: 'What the judge saw and said, block by block, in the order it was fed.' });
export type ExplanationView = z.infer<typeof explanationView>;

export const forecastRequest = z.strictObject({
  strategy: strategyInput.optional(),
  analysis: analysisOverrides.nullable().optional(),
});
export type ForecastRequest = z.input<typeof forecastRequest>;

const stepForecast = z.object({
  weightPercent: z.number(),
  bakeMs: z.number(),
  canaryInvocations: z.number(),
  smallestVisibleErrorRate: z.number().nullable(),
  sentence: z.string(),
});

export const forecastView = z
  .object({
    target: z.string(),
    stableVersion: z.string(),
    traffic: z.object({ requestsPerSecond: z.number(), errorRate: z.number(), overSeconds: z.number() }),
    strategy: z.string(),
    adaptive: z.boolean(),
    profile: z.string().meta({ description: 'The judge’s profile that would decide.' }),
    summary: z
      .array(z.string())
      .meta({ description: 'Two plain sentences: the traffic, and what the strategy makes of it.' }),
    lambdaCalls: z.number().nullable(),
    feasibility: z.object({
      steps: z.array(stepForecast),
      adaptive: z.object({
        firstWeightPercent: z.number(),
        passAfterMs: z.number().nullable(),
        doneAfterMs: z.number().nullable(),
        harmedByTotalFailure: z.number(),
        sentence: z.string(),
      }),
      advice: z.array(z.string()),
    }),
  })
  .meta({
    id: 'Forecast',
    description: 'What a strategy can see at this target’s traffic, before anything is started.',
  });
export type ForecastView = z.infer<typeof forecastView>;

export const backtestRequest = z.strictObject({
  policy: analysisOverrides,
});
export type BacktestRequest = z.input<typeof backtestRequest>;

export const backtestView = z
  .object({
    rows: z.array(
      z.object({
        id,
        ended: z.enum(['promoted', 'rolled_back']).nullable(),
        outcome: z.enum(['stopped', 'passed', 'undecided']),
        afterMs: z.number().nullable(),
        harmedUntilDecision: z.number(),
        harmedRecorded: z.number(),
        sentence: z.string(),
      }),
    ),
    stopped: z.number(),
    passed: z.number(),
    undecided: z.number(),
    promotedButStopped: z.array(id),
    rolledBackButPassed: z.array(id),
  })
  .meta({ id: 'Backtest', description: 'Which of a target’s recorded rollouts a policy would have stopped.' });
export type BacktestView = z.infer<typeof backtestView>;

export const queryView = z
  .object({ queryId: id, status: z.enum(['waiting', 'answered']), answer: z.unknown() })
  .meta({ id: 'Query' });
