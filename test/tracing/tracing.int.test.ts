import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { createClient } from '#contracts';
import { isEnd } from '#rollout';
import { createLogger, type Logger, readConfig, startTracing, systemClock } from '#runtime';
import { ensureBootstrapKey, startApi } from '../../apps/api/start.js';
import { EngineWorld, handlerCode } from '../engine/engine-world.js';
import { claimQueueRedis } from '../world/queue-engine.js';

interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code?: number };
  readonly attributes: readonly { readonly key: string; readonly value: { stringValue?: string; intValue?: number } }[];
}

/** Takes OTLP/HTTP as a collector does. */
async function openCollector() {
  const spans: SeenSpan[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      bodies.push(body);
      const sent = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: SeenSpan[] }[] }[] };
      for (const { scopeSpans } of sent.resourceSpans) for (const one of scopeSpans) spans.push(...one.spans);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, bodies, close: () => server.close() };
}

const redis = claimQueueRedis();
const lines: Record<string, unknown>[] = [];

/** A real logger whose lines are read back. */
function readLogger(): Logger {
  const out = new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).trim().split('\n')) lines.push(JSON.parse(line));
      done();
    },
  });
  return createLogger({ level: 'debug', name: 'test', out });
}

let world: EngineWorld;
let logger: Logger;
beforeAll(async () => {
  logger = readLogger();
  world = await EngineWorld.open(redis, logger);
});
afterAll(() => world.close());

/** Deploys over HTTP, lets a worker do it, and gives the id. */
async function deploy(headers: Record<string, string> = {}): Promise<string> {
  const { store, queue } = world;
  const api = await startApi({ host: '127.0.0.1', port: 0 }, { store, queue, logger, clock: systemClock });
  const { key } = await ensureBootstrapKey(store);
  const target = await world.target();
  const artifact = await world.artifact(handlerCode(`v2 ${target.name}`));
  const worker = await world.startWorker();
  try {
    const body = { target: target.name, artifact: { id: artifact }, strategy: 'all-at-once', message: 'words-canary' };
    const answer = await fetch(`${api.url}/v1/deployments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const { id } = (await answer.json()) as { id: string };
    await world.until(id, isEnd);
    expect((await createClient({ baseUrl: api.url, apiKey: key }).getDeployment(id)).phase).toBe('succeeded');
    return id;
  } finally {
    await api.close();
    await worker.close();
  }
}

const attribute = (span: SeenSpan, key: string) => span.attributes.find((one) => one.key === key)?.value.stringValue;

test('off: nothing is loaded or kept, and every line about a deployment names it', async () => {
  expect(await startTracing('test', readConfig({}).tracing, logger)).toBeUndefined();
  lines.length = 0;
  const id = await deploy();
  expect((await world.row(id)).traceParent).toBeUndefined();
  const about = lines.filter((line) => JSON.stringify(line).includes(id));
  expect(about.length).toBeGreaterThan(3);
  expect(about.filter((line) => line['deploymentId'] !== id)).toEqual([]);
  const accepted = { route: '/v1/deployments', status: 202, deploymentId: id };
  expect(lines).toContainEqual(expect.objectContaining(accepted));
  expect(lines.filter((line) => 'traceId' in line)).toEqual([]);
});

test('on: one deployment is one readable trace, from the caller’s over HTTP and queue to every AWS call', async () => {
  const collector = await openCollector();
  const before = { ...process.env };
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
  };
  Object.assign(process.env, environment);
  const traces = await startTracing('sluice-test', readConfig(environment).tracing, logger);
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  let id: string;
  try {
    lines.length = 0;
    id = await deploy({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
  } finally {
    await traces?.close();
    collector.close();
    process.env = before;
  }
  const spans = collector.spans.filter((span) => span.traceId === traceId);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const parentOf = (span: SeenSpan | undefined) => byId.get(span?.parentSpanId ?? '');
  const accepted = spans.find(({ name }) => name === 'POST /v1/deployments');
  expect(accepted).toMatchObject({ parentSpanId: '00f067aa0ba902b7', kind: 2 });
  expect(accepted && attribute(accepted, 'sluice.deployment.id')).toBe(id);

  const names = spans.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['wakes send', 'deployment walk', 'CaptureRollbackPoint', 'Promote', 'AWS UpdateAlias']),
  );
  // Nothing hangs in the air: every span's parent was sent as well.
  expect(spans.filter((span) => span !== accepted && !parentOf(span)).map(({ name }) => name)).toEqual([]);
  const update = spans.find(({ name }) => name === 'AWS UpdateAlias');
  const path = [update, parentOf(update), parentOf(parentOf(update)), parentOf(parentOf(parentOf(update)))];
  expect(path.map((span) => span?.name)).toEqual([
    'AWS UpdateAlias',
    'Promote',
    'deployment walk',
    'POST /v1/deployments',
  ]);
  for (const walk of spans.filter(({ name }) => name === 'deployment walk')) {
    expect(walk.kind).toBe(5);
    expect(attribute(walk, 'sluice.deployment.id')).toBe(id);
    expect(attribute(walk, 'sluice.phase')).toMatch(/^[a-z_]+$/);
    expect(attribute(walk, 'sluice.target')).toMatch(/^fn-\d+$/);
  }
  expect(collector.bodies.join('')).toContain('deployment.environment');
  expect(collector.bodies.join('')).not.toMatch(/words-canary|Bearer|not-a-secret/);

  const about = lines.filter((line) => line['deploymentId'] === id);
  expect(about.length).toBeGreaterThan(3);
  expect(about.filter((line) => line['traceId'] !== traceId && line['route'] !== '/v1/deployments/:id')).toEqual([]);
});

test('a collector that is out of reach changes nothing but a line in the log', async () => {
  const before = { ...process.env };
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_BSP_SCHEDULE_DELAY: '20' };
  Object.assign(process.env, environment, { OTEL_EXPORTER_OTLP_TIMEOUT: '200' });
  const traces = await startTracing('sluice-test', readConfig(environment).tracing, logger);
  try {
    lines.length = 0;
    await deploy();
  } finally {
    await traces?.close();
    process.env = before;
  }
  expect(lines.filter((line) => line['msg'] === 'Traces could not be sent to the collector.')).toHaveLength(1);
});
