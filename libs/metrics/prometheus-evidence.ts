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

export interface PrometheusEvidenceOptions extends QueryEvidenceOptions {
  readonly outbound: Outbound;
  /** Where the API lies: `/api/v1/query_range` is put behind it. */
  readonly url: string;
  readonly bearerToken?: string;
}

/** Evidence from Prometheus, or from anything that speaks its HTTP API (Thanos, Mimir, VictoriaMetrics). */
export function createPrometheusEvidence(options: PrometheusEvidenceOptions): EvidenceSource {
  return new QueryEvidence(new PrometheusApi(options), options);
}

const answerSchema = z.object({
  status: z.literal('success'),
  warnings: z.array(z.string()).optional(),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
});

class PrometheusApi implements QueryApi {
  constructor(private readonly options: PrometheusEvidenceOptions) {}

  /** The value at a period's end is about the window before it, so the points lie one period behind the starts. */
  async series(query: string, span: SettledSpan, call: QueryCall): Promise<SeriesAnswer> {
    const { outbound, url, bearerToken } = this.options;
    const body = new URLSearchParams({
      query,
      start: String((span.fromMs + span.periodMs) / 1000),
      end: String(span.toMs / 1000),
      step: String(span.periodMs / 1000),
    });
    const request = {
      url: new URL(`${url.replace(/\/$/, '')}/api/v1/query_range`),
      method: 'POST' as const,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      ...(bearerToken ? { secretHeaders: { authorization: `Bearer ${bearerToken}` } } : {}),
      body: body.toString(),
      ...call,
    };
    const answer = await askJson(outbound, request, answerSchema, 'Prometheus');
    if (!answer.ok) return answer;
    const { warnings = [], data } = answer.value;
    if (warnings.length > 0) return refusal('Prometheus answered in part only.', 'again', warnings.join('; '));
    if (data.result.length > 1) {
      return refusal('The Prometheus query gives more than one series: sum them up in the query.', 'never');
    }
    const series = new Map<number, number>();
    for (const [at, text] of data.result[0]?.values ?? []) {
      const value = Number(text);
      // NaN is what a quotient of nothing by nothing gives: no data. It is not written down as a number.
      if (text === '' || Number.isNaN(value)) continue;
      if (!Number.isFinite(value) || value < 0)
        return refusal('Prometheus answered with an impossible count.', 'again');
      series.set(Math.round(at * 1000) - span.periodMs, value);
    }
    return { ok: true, value: series };
  }
}
