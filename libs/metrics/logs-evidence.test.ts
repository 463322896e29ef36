import type { LogLine, LogPages, LogQuery, LogsReader, Outcome } from '#aws';
import type { EvidenceRequest } from './evidence-source.js';
import { createLogsEvidence } from './logs-evidence.js';
import { filterPatternFor, readReports, versionOfStream } from './read-report.js';

const START = 1_800_000_000_000;
const request: EvidenceRequest = {
  accountId: '000000000000',
  region: 'us-east-1',
  functionName: 'checkout',
  alias: 'live',
  stableVersion: '1',
  canaryVersion: '2',
  fromMs: START,
  toMs: START + 35_000,
  periodSeconds: 10,
  weightPercent: 10,
};

let made = 0;
function line(version: string, atMs: number, message: string, ingestedMs = atMs + 500): LogLine {
  made += 1;
  return {
    id: String(made).padStart(20, '0'),
    stream: `2026/11/22/[${version}]0123`,
    timestampMs: atMs,
    ingestedMs,
    message: `${message}\n`,
  };
}
const report = (status: string, metrics: object = { durationMs: 12 }) =>
  JSON.stringify({ time: '', type: 'platform.report', record: { requestId: 'r', status, metrics } });

/** Holds lines, answers queries from them, and can be given only so many lines per reading. */
class HeldLogs implements LogsReader {
  readonly queries: LogQuery[] = [];
  constructor(
    public lines: LogLine[],
    private readonly capacity = Number.POSITIVE_INFINITY,
  ) {}

  async filterLogEvents(_where: object, query: LogQuery): Promise<Outcome<LogPages>> {
    this.queries.push(query);
    const lines = this.lines.filter(({ timestampMs }) => timestampMs >= query.fromMs && timestampMs <= query.toMs);
    return { ok: true, value: { lines: lines.slice(0, this.capacity), complete: lines.length <= this.capacity } };
  }

  close(): void {}
}

describe('late lines', () => {
  test('are counted in exactly one reading and fed in none', async () => {
    const logs = new HeldLogs([
      line('1', START + 1_000, report('success')),
      line('2', START + 2_000, report('success')),
    ]);
    const source = createLogsEvidence({ reader: logs, settleSeconds: 5 });
    const first = await source.read({ ...request, toMs: START + 15_000 });
    expect(first).toMatchObject({ ok: true, readUntilMs: START + 10_000 });
    expect(first).not.toHaveProperty('lateInvocations');
    // An error of the canary that belongs to the block above arrives while the next one is being filled.
    logs.lines.push(line('2', START + 3_000, report('error'), START + 16_000));
    const second = await source.read({ ...request, fromMs: START + 10_000, toMs: START + 25_000 });
    expect(second).toMatchObject({ ok: true, lateInvocations: 1, blocks: [{ canary: { invocations: 0, errors: 0 } }] });
    const third = await source.read({ ...request, fromMs: START + 20_000, toMs: START + 35_000 });
    expect(third).not.toHaveProperty('lateInvocations');
  });
});

describe('a log that is too long for one reading', () => {
  test('is read in smaller spans, never in part', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => line('1', START + index * 1_000, report('success')));
    const source = createLogsEvidence({ reader: new HeldLogs(lines, 12), settleSeconds: 5 });
    const reading = await source.read(request);
    expect(reading).toMatchObject({ ok: true, readUntilMs: START + 10_000, blocks: [{ stable: { invocations: 10 } }] });
  });

  test('is refused when not even one period fits', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => line('1', START + index * 1_000, report('success')));
    const source = createLogsEvidence({ reader: new HeldLogs(lines, 5), settleSeconds: 5 });
    expect(await source.read(request)).toMatchObject({ ok: false, reason: expect.stringContaining('one period') });
  });
});

describe('what Lambda writes about an invocation', () => {
  const text = (fields: string) => `REPORT RequestId: 4f\tDuration: 31.07 ms\tBilled Duration: 32 ms\t${fields}`;
  const read = (message: string, runtime?: 'nodejs' | 'python') =>
    readReports([line('2', START, message)], 'checkout', runtime);

  test.each([
    [report('success'), undefined, { failed: false, warmDurationMs: 12 }],
    [report('error'), undefined, { failed: true }],
    [report('failure'), undefined, { failed: true }],
    [report('timeout'), undefined, { failed: true }],
    [text('Memory Size: 128 MB\t'), 'nodejs', { failed: false, warmDurationMs: 31.07 }],
    [text('Memory Size: 128 MB\tStatus: timeout\t'), 'nodejs', { failed: true }],
    [text('Status: error\tError Type: Runtime.ExitError\t'), 'python', { failed: true }],
  ] as const)('%s', (message, runtime, expected) => {
    expect(read(message, runtime)).toMatchObject([{ version: '2', ...expected }]);
  });

  test.each([
    [report('success', { durationMs: 12, initDurationMs: 300 }), undefined],
    [report('success', { durationMs: 12, restoreDurationMs: 300 }), undefined],
    [text('Init Duration: 208.10 ms\t'), 'nodejs'],
  ] as const)('a cold start has no duration to judge: %s', (message, runtime) => {
    expect(read(message, runtime)).toEqual([expect.not.objectContaining({ warmDurationMs: expect.anything() })]);
    expect(read(message, runtime)).toMatchObject([{ initMs: expect.any(Number) }]);
  });

  test.each([
    [report('success', { durationMs: null })],
    [report('success', { durationMs: -1 })],
    [JSON.stringify({ type: 'platform.report', record: { metrics: { durationMs: 1 } } })],
  ])('a record that is not as Lambda writes it makes the span unreadable: %s', (message) => {
    expect(read(message)).toBe('malformed');
  });

  test('a thrown error in plain text is the next report’s of the same stream, and of no other', () => {
    const lines = [
      line('2', START, '2026-11-22T10:00:00.000Z\t4f\tERROR\tInvoke Error \t{"errorType":"Error"}'),
      line('1', START + 1, text('')),
      line('2', START + 2, text('')),
      line('2', START + 3, text('')),
    ];
    const reports = readReports(lines, 'checkout', 'nodejs');
    expect(reports).toMatchObject([{ failed: false }, { failed: true }, { failed: false }]);
  });

  test('an error that Python code merely logs is not a failed invocation', () => {
    const lines = [line('2', START, '[ERROR]\t2026-11-22T10:00:00.000Z\t4f\tretrying'), line('2', START + 1, text(''))];
    expect(readReports(lines, 'checkout', 'python')).toMatchObject([{ failed: false }]);
  });

  test('a line of the function’s own that mentions a report is left out', () => {
    expect(read('{"type":"mine","of":"platform.report"}')).toEqual([]);
    expect(read('{ "platform.report" is not JSON')).toEqual([]);
  });

  test('the stream names the version, and in a shared group the function', () => {
    expect(versionOfStream('2026/11/22/[12]0f', 'checkout')).toBe('12');
    expect(versionOfStream('2026/11/22/checkout[12]0f', 'checkout')).toBe('12');
    expect(versionOfStream('2026/11/22/other[12]0f', 'checkout')).toBeUndefined();
    expect(versionOfStream('2026/11/22/[$LATEST]0f', 'checkout')).toBe('$LATEST');
    expect(versionOfStream('of-my-own', 'checkout')).toBeUndefined();
    expect(filterPatternFor(undefined)).not.toContain('ERROR');
  });
});
