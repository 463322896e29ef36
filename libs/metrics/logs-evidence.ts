import { countAbove, type DurationCounts, type EvidenceBlock, type VersionCounts } from '#analysis';
import type { Fault, LogLine, LogsReader, Outcome } from '#aws';
import { type Clock, systemClock } from '#runtime';
import type { EvidenceReading, EvidenceRequest, EvidenceSource } from './evidence-source.js';
import {
  filterPatternFor,
  type InvocationReport,
  readReports,
  type TextRuntime,
  type Unreadable,
  versionOfStream,
} from './read-report.js';
import { type SettledSpan, settledSpan } from './settled-blocks.js';

export interface LogsEvidenceOptions {
  readonly reader: LogsReader;
  /** How long after its end a period may still receive lines. Lambda hands its logs over within a few seconds. */
  readonly settleSeconds: number;
  /** Absent: `/aws/lambda/<function>`, where Lambda writes unless the function says otherwise. */
  readonly logGroup?: string;
  /** Absent: only JSON logs are understood, because in plain text a thrown error depends on the runtime. */
  readonly textRuntime?: TextRuntime;
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** Evidence from a function's own log, version by version, seconds after the fact instead of a minute. */
export function createLogsEvidence(options: LogsEvidenceOptions): EvidenceSource {
  return new LogsEvidence(options);
}

/** About a megabyte each: some 60 000 invocations. A longer span is cut until it fits. */
const PAGES_PER_ATTEMPT = 25;

class LogsEvidence implements EvidenceSource {
  private readonly clock: Clock;

  constructor(private readonly options: LogsEvidenceOptions) {
    this.clock = options.clock ?? systemClock;
  }

  async read(request: EvidenceRequest, signal?: AbortSignal): Promise<EvidenceReading> {
    const settleMs = this.options.settleSeconds * 1000;
    const span = settledSpan(request.fromMs, request.toMs, request.periodSeconds, settleMs);
    if (span.toMs <= span.fromMs || signal?.aborted) return { ok: true, blocks: [], readUntilMs: request.fromMs };
    const endsAt = this.clock.monotonic() + (this.options.timeoutMs ?? 10_000);
    const call = () => ({ timeoutMs: endsAt - this.clock.monotonic(), ...(signal ? { signal } : {}) });
    const lines = await this.fetch(request, span, call);
    if ('ok' in lines) return lines;
    const reports = readReports(lines.lines, request.functionName, this.options.textRuntime);
    if (typeof reports === 'string') return unreadable(reports);
    const hidden = await this.successesHidden(request, lines.span, reports, call);
    if (hidden) return hidden;
    const blocks = cutReports(lines.span, request, reports);
    const lateInvocations = countLate(reports, request, lines.span, settleMs);
    return { ok: true, blocks, readUntilMs: lines.span.toMs, ...(lateInvocations > 0 ? { lateInvocations } : {}) };
  }

  /** All lines of as much of the span as can be read whole. A period read in part would be a false count. */
  private async fetch(
    request: EvidenceRequest,
    span: SettledSpan,
    call: () => { timeoutMs: number; signal?: AbortSignal },
  ): Promise<{ span: SettledSpan; lines: readonly LogLine[] } | Extract<EvidenceReading, { ok: false }>> {
    const lookBackMs = lookBack(this.options.settleSeconds * 1000, span);
    const whole = (span.toMs - span.fromMs) / span.periodMs;
    for (const periods of new Set([whole, Math.ceil(whole / 8), Math.ceil(whole / 60), 1])) {
      const toMs = span.fromMs + periods * span.periodMs;
      const outcome = await this.filter(
        request,
        { fromMs: span.fromMs - lookBackMs, toMs: toMs - 1, maxPages: PAGES_PER_ATTEMPT },
        filterPatternFor(this.options.textRuntime),
        call(),
      );
      if (!outcome.ok) return refused(outcome.fault);
      if (outcome.value.complete) return { span: { ...span, toMs }, lines: outcome.value.lines };
    }
    return {
      ok: false,
      reason: 'There are more invocations in one period than can be read from the log; use CloudWatch’s metrics.',
      retry: 'again',
      internal: `FilterLogEvents: more than ${PAGES_PER_ATTEMPT} pages in ${span.periodMs} ms`,
    };
  }

