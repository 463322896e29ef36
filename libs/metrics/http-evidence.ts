import { z } from 'zod';
import type { EvidenceBlock } from '#analysis';
import { askJson, refusal } from './ask-json.js';
import type { EvidenceReading, EvidenceRequest, EvidenceSource } from './evidence-source.js';
import type { Outbound } from './outbound.js';
import { type SettledSpan, settledSpan } from './settled-blocks.js';

export interface HttpEvidenceOptions {
  readonly outbound: Outbound;
  readonly url: string;
  readonly bearerToken?: string;
  readonly settleSeconds: number;
  readonly timeoutMs?: number;
}

/** Evidence from any service that answers one documented question over HTTPS; see docs/metrics.md for the format. */
export function createHttpEvidence(options: HttpEvidenceOptions): EvidenceSource {
  return new HttpEvidence(options);
}

const count = z.number().int().nonnegative();
const milliseconds = z.number().nonnegative();

const versionCounts = z
  .object({
    invocations: count,
    errors: count,
    throttles: count.optional(),
    durations: z
      .object({
        count,
        above: z.array(count),
        p50: milliseconds.optional(),
        p90: milliseconds.optional(),
        p99: milliseconds.optional(),
      })
      .optional(),
  })
  .refine(({ invocations, errors }) => errors <= invocations, 'more errors than invocations')
  .refine(({ durations }) => durations?.above.every((above) => above <= durations.count) ?? true, 'more slow than all');

const answerSchema = z.object({
  periods: z.array(z.object({ startMs: count, stable: versionCounts, canary: versionCounts })).max(1_440),
});
type Answer = z.infer<typeof answerSchema>;

class HttpEvidence implements EvidenceSource {
  constructor(private readonly options: HttpEvidenceOptions) {}

  async read(request: EvidenceRequest, signal?: AbortSignal): Promise<EvidenceReading> {
    const { outbound, url, bearerToken, settleSeconds, timeoutMs = 10_000 } = this.options;
    const span = settledSpan(request.fromMs, request.toMs, request.periodSeconds, settleSeconds * 1000);
    if (span.toMs <= span.fromMs || signal?.aborted) return { ok: true, blocks: [], readUntilMs: request.fromMs };
    const answer = await askJson(
      outbound,
      {
        url: new URL(url),
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        ...(bearerToken ? { secretHeaders: { authorization: `Bearer ${bearerToken}` } } : {}),
        body: JSON.stringify(questionOf(request, span)),
        timeoutMs,
        ...(signal ? { signal } : {}),
      },
      answerSchema,
      'The metrics service',
    );
    if (!answer.ok) return answer;
    const blocks = blocksOf(answer.value, request, span);
    if (!blocks) {
      const reason =
        'The metrics service’s periods are not in order, one after the other, from the one that was asked for.';
      return refusal(reason, 'again');
    }
    return { ok: true, blocks, readUntilMs: blocks.at(-1)?.endMs ?? request.fromMs };
  }
}

function questionOf(request: EvidenceRequest, span: SettledSpan) {
  return {
    function: request.functionName,
    alias: request.alias,
    region: request.region,
    accountId: request.accountId,
    stableVersion: request.stableVersion,
    canaryVersion: request.canaryVersion,
    fromMs: span.fromMs,
    toMs: span.toMs,
    periodSeconds: request.periodSeconds,
    latencyThresholdsMs: request.latencyThresholdsMs ?? [],
  };
}

/**
 * Undefined when the periods are not the ones that were asked for. There may be fewer: what is missing at the end has
 * not settled yet; a hole in between would be evidence left out.
 */
function blocksOf(answer: Answer, request: EvidenceRequest, span: SettledSpan): EvidenceBlock[] | undefined {
  const thresholds = request.latencyThresholdsMs?.length ?? 0;
  const blocks: EvidenceBlock[] = [];
  for (const [index, period] of answer.periods.entries()) {
    const startMs = span.fromMs + index * span.periodMs;
    if (period.startMs !== startMs || startMs >= span.toMs) return undefined;
    const times = { startMs, endMs: startMs + span.periodMs, weightPercent: request.weightPercent };
    const [stable, canary] = [countsOf(period.stable, thresholds), countsOf(period.canary, thresholds)];
    blocks.push({ ...times, stable, canary });
  }
  return blocks;
}

/** Durations that do not answer all thresholds say nothing: a missing count is not a zero. */
function countsOf(
  { durations, throttles, ...counts }: Answer['periods'][number]['stable'],
  thresholds: number,
): EvidenceBlock['stable'] {
  const fit = durations && thresholds > 0 && durations.above.length === thresholds;
  return {
    ...counts,
    ...(throttles === undefined ? {} : { throttles }),
    ...(fit
      ? {
          durationMs: {
            count: durations.count,
            above: durations.above,
            ...(durations.p50 === undefined ? {} : { p50: durations.p50 }),
            ...(durations.p90 === undefined ? {} : { p90: durations.p90 }),
            ...(durations.p99 === undefined ? {} : { p99: durations.p99 }),
          },
        }
      : {}),
  };
}
