import { z } from 'zod';
import type { LogLine } from '#aws';

/** How one invocation ended, as Lambda's own log record of it says. */
export interface InvocationReport {
  readonly version: string;
  readonly endedMs: number;
  readonly ingestedMs: number;
  readonly failed: boolean;
  /** Time in the handler, milliseconds; absent for a cold start, which is no sign of a slow version. */
  readonly warmDurationMs?: number;
  /** A cold start's initialisation (or SnapStart's restore), milliseconds: what the first caller waited on top. */
  readonly initMs?: number;
}

/**
 * The managed runtimes that leave a mark in plain text when the handler throws. A plain `REPORT` line itself names
 * time-outs and crashes only.
 */
export type TextRuntime = 'nodejs' | 'python';

/** Why a span of lines cannot be counted. */
export type Unreadable = 'plain_text' | 'malformed';

/** Everything below is found by these phrases; what else matches is the function's own and is left out while parsing. */
export function filterPatternFor(runtime: TextRuntime | undefined): string {
  const reports = '?"REPORT RequestId" ?"platform.report"';
  if (runtime === 'nodejs') return `${reports} ?"Invoke Error"`;
  return runtime === 'python' ? `${reports} ?"[ERROR]"` : reports;
}

/**
 * `2026/11/22/[12]0f…` in a function's own group, `2026/11/22/checkout[12]0f…` in a group that functions share. The
 * bracket is the only place where a text log names the version.
 */
const STREAM = /^\d{4}\/\d{2}\/\d{2}\/([A-Za-z0-9_-]{1,64})?\[(\$LATEST|[1-9]\d*)\]/;

export function versionOfStream(stream: string, functionName: string): string | undefined {
  const [, owner, version] = STREAM.exec(stream) ?? [];
  return owner === undefined || owner === functionName ? version : undefined;
}

/**
 * The invocations that a span of lines reports. An execution environment runs one invocation at a time and writes one
 * stream, so an error mark in a stream belongs to the next `REPORT` line of that stream.
 */
export function readReports(
  lines: readonly LogLine[],
  functionName: string,
  runtime: TextRuntime | undefined,
): InvocationReport[] | Unreadable {
  const reports: InvocationReport[] = [];
  const marked = new Set<string>();
  for (const line of [...lines].sort(inOrder)) {
    const version = versionOfStream(line.stream, functionName);
    if (version === undefined) continue;
    const message = line.message.trimEnd();
    if (message.startsWith('{')) {
      const report = jsonReport(message);
      if (report === 'malformed') return report;
      if (report) reports.push(reportOf(line, version, report));
    } else if (message.startsWith('REPORT RequestId: ')) {
      if (runtime === undefined) return 'plain_text';
      const report = textReport(message, marked.delete(line.stream));
      if (!report) return 'malformed';
      reports.push(reportOf(line, version, report));
    } else if (isErrorMark(message, runtime)) {
      marked.add(line.stream);
    }
  }
  return reports;
}

/** CloudWatch Logs numbers events in the order of arrival; inside one millisecond that is the only order there is. */
function inOrder(a: LogLine, b: LogLine): number {
  return a.timestampMs - b.timestampMs || (a.id < b.id ? -1 : 1);
}

interface Ended {
  readonly failed: boolean;
  readonly durationMs: number;
  /** Present for cold starts only. */
  readonly initMs?: number;
}

function reportOf(line: LogLine, version: string, { failed, durationMs, initMs }: Ended): InvocationReport {
  const when = { endedMs: line.timestampMs, ingestedMs: line.ingestedMs };
  return { version, ...when, failed, ...(initMs === undefined ? { warmDurationMs: durationMs } : { initMs }) };
}

/** How long one invocation took, by the report at the end of its log; undefined when there is none. */
export function reportInTail(tail: string): { readonly durationMs: number; readonly initMs?: number } | undefined {
  for (const line of tail.split('\n').reverse()) {
    const message = line.trim();
    const report = message.startsWith('{')
      ? jsonReport(message)
      : message.startsWith('REPORT RequestId: ')
        ? textReport(message, false)
        : undefined;
    if (report && report !== 'malformed') return report;
  }
  return undefined;
}

const amount = z.number().nonnegative();
const platformReport = z.object({
  type: z.literal('platform.report'),
  record: z.object({
    status: z.string(),
    metrics: z.object({
      durationMs: amount,
      initDurationMs: amount.optional(),
      restoreDurationMs: amount.optional(),
    }),
  }),
});

/** Undefined: a line of the function's own that merely mentions the record's name. */
function jsonReport(message: string): Ended | 'malformed' | undefined {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  if ((value as { type?: unknown }).type !== 'platform.report') return undefined;
  const parsed = platformReport.safeParse(value);
  if (!parsed.success) return 'malformed';
  const { status, metrics } = parsed.data.record;
  const initMs = metrics.initDurationMs ?? metrics.restoreDurationMs;
  // `failure`, `error` and `timeout` are all bad for whoever called.
  return { failed: status !== 'success', durationMs: metrics.durationMs, ...(initMs === undefined ? {} : { initMs }) };
}

function textReport(message: string, marked: boolean): Ended | undefined {
  const fields = new Map(
    message.split('\t').map((field) => {
      const colon = field.indexOf(': ');
      return [field.slice(0, colon).trim(), field.slice(colon + 2).trim()] as const;
    }),
  );
  const durationMs = milliseconds(fields.get('Duration'));
  if (durationMs === undefined) return undefined;
  const initMs = milliseconds(fields.get('Init Duration') ?? fields.get('Restore Duration'));
  const failed = marked || fields.has('Status');
  return { failed, durationMs, ...(initMs === undefined ? {} : { initMs }) };
}

function milliseconds(text: string | undefined): number | undefined {
  const amount = /^(\d+(?:\.\d+)?) ms$/.exec(text ?? '')?.[1];
  return amount === undefined ? undefined : Number(amount);
}

/** A logger's own `[ERROR]` has a tab and a time behind it; what the Python runtime prints for an exception has not. */
function isErrorMark(message: string, runtime: TextRuntime | undefined): boolean {
  if (runtime === 'nodejs') return /\tERROR\t(?:Invoke Error|Uncaught Exception|Unhandled Promise)/.test(message);
  return runtime === 'python' && /^\[ERROR\] [^\t]/.test(message);
}
