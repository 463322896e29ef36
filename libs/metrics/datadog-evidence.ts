import { z } from 'zod';
import { askJson, refusal } from './ask-json.js';
import type { EvidenceSource } from './evidence-source.js';
import type { Outbound } from './outbound.js';
import {
  type QueryApi,
  type QueryCall,
  QueryEvidence,
  type QueryEvidenceOptions,
  type SeriesAnswer,
} from './query-evidence.js';
import type { SettledSpan } from './settled-blocks.js';

export interface DatadogEvidenceOptions extends QueryEvidenceOptions {
  readonly outbound: Outbound;
  /** `https://api.` and the organisation's site. */
  readonly origin: string;
  readonly apiKey: string;
  readonly applicationKey: string;
}

/** Evidence from Datadog's timeseries query (`GET /api/v1/query`). */
export function createDatadogEvidence(options: DatadogEvidenceOptions): EvidenceSource {
  return new QueryEvidence(new DatadogApi(options), options);
}

const answerSchema = z.object({
  status: z.literal('ok'),
  error: z.string().nullish(),
  series: z.array(
    z.object({
      /** Seconds between points, after whatever rolling up Datadog decided on. */
      interval: z.number().positive(),
      pointlist: z.array(z.tuple([z.number(), z.number().nullable()])),
    }),
  ),
});

class DatadogApi implements QueryApi {
  constructor(private readonly options: DatadogEvidenceOptions) {}

  async series(query: string, span: SettledSpan, call: QueryCall): Promise<SeriesAnswer> {
    const url = new URL('/api/v1/query', this.options.origin);
    url.searchParams.set('from', String(span.fromMs / 1000));
    url.searchParams.set('to', String(span.toMs / 1000));
    url.searchParams.set('query', query);
    const request = {
      url,
      method: 'GET' as const,
      secretHeaders: { 'dd-api-key': this.options.apiKey, 'dd-application-key': this.options.applicationKey },
      ...call,
    };
    const answer = await askJson(this.options.outbound, request, answerSchema, 'Datadog');
    if (!answer.ok) return answer;
    const { error, series } = answer.value;
    if (error) return refusal('Datadog answered with an error.', 'again', `Datadog: ${error.slice(0, 200)}`);
    const [only] = series;
    if (series.length > 1) return refusal('The Datadog query gives more than one series: sum them up.', 'never');
    return only ? pointsOf(only, span) : { ok: true, value: new Map() };
  }
}

/** Datadog widens the interval of a long span unless the query says `.rollup(sum, {{windowSeconds}})`. */
function pointsOf(
  { interval, pointlist }: { interval: number; pointlist: readonly (readonly [number, number | null])[] },
  span: SettledSpan,
): SeriesAnswer {
  if (interval * 1000 !== span.periodMs) {
    return refusal(
      `Datadog answered in periods of ${interval} s: end the query with .rollup(sum, {{windowSeconds}}).`,
      'never',
    );
  }
  const points = new Map<number, number>();
  for (const [startMs, value] of pointlist) {
    if (value === null || startMs < span.fromMs || startMs >= span.toMs) continue;
    if (value < 0) return refusal('Datadog answered with an impossible count.', 'again');
    points.set(startMs, value);
  }
  return { ok: true, value: points };
}
