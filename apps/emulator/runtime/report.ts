import { createHash } from 'node:crypto';
import { isoTime } from '../clock.js';
import type { Settings } from '../world/records.js';
import type { Outcome } from './environment.js';

const TAIL_BYTES = 4096;
/** Errors with which the process itself ended. */
const ENDED = new Set(['Runtime.ExitError', 'Runtime.OutOfMemory']);

/** The log of one invocation: the platform's records around whatever the code itself wrote. */
export function logLines(
  settings: Settings,
  version: string,
  requestId: string,
  outcome: Outcome,
  startedAt: number,
  endedAt: number,
): string[] {
  const parts: Parts = { settings, version, requestId, outcome, startedAt, endedAt };
  const lines = settings.logging.LogFormat === 'JSON' ? jsonLines(parts) : textLines(parts);
  return lines.map((line) => `${line}\n`);
}

interface Parts {
  settings: Settings;
  version: string;
  requestId: string;
  outcome: Outcome;
  startedAt: number;
  endedAt: number;
}

const runtimeArn = (runtime: string) =>
  `arn:aws:lambda:us-east-1::runtime:${createHash('sha256').update(runtime).digest('hex')}`;

function textLines({ settings, version, requestId, outcome }: Parts): string[] {
  const lines: string[] = [];
  const runtime = settings.runtime ?? '';
  if (outcome.initMs !== undefined)
    lines.push(`INIT_START Runtime Version: ${runtime}.v1\tRuntime Version ARN: ${runtimeArn(runtime)}`);
  lines.push(`START RequestId: ${requestId} Version: ${version}`, ...outcome.lines, `END RequestId: ${requestId}`);
  const report = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${outcome.durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(outcome.durationMs)} ms`,
    `Memory Size: ${settings.memorySize} MB`,
    `Max Memory Used: ${Math.min(outcome.maxMemoryMb, settings.memorySize)} MB`,
  ];
  if (outcome.initMs !== undefined) report.push(`Init Duration: ${outcome.initMs.toFixed(2)} ms`);
  if (outcome.kind === 'timeout') report.push('Status: timeout');
  if (ENDED.has(outcome.errorType ?? '')) report.push('Status: error', `Error Type: ${outcome.errorType}`);
  lines.push(`${report.join('\t')}\t`);
  return lines;
}

function jsonLines(parts: Parts): string[] {
  const { settings, version, requestId, outcome, startedAt, endedAt } = parts;
  const verbose = settings.logging.SystemLogLevel === 'DEBUG';
  const quiet = settings.logging.SystemLogLevel === 'WARN';
  const record = (time: number, type: string, body: Record<string, unknown>) =>
    JSON.stringify({ time: isoTime(time), type, record: body });
  const runtime = settings.runtime ?? '';
  const status = STATUS[outcome.kind];
  const start = [
    ...(outcome.initMs === undefined
      ? []
      : [
          record(startedAt, 'platform.initStart', {
            initializationType: 'on-demand',
            phase: 'init',
            runtimeVersion: `${runtime}.v1`,
            runtimeVersionArn: runtimeArn(runtime),
            functionVersion: version,
          }),
        ]),
    record(startedAt, 'platform.start', { requestId, version }),
  ];
  const done = record(endedAt, 'platform.runtimeDone', {
    requestId,
    status,
    metrics: { durationMs: round(outcome.durationMs), producedBytes: outcome.body.length },
  });
  const report = record(endedAt, 'platform.report', {
    requestId,
    metrics: {
      durationMs: round(outcome.durationMs),
      billedDurationMs: Math.ceil(outcome.durationMs),
      memorySizeMB: settings.memorySize,
      maxMemoryUsedMB: Math.min(outcome.maxMemoryMb, settings.memorySize),
      ...(outcome.initMs === undefined ? {} : { initDurationMs: round(outcome.initMs) }),
    },
    status,
    ...(outcome.kind === 'success' ? {} : { errorType: outcome.errorType ?? 'Runtime.Unknown' }),
  });
  if (quiet) return [...outcome.lines, ...(outcome.kind === 'success' ? [] : [report])];
  return [...start, ...outcome.lines, ...(verbose ? [done] : []), report];
}

const STATUS: Record<Outcome['kind'], string> = { success: 'success', error: 'error', timeout: 'timeout' };

const round = (milliseconds: number) => Math.round(milliseconds * 1000) / 1000;

/** The last 4 KB of an invocation's log, as the `X-Amz-Log-Result` header carries it. */
export function tailOf(lines: string[]): string {
  const bytes = Buffer.from(lines.join(''));
  return bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES)).toString('base64');
}
