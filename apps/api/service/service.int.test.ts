import { Readable } from 'node:stream';
import yazl from 'yazl';
import { readyView } from '#contracts';
import { silentLogger, systemClock } from '#runtime';
import { createStore } from '#store';
import { checkout, startTestApi, type TestApi } from '../../../test/world/api.js';
import { startApi } from '../start.js';
import { pageFiles } from './page-files.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.client.createTarget(checkout);
});
afterAll(() => api.close());

test('says that it lives and that it can serve', async () => {
  expect(await api.client.health()).toEqual({ status: 'ok' });
  const ready = readyView.parse((await api.call('GET', '/ready', undefined, { key: null })).body);
  expect(ready).toMatchObject({ status: 'degraded', checks: { database: { ok: true }, workers: { ok: false } } });
});

test('without its database it says so, everywhere, and hides how', async () => {
  const databaseUrl = 'postgres://sluice:hunter2-canary@127.0.0.1:1/none';
  const store = createStore({ databaseUrl, poolSize: 2, logger: silentLogger });
  const lame = await startApi({ host: '127.0.0.1', port: 0 }, { store, logger: silentLogger, clock: systemClock });
  try {
    const ready = await fetch(`${lame.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, expect.objectContaining({ status: 'not_ready' })]);
    const health = await fetch(`${lame.url}/health`);
    expect(health.status).toBe(200);
    const answer = await fetch(`${lame.url}/v1/targets`, { headers: { authorization: `Bearer ${api.key}` } });
    const text = await answer.text();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(JSON.parse(text)).toMatchObject({ code: 'unavailable', requestId: answer.headers.get('x-request-id') });
    expect(text).not.toMatch(/hunter2|127\.0\.0\.1:1|ECONNREFUSED|at .*\.ts/);
  } finally {
    await lame.close();
    await store.close();
  }
});

test('an error nobody foresaw tells the caller nothing but an id, and the log the rest', async () => {
  const lines: { facts: object; sentence: string }[] = [];
  const logger = { ...silentLogger, error: (facts: object, sentence: string) => lines.push({ facts, sentence }) };
  const broken = await startTestApi({
    parts: (parts) => {
      const targets = { ...parts.store.targets, list: () => Promise.reject(new Error('SELECT secret FROM hunter2')) };
      return { ...parts, logger, store: { ...parts.store, targets } };
    },
  });
  const answer = await broken.call('GET', '/v1/targets');
  await broken.close();
  expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
  expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  const requestId = (answer.body as { requestId: string }).requestId;
  expect(lines).toContainEqual({
    facts: expect.objectContaining({ requestId, message: 'SELECT secret FROM hunter2' }),
    sentence: expect.any(String),
  });
});

test('the log says who did what, and holds neither keys nor headers nor what was sent', async () => {
  const lines: string[] = [];
  const line = (facts: object, sentence: string) => void lines.push(JSON.stringify({ ...facts, sentence }));
  const logger = { ...silentLogger, debug: line, info: line, warn: line, error: line };
  const logged = await startTestApi({ parts: (parts) => ({ ...parts, logger }) });
  await logged.client.createTarget(checkout);
  const configuration = { environment: { TOKEN: 'hunter2-canary' } };
  await logged.client.createDeployment({ target: 'checkout', configuration, message: 'line one' });
  await logged.call('GET', '/v1/targets?limit=0&secret=hunter2-canary', undefined, {
    headers: { 'x-secret': 'hunter2-canary' },
  });
  await logged.call('POST', '/v1/targets', {}, { key: (await logged.keyWith(['read'])).key });
  await logged.close();
  const text = lines.join('\n');
  expect(text).toContain('"route":"/v1/deployments","status":202');
  expect(text).toContain('"key":"bootstrap"');
  expect(text).toContain('A key lacks the scope.');
  expect(text).not.toMatch(/hunter2|authorization|Bearer|x-secret/i);
  expect(text).not.toContain(logged.key.slice(12));
});

test('figures need a key and name routes, not paths', async () => {
  expect((await api.request('/metrics', { key: null })).status).toBe(401);
  await api.request('/v1/deployments/00000000-0000-4000-8000-000000000000');
  const text = await (await api.request('/metrics')).text();
  expect(text).toContain('sluice_http_request_seconds_count{method="GET",route="/v1/deployments/:id",status="404"}');
  expect(text).toContain('sluice_event_streams 0');
  expect(text).not.toContain('00000000-0000-4000');
});

describe('pages', () => {
  test.each(Object.keys(pageFiles))('%s is served from here, with nothing inline', async (path) => {
    const answer = await api.request(path, { key: null });
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(answer.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    if (!answer.headers.get('content-type')?.startsWith('text/html')) return;
    expect(text).not.toMatch(/<script(?![^>]* src="\/assets\/)|<style|\son\w+=|style=/);
    const loaded = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded.filter((file) => !(file in pageFiles))).toEqual([]);
  });

  test('the description that is served is the one that is checked in', async () => {
    const { readFile } = await import('node:fs/promises');
    const served = await (await api.request('/openapi.json', { key: null })).text();
    expect(served).toBe(await readFile('apps/api/openapi.json', 'utf8'));
  });
});

test('every answer of the API forbids to be kept, sniffed or framed', async () => {
  for (const path of ['/v1/targets', '/v1/nothing', '/v1/deployments?limit=0', '/%zz']) {
    const answer = await api.request(path);
    expect([path, answer.headers.get('cache-control')]).toEqual([path, 'no-store']);
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    await answer.body?.cancel();
  }
});

test('a port that is taken is Node’s own error, and nothing is left open', async () => {
  const { port } = new URL(api.url);
  const parts = { store: api.store, logger: silentLogger, clock: systemClock };
  await expect(startApi({ host: '127.0.0.1', port: Number(port) }, parts)).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('while it closes, what is under way is answered and nothing new is taken', async () => {
  const other = await startTestApi();
  const zip = await zipOf('index.mjs', 'export const handler = () => 1');
  let finish = () => {};
  const held = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(zip.subarray(0, 20));
      finish = () => {
        controller.enqueue(zip.subarray(20));
        controller.close();
      };
    },
  });
  const uploading = other.client.uploadArtifact(held);
  const begun = async () => Number((await other.store.pool.query('SELECT count(*) AS n FROM artifacts')).rows[0]?.n);
  while ((await begun()) === 0) await new Promise((resolve) => setImmediate(resolve));
  const closing = other.stop();
  await expect(fetch(`${other.url}/health`)).rejects.toThrow();
  finish();
  expect(await uploading).toMatchObject({ kind: 'zip' });
  await closing;
  await other.close();
});

test('many bodies that are far too large cost no memory', async () => {
  const before = process.memoryUsage().rss;
  const sending = Array.from({ length: 10 }, async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        if (sent > 20_000_000) controller.close();
        else controller.enqueue(new Uint8Array(65_536));
      },
    });
    const init = { method: 'POST', body, headers: { 'content-type': 'application/json' }, duplex: 'half' };
    const answer = await api.request('/v1/deployments', init as RequestInit).catch(() => undefined);
    // Either the refusal arrived, or the connection ended while there was still more to send.
    expect([undefined, 413]).toContain(answer?.status);
    await answer?.body?.cancel();
  });
  await Promise.all(sending);
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  expect((await api.client.health()).status).toBe('ok');
});

async function zipOf(name: string, content: string): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return Buffer.concat(await Readable.from(zip.outputStream).toArray());
}
