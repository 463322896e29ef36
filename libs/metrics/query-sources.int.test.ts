import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#runtime';
import { createDatadogEvidence } from './datadog-evidence.js';
import { describeEvidenceSource } from './evidence-source.contract.js';
import type { EvidenceRequest } from './evidence-source.js';
import { createHttpEvidence } from './http-evidence.js';
import { createOutbound } from './outbound.js';
import { createPrometheusEvidence } from './prometheus-evidence.js';
import { serve, type TestServer } from './troubled-server.fixture.js';

/** Half past midnight on a day long ago: what a backfilled server is asked about. */
const START_MS = Date.UTC(2026, 0, 1, 0, 30);
const PERIOD_MS = 10_000;
const PERIODS = 12;

const request: EvidenceRequest = {
  accountId: '000000000000',
  region: 'us-east-1',
  functionName: 'checkout',
  alias: 'live',
  stableVersion: '1',
  canaryVersion: '2',
  fromMs: START_MS,
  toMs: START_MS + PERIODS * PERIOD_MS + 15_000,
  periodSeconds: PERIOD_MS / 1000,
  weightPercent: 20,
};

/** What each version served in each period: a quiet one among them, and errors on one side only. */
const told = Array.from({ length: PERIODS }, (_, index) => ({
  startMs: START_MS + index * PERIOD_MS,
  stable: { invocations: index === 5 ? 0 : 80 + index, errors: index === 3 ? 2 : 0 },
  canary: { invocations: index === 5 ? 0 : 20, errors: index === 5 ? 0 : index % 2 },
}));
type Role = 'stable' | 'canary';
type Count = 'invocations' | 'errors';
const total = (role: Role, count: Count) => told.reduce((sum, period) => sum + period[role][count], 0);
const truth = {
  stable: { invocations: total('stable', 'invocations'), errors: 2 },
  canary: { invocations: 11 * 20, errors: 5 },
};
const roleOf = (version: string | undefined) => (version === '1' ? 'stable' : 'canary');

const outboundTo = (origin: string) => createOutbound({ trustedOrigins: [origin] });

// Prometheus -------------------------------------------------------------------------------------------------------

const selector = '{function="{{function}}",alias="{{alias}}",version="{{version}}"}';
const promQueries = {
  invocations: `sum(increase(lambda_invocations_total${selector}[{{window}}]))`,
  errors: `sum(increase(lambda_errors_total${selector}[{{window}}])) or vector(0)`,
};