  /**
   * At system log level WARN Lambda reports failures only: a healthy version would look as if all of it failed. A
   * version without one success must therefore show that its starts are logged.
   */
  private async successesHidden(
    request: EvidenceRequest,
    span: SettledSpan,
    reports: readonly InvocationReport[],
    call: () => { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Extract<EvidenceReading, { ok: false }> | undefined> {
    if (this.options.textRuntime) return undefined;
    for (const version of [request.stableVersion, request.canaryVersion]) {
      const own = reports.filter((report) => report.version === version);
      if (own.length === 0 || own.some((report) => !report.failed)) continue;
      const pattern = `{ $.type = "platform.start" && $.record.version = "${version}" }`;
      const starts = {
        fromMs: span.fromMs - START_BEFORE_MS,
        toMs: span.toMs,
        maxPages: PAGES_PER_ATTEMPT,
        limit: 100,
      };
      const outcome = await this.filter(request, starts, pattern, call());
      if (!outcome.ok) return refused(outcome.fault);
      const seen = outcome.value.lines.some((line) => versionOfStream(line.stream, request.functionName) === version);
      if (seen) continue;
      return {
        ok: false,
        reason: `The log of version ${version} shows failures only: its system log level hides what succeeds. Set it to INFO.`,
        retry: 'never',
        internal: 'platform.report without platform.start',
      };
    }
    return undefined;
  }

  private filter(
    request: EvidenceRequest,
    span: { fromMs: number; toMs: number; maxPages: number; limit?: number },
    filterPattern: string,
    call: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Outcome<{ lines: readonly LogLine[]; complete: boolean }>> {
    const logGroup = this.options.logGroup ?? `/aws/lambda/${request.functionName}`;
    const query = { ...span, fromMs: Math.max(0, span.fromMs), logGroup, filterPattern };
    return this.options.reader.filterLogEvents(request, query, call);
  }
}

/** The longest that one invocation can run: its start may lie that far before its report. */
const START_BEFORE_MS = 15 * 60_000;

/** How far behind the span late lines are looked for: as long as a period and its settling take, half a minute at least. */
function lookBack(settleMs: number, span: SettledSpan): number {
  return Math.max(30_000, span.periodMs + settleMs);
}

function cutReports(
  span: SettledSpan,
  request: EvidenceRequest,
  reports: readonly InvocationReport[],
): EvidenceBlock[] {
  const cells = new Map<string, InvocationReport[]>();
  for (const report of reports) {
    const key = `${Math.floor(report.endedMs / span.periodMs) * span.periodMs}/${report.version}`;
    const cell = cells.get(key);
    if (cell) cell.push(report);
    else cells.set(key, [report]);
  }
  const thresholds = request.latencyThresholdsMs ?? [];
  const counts = (startMs: number, version: string) => countsOf(cells.get(`${startMs}/${version}`) ?? [], thresholds);
  const blocks: EvidenceBlock[] = [];
  for (let startMs = span.fromMs; startMs < span.toMs; startMs += span.periodMs) {
    blocks.push({
      startMs,
      endMs: startMs + span.periodMs,
      weightPercent: request.weightPercent,
      stable: counts(startMs, request.stableVersion),
      canary: counts(startMs, request.canaryVersion),
    });
  }
  return blocks;
}

/** A period that starts more environments than this has shown what a start takes. */
const MOST_INITS = 50;

function countsOf(reports: readonly InvocationReport[], thresholds: readonly number[]): VersionCounts {
  const durations = reports.flatMap(({ warmDurationMs }) => (warmDurationMs === undefined ? [] : [warmDurationMs]));
  const initMs = reports.flatMap((report) => (report.initMs === undefined ? [] : [report.initMs])).slice(0, MOST_INITS);
  const known = thresholds.length > 0 && durations.length > 0;
  return {
    invocations: reports.length,
    errors: reports.filter((report) => report.failed).length,
    ...(known ? { durationMs: durationsOf(durations, thresholds) } : {}),
    ...(initMs.length > 0 ? { initMs } : {}),
  };
}

function durationsOf(durations: readonly number[], thresholds: readonly number[]): DurationCounts {
  const sorted = [...durations].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { ...countAbove(sorted, thresholds), p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

/**
 * Lines of periods before this span that arrived after those had been given out. The times of arrival that belong to
 * one reading end where those of the next begin, so a line is counted once however often it is seen.
 */
function countLate(
  reports: readonly InvocationReport[],
  { stableVersion, canaryVersion }: EvidenceRequest,
  span: SettledSpan,
  settleMs: number,
): number {
  return reports.filter(
    ({ version, endedMs, ingestedMs }) =>
      (version === stableVersion || version === canaryVersion) &&
      endedMs < span.fromMs &&
      ingestedMs >= span.fromMs + settleMs &&
      ingestedMs < span.toMs + settleMs,
  ).length;
}

const SENTENCES: Record<Unreadable, string> = {
  plain_text:
    'The function logs plain text, in which a thrown error is marked by some runtimes only: set its log format to JSON, or name its runtime in the target’s metrics settings.',
  malformed: 'The function’s log holds report records that are not as Lambda writes them.',
};

function unreadable(why: Unreadable): Extract<EvidenceReading, { ok: false }> {
  return { ok: false, reason: SENTENCES[why], retry: why === 'plain_text' ? 'never' : 'again', internal: why };
}

function refused(fault: Fault): Extract<EvidenceReading, { ok: false }> {
  const reason =
    fault.code === 'not_found'
      ? 'The function has no log group yet, or it lies elsewhere.'
      : `The function’s log could not be read. ${fault.public}`;
  // A log group comes into being with the first line: its absence may end by itself.
  const retry = fault.retry === 'never' && fault.code !== 'not_found' ? 'never' : 'again';
  return { ok: false, reason, retry, internal: fault.internal };
}
