import type { VersionPeriod } from '#aws';
import { type Refusal, refusal } from './ask-json.js';
import type { EvidenceReading, EvidenceRequest, EvidenceSource } from './evidence-source.js';
import { fillTemplate, type Placeholder, type QueryTemplates } from './query-template.js';
import { cutBlocks, type SettledSpan, settledSpan } from './settled-blocks.js';

/** One number per period, by the period's start. A period without a number is missing. */
export type Series = ReadonlyMap<number, number>;

/** A metrics store that is asked in a language of its own, one query at a time. */
export interface QueryApi {
  series(query: string, span: SettledSpan, call: QueryCall): Promise<SeriesAnswer>;
}

export interface QueryCall {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type SeriesAnswer = { readonly ok: true; readonly value: Series } | Refusal;

export interface QueryEvidenceOptions {
  readonly queries: QueryTemplates;
  readonly settleSeconds: number;
  readonly timeoutMs?: number;
}

/** Evidence from queries that a target's settings give: per version, the same questions. */
export class QueryEvidence implements EvidenceSource {
  constructor(
    private readonly api: QueryApi,
    private readonly options: QueryEvidenceOptions,
  ) {}

  async read(request: EvidenceRequest, signal?: AbortSignal): Promise<EvidenceReading> {
    const settleMs = this.options.settleSeconds * 1000;
    const span = settledSpan(request.fromMs, request.toMs, request.periodSeconds, settleMs);
    if (span.toMs <= span.fromMs || signal?.aborted) return { ok: true, blocks: [], readUntilMs: request.fromMs };
    const call = { timeoutMs: this.options.timeoutMs ?? 10_000, ...(signal ? { signal } : {}) };
    const [stable, canary] = await Promise.all([
      this.periodsOf(request, request.stableVersion, span, call),
      this.periodsOf(request, request.canaryVersion, span, call),
    ]);
    if ('ok' in stable) return stable;
    if ('ok' in canary) return canary;
    const blocks = cutBlocks(span, request.weightPercent, stable, canary);
    return givenOut(blocks, span, request);
  }

  private async periodsOf(
    request: EvidenceRequest,
    version: string,
    span: SettledSpan,
    call: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<VersionPeriod[] | Refusal> {
    const { invocations, errors, durations } = this.options.queries;
    const names = namesOf(request, version);
    const ask = async (template: string, more: Partial<Record<Placeholder, string>> = {}) =>
      this.api.series(fillTemplate(template, { ...names, ...more }), span, call);
    const thresholds = durations ? (request.latencyThresholdsMs ?? []) : [];
    const above = thresholds.map((threshold) => ask(durations?.above ?? '', thresholdNames(threshold)));
    const quantiles = thresholds.length > 0 ? ['0.5', '0.9', '0.99'] : [];
    const answers = await Promise.all([
      ask(invocations),
      ask(errors),
      ...(durations && thresholds.length > 0 ? [ask(durations.count)] : []),
      ...above,
      ...quantiles.map((quantile) => ask(durations?.quantileMs ?? '', { quantile })),
    ]);
    const series: Series[] = [];
    for (const answer of answers) {
      if (!answer.ok) return answer;
      series.push(answer.value);
    }
    return joined(series, thresholds.length);
  }
}

/**
 * What may be given out. A source whose first period has stayed unfinished for minutes will not finish it by itself:
 * silence about that would leave a rollout waiting without a word.
 */
function givenOut(blocks: ReturnType<typeof cutBlocks>, span: SettledSpan, request: EvidenceRequest): EvidenceReading {
  if (blocks.length === 0 && request.toMs - span.fromMs > UNFINISHED_AFTER_MS + span.periodMs) {
    return refusal(
      'The source counts invocations but no errors: its query must answer zero when none failed.',
      'never',
    );
  }
  return { ok: true, blocks, readUntilMs: blocks.at(-1)?.endMs ?? request.fromMs };
}

const UNFINISHED_AFTER_MS = 5 * 60_000;

function namesOf(request: EvidenceRequest, version: string): Partial<Record<Placeholder, string>> {
  return {
    function: request.functionName,
    alias: request.alias,
    region: request.region,
    account: request.accountId,
    version,
    window: `${request.periodSeconds}s`,
    windowSeconds: String(request.periodSeconds),
  };
}

function thresholdNames(thresholdMs: number): Partial<Record<Placeholder, string>> {
  return { thresholdMs: plain(thresholdMs), thresholdSeconds: plain(thresholdMs / 1000) };
}

/** Without an exponent, which not every query language reads. */
const plain = (value: number) => String(Number(value.toFixed(6)));

/** Series in the order they were asked for: counts, errors, and with thresholds: known durations, above each, quantiles. */
function joined(series: readonly Series[], thresholds: number): VersionPeriod[] {
  const [invocations, errors, known] = series;
  const above = series.slice(3, 3 + thresholds);
  const [p50, p90, p99] = series.slice(3 + thresholds);
  const starts = new Set([...(invocations?.keys() ?? []), ...(errors?.keys() ?? [])]);
  return [...starts].map((startMs) => {
    const durationCount = known?.get(startMs);
    const counts = above.map((one) => one.get(startMs));
    // A threshold that the source cannot answer makes the durations unknown, not fast.
    const complete = durationCount !== undefined && counts.every((count) => count !== undefined);
    return {
      startMs,
      ...defined('invocations', rounded(invocations?.get(startMs))),
      ...defined('errors', rounded(errors?.get(startMs))),
      ...(complete ? { durationCount: Math.round(durationCount) } : {}),
      durationsAbove: complete ? counts.map(rounded) : [],
      ...defined('p50', p50?.get(startMs)),
      ...defined('p90', p90?.get(startMs)),
      ...defined('p99', p99?.get(startMs)),
    };
  });
}

/** Rates over a window are extrapolated to its edges, so that counts come out a little beside whole numbers. */
function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}

function defined<K extends string>(key: K, value: number | undefined): { [P in K]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: number });
}