/** Counters every second, growing inside each period by what that period is told to have served. */
function openMetrics(): string {
  const lines: string[] = [];
  for (const name of ['invocations', 'errors'] as const) {
    lines.push(`# TYPE lambda_${name} counter`);
    for (const version of ['1', '2']) {
      let counter = 0;
      const put = (atMs: number) =>
        lines.push(
          `lambda_${name}_total{function="checkout",alias="live",version="${version}"} ${counter} ${atMs / 1000}`,
        );
      for (let second = 60; second >= 0; second -= 1) put(START_MS - second * 1000);
      for (const period of told) {
        for (let second = 1; second <= 10; second += 1) {
          if (second === 5) counter += period[roleOf(version)][name];
          put(period.startMs + second * 1000);
        }
      }
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

async function openPrometheus() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'));
  writeFileSync(join(folder, 'told.txt'), openMetrics());
  writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n');
  execFileSync('promtool', [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    join(folder, 'told.txt'),
    join(folder, 'data'),
  ]);
  const free = await serve(() => undefined);
  await free.close();
  const server = spawn('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--storage.tsdb.retention.time=100y',
    `--web.listen-address=${free.origin.slice('http://'.length)}`,
    '--log.level=error',
  ]);
  const ended = new Promise<void>((done) => server.once('exit', () => done()));
  for (let tries = 0; tries < 200; tries += 1) {
    const ready = await fetch(`${free.origin}/-/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) break;
    await systemClock.sleep(100);
  }
  const at = (origin: string, timeoutMs: number) =>
    createPrometheusEvidence({
      outbound: outboundTo(origin),
      url: origin,
      queries: promQueries,
      settleSeconds: 15,
      timeoutMs,
      bearerToken: 'a-token',
    });
  const close = async () => {
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { source: at(free.origin, 10_000), request, truth, at, close, url: free.origin };
}

if (spawnSync('promtool', ['--version']).status === 0) {
  describeEvidenceSource('a real Prometheus', openPrometheus);

  test('a query that says nothing when nothing failed is named as the reason, not taken for health', async () => {
    const { url, close } = await openPrometheus();
    const queries = { ...promQueries, errors: `sum(increase(no_such_counter${selector}[{{window}}]))` };
    const source = createPrometheusEvidence({ outbound: outboundTo(url), url, queries, settleSeconds: 15 });
    expect(await source.read(request)).toMatchObject({ ok: true, blocks: [] });
    const later = await source.read({ ...request, toMs: request.toMs + 600_000 });
    expect(later).toMatchObject({ ok: false, reason: expect.stringMatching(/zero when none failed/) });
    await close();
  });
} else {
  process.stderr.write('\n*** NOT RUN: evidence from a real Prometheus (no prometheus and promtool on the PATH)\n\n');
}

/** A server that speaks the same API and says whatever a test wants it to say. */
async function promSaying(values: (query: string) => readonly (readonly [number, string])[], more: object = {}) {
  return serve(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const query = new URLSearchParams(body).get('query') ?? '';
    const result = [{ metric: {}, values: values(query) }];
    response.end(JSON.stringify({ status: 'success', ...more, data: { resultType: 'matrix', result } }));
  });
}

describe('what Prometheus may say besides numbers', () => {
  const ends = told.map(({ startMs }) => (startMs + PERIOD_MS) / 1000);
  const sourceAt = (url: string) =>
    createPrometheusEvidence({ outbound: outboundTo(url), url, queries: promQueries, settleSeconds: 15 });

  test.each(['NaN', '+Inf', '-3'])('%s for errors is never read as “no errors”', async (word) => {
    const server = await promSaying((query) => ends.map((at) => [at, query.includes('errors') ? word : '50']));
    const reading = await sourceAt(server.origin).read(request);
    await server.close();
    expect(reading.ok ? reading.blocks : []).toEqual([]);
  });

  test('NaN for invocations is no traffic, so nothing can pass on it', async () => {
    const server = await promSaying((query) => ends.map((at) => [at, query.includes('errors') ? '0' : 'NaN']));
    const reading = await sourceAt(server.origin).read(request);
    await server.close();
    expect(reading.ok && reading.blocks.every(({ canary }) => canary.invocations === 0)).toBe(true);
  });

  test('an answer in part is no answer', async () => {
    const server = await promSaying(() => ends.map((at) => [at, '50']), { warnings: ['a store is gone'] });
    const reading = await sourceAt(server.origin).read(request);
    await server.close();
    expect(reading).toMatchObject({ ok: false, retry: 'again', internal: 'a store is gone' });
  });
});

describe('durations from queries', () => {
  const ends = told.map(({ startMs }) => (startMs + PERIOD_MS) / 1000);
  const durations = {
    count: 'count{version="{{version}}"}',
    above: 'above{version="{{version}}",ms="{{thresholdMs}}",le="{{thresholdSeconds}}"}',
    quantileMs: 'quantile({{quantile}},x{version="{{version}}"})',
  };
  const answer = (query: string): readonly (readonly [number, string])[] => {
    if (query.includes('errors')) return ends.map((at) => [at, '0']);
    if (query.startsWith('above')) {
      if (query.includes('version="2"') && query.includes('ms="80"')) return [];
      return ends.map((at) => [at, query.includes('ms="20.5",le="0.0205"') ? '30' : '4']);
    }
    if (query.startsWith('quantile')) return ends.map((at) => [at, String(Number(/0\.\d+/.exec(query)?.[0]) * 100)]);
    return ends.map((at) => [at, '50']);
  };

  test('are counted against each threshold, and left out where one of them has no answer', async () => {
    const server = await promSaying(answer);
    const source = createPrometheusEvidence({
      outbound: outboundTo(server.origin),
      url: server.origin,
      queries: { ...promQueries, durations },
      settleSeconds: 15,
    });
    const reading = await source.read({ ...request, latencyThresholdsMs: [20.5, 80] });
    await server.close();
    const [block] = reading.ok ? reading.blocks : [];
    expect(block?.stable.durationMs).toEqual({ count: 50, above: [30, 4], p50: 50, p90: 90, p99: 99 });
    expect(block?.canary).toEqual({ invocations: 50, errors: 0 });
  });
});

// Datadog ----------------------------------------------------------------------------------------------------------

const datadogQueries = {
  invocations:
    'sum:lambda.invocations{functionname:{{function}},executedversion:{{version}}}.as_count().rollup(sum, {{windowSeconds}})',
  errors:
    'sum:lambda.errors{functionname:{{function}},executedversion:{{version}}}.as_count().rollup(sum, {{windowSeconds}})',
};

/** Answers as Datadog's `GET /api/v1/query` does; `interval` is the rolling up it chose. */
function datadog(interval = 10): Promise<TestServer> {
  return serve((incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const [from, to] = [Number(url.searchParams.get('from')), Number(url.searchParams.get('to'))];
    const query = url.searchParams.get('query') ?? '';
    const keys = incoming.headers['dd-api-key'] === 'key' && incoming.headers['dd-application-key'] === 'app';
    if (!keys || url.pathname !== '/api/v1/query') return void response.writeHead(403).end('{"errors":["Forbidden"]}');
    const count = query.includes('errors') ? 'errors' : 'invocations';
    const version = /executedversion:(\w+)/.exec(query)?.[1];
    const pointlist = told
      .filter(({ startMs }) => startMs >= from * 1000 && startMs < to * 1000)
      .map((period) => [period.startMs, period[roleOf(version)][count]]);
    const series = [
      { metric: `lambda.${count}`, scope: '', interval, length: pointlist.length, pointlist, aggr: 'sum' },
    ];
    response.end(
      JSON.stringify({ status: 'ok', res_type: 'time_series', from_date: from, to_date: to, query, series }),
    );
  });
}

const datadogAt = (origin: string, timeoutMs: number, apiKey = 'key') =>
  createDatadogEvidence({
    outbound: outboundTo(origin),
    origin,
    apiKey,
    applicationKey: 'app',
    queries: datadogQueries,
    settleSeconds: 15,
    timeoutMs,
  });

describeEvidenceSource('Datadog’s timeseries query', async () => {
  const server = await datadog();
  return { source: datadogAt(server.origin, 10_000), request, truth, at: datadogAt, close: server.close };
});

describe('what Datadog may say besides numbers', () => {
  test('keys that it does not know end in a sentence without the keys', async () => {
    const server = await datadog();
    const reading = await datadogAt(server.origin, 10_000, 'wrong').read(request);
    await server.close();
    expect(reading).toMatchObject({ ok: false, retry: 'never' });
    expect(JSON.stringify(reading)).not.toContain('wrong');
  });

  test('periods that it made longer are refused: their counts belong to other times', async () => {
    const server = await datadog(300);
    const reading = await datadogAt(server.origin, 10_000).read(request);
    await server.close();
    expect(reading).toMatchObject({ ok: false, reason: expect.stringContaining('rollup') });
  });
});

// Plain HTTPS ------------------------------------------------------------------------------------------------------

function service(change: (periods: object[]) => object[] = (periods) => periods): Promise<TestServer> {
  return serve(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const { fromMs, toMs } = JSON.parse(body) as { fromMs: number; toMs: number };
    const periods = told.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
    response.end(JSON.stringify({ periods: change(periods) }));
  });
}

const httpAt = (origin: string, timeoutMs: number) =>
  createHttpEvidence({ outbound: outboundTo(origin), url: `${origin}/evidence`, settleSeconds: 15, timeoutMs });

describeEvidenceSource('a service that answers over HTTP', async () => {
  const server = await service();
  return { source: httpAt(server.origin, 10_000), request, truth, at: httpAt, close: server.close };
});

describe('what a service may get wrong', () => {
  const wrong: [string, (periods: object[]) => object[]][] = [
    ['a hole between two periods', (periods) => periods.filter((_, index) => index !== 4)],
    ['periods in the wrong order', (periods) => [...periods].reverse()],
    ['a period twice', (periods) => [periods[0] as object, ...periods]],
    [
      'more errors than invocations',
      (periods) => periods.map((one) => ({ ...one, canary: { invocations: 1, errors: 2 } })),
    ],
    ['half an invocation', (periods) => periods.map((one) => ({ ...one, canary: { invocations: 0.5, errors: 0 } }))],
    ['errors that are null', (periods) => periods.map((one) => ({ ...one, canary: { invocations: 5, errors: null } }))],
    ['errors that are missing', (periods) => periods.map((one) => ({ ...one, canary: { invocations: 5 } }))],
  ];
  test.each(wrong)('%s: nothing of the answer is used', async (_name, change) => {
    const server = await service(change);
    const reading = await httpAt(server.origin, 10_000).read(request);
    await server.close();
    expect(reading.ok).toBe(false);
  });

  test('periods that are not there yet are read next time', async () => {
    const server = await service((periods) => periods.slice(0, 3));
    const reading = await httpAt(server.origin, 10_000).read(request);
    await server.close();
    expect(reading).toMatchObject({ ok: true, readUntilMs: START_MS + 3 * PERIOD_MS });
  });
});
