import { createClient, type WatchMessage } from '#contracts';
import { checkout, factsUntilBaking, startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
let targets = 0;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

async function deployment(): Promise<string> {
  targets += 1;
  const name = `target-${targets}`;
  await api.client.createTarget({ ...checkout, name, functionName: `fn-${targets}` });
  return (await api.client.createDeployment({ target: name, strategy: 'canary', configuration: { memorySize: 256 } }))
    .id;
}

/** The raw text of a stream until `enough` says so. */
async function readText(id: string, headers: Record<string, string>, enough: (text: string) => boolean) {
  const abort = new AbortController();
  const answer = await api.request(`/v1/deployments/${id}/events`, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: abort.signal,
  });
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of answer.body ?? []) {
    text += decoder.decode(part as Uint8Array, { stream: true });
    if (enough(text)) break;
  }
  abort.abort();
  return { answer, text };
}

const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

test('tells the history, then every change as it comes, then the end', async () => {
  const id = await deployment();
  const messages: WatchMessage[] = [];
  const watching = (async () => {
    for await (const message of api.client.watchDeployment(id)) messages.push(message);
  })();
  await api.tell(id, ...factsUntilBaking());
  await api.client.abort(id);
  await api.tell(
    id,
    { type: 'ClaimTaken', command: 'Restore', token: 'revision-b', wanted: { version: '1' } },
    { type: 'Restored', value: { version: '1' }, revisionId: 'revision-c' },
  );
  await watching;
  const changes = messages.flatMap((message) => (message.kind === 'change' ? [message.event] : []));
  expect(changes.map((event) => event.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(changes.at(-1)).toMatchObject({ type: 'Restored', sentence: 'Put back: 100 % on version 1.' });
  const last = messages.at(-1);
  expect(last).toMatchObject({ kind: 'end', deployment: { phase: 'rolled_back', ended: true } });
  for (const message of messages) expect(message.deployment.id).toBe(id);
});

test('a stream whose notice was lost finds the change by itself within five seconds', async () => {
  const id = await deployment();
  let shown = 0;
  const told = readText(id, {}, (text) => {
    shown = ids(text).length;
    return shown === 2;
  });
  await until(async () => shown === 1 && (await listeners()).length > 0);
  // Whoever listens for this API is cut off, and comes back after the notice.
  await api.store.pool.query(`SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid`, [await listeners()]);
  await api.tell(id, { type: 'Started' });
  expect(ids((await told).text)).toEqual([1, 2]);
}, 20_000);

async function listeners(): Promise<number[]> {
  const { rows } = await api.store.pool.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sluice-changes'`,
  );
  return rows.map(({ pid }) => pid);
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('resumes after Last-Event-ID, and repeats nothing', async () => {
  const id = await deployment();
  await api.tell(id, ...factsUntilBaking());
  const { answer, text } = await readText(id, { 'last-event-id': '4' }, (seen) => ids(seen).length === 2);
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(ids(text)).toEqual([5, 6]);
  expect(text).not.toContain('id: 4\n');
});

test('pushes new evidence without an event, and only when it is new', async () => {
  const id = await deployment();
  await api.tell(id, ...factsUntilBaking());
  const stream = api.client.watchDeployment(id, { after: 6 });
  const next = stream.next();
  const numbers = { canary: { errorRate: 0.002 }, stable: { errorRate: 0.001 } };
  await api.evidence(id, { sentence: 'So far, so good.', numbers });
  const { value } = await next;
  expect(value).toMatchObject({ kind: 'evidence', deployment: { evidence: { sentence: 'So far, so good.' } } });
  expect((value as WatchMessage).deployment.headline).toMatch(
    /^10 % on version 2, baking, .* left; errors 0\.2 % vs 0\.1 %\.$/,
  );
  const after = stream.next();
  await api.client.pause(id);
  expect((await after).value).toMatchObject({ kind: 'change', event: { type: 'PauseRequested' } });
  await stream.return();
});

test('a stream of something that ended is told at once and closed', async () => {
  const id = await deployment();
  await api.client.cancel(id);
  const { text } = await readText(id, {}, () => false);
  expect(ids(text)).toEqual([1, 2]);
  expect(text).toMatch(/event: end\n[^\n]*\n\n$/);
});

test('the client connects again where the stream broke, and every event comes exactly once', async () => {
  const id = await deployment();
  let connections = 0;
  const cutting: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (!answer.headers.get('content-type')?.startsWith('text/event-stream') || !answer.body) return answer;
    connections += 1;
    return new Response(cutAfter(2, answer.body), answer);
  };
  const client = createClient({ baseUrl: api.url, apiKey: api.key, fetch: cutting, sleep: () => Promise.resolve() });
  const seen: number[] = [];
  const watching = (async () => {
    for await (const message of client.watchDeployment(id)) {
      if (message.kind === 'change') seen.push(message.event.sequence);
    }
  })();
  for (const fact of factsUntilBaking()) await api.tell(id, fact);
  await api.client.abort(id);
  await api.tell(
    id,
    { type: 'ClaimTaken', command: 'Restore', token: 'revision-b', wanted: { version: '1' } },
    { type: 'Restored', value: { version: '1' }, revisionId: 'revision-c' },
  );
  await watching;
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  // Nine changes and the end, two a connection.
  expect(connections).toBeGreaterThanOrEqual(5);
});

/**
 * A network that cuts a stream after so many messages, however many of them come in one piece. Nothing is handed on before
 * it is asked for: what lies in a stream's own buffer is thrown away by the cut, and would be a message that never came.
 */
function cutAfter(messages: number, stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let [left, text] = [messages, ''];
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (left === 0) {
          await reader.cancel();
          return controller.error(new Error('cable cut'));
        }
        while (!text.includes('\n\n')) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          text += decoder.decode(value, { stream: true });
        }
        const end = text.indexOf('\n\n') + 2;
        if (text.startsWith('event: ')) left -= 1;
        controller.enqueue(new TextEncoder().encode(text.slice(0, end)));
        text = text.slice(end);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

test('an API that goes away and comes back is watched on; one that refuses is not asked again', async () => {
  const id = await deployment();
  await api.client.cancel(id);
  let attempts = 0;
  const flaky: typeof fetch = (input, init) => {
    attempts += 1;
    return attempts < 4 ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init);
  };
  const client = createClient({ baseUrl: api.url, apiKey: api.key, fetch: flaky, sleep: () => Promise.resolve() });
  const kinds: string[] = [];
  for await (const message of client.watchDeployment(id)) kinds.push(message.kind);
  expect(kinds).toEqual(['change', 'change', 'end']);
  const nobody = api.client.watchDeployment('00000000-0000-4000-8000-000000000000');
  await expect(nobody.next()).rejects.toMatchObject({ name: 'ApiProblem', code: 'not_found' });
});

test('the events as JSON come in pages', async () => {
  const id = await deployment();
  await api.tell(id, ...factsUntilBaking());
  const first = await api.client.listEvents(id, { limit: 4 });
  expect([first.items.map((event) => event.sequence), first.next]).toEqual([[1, 2, 3, 4], 4]);
  const second = await api.client.listEvents(id, { after: 4 });
  expect([second.items.map((event) => event.sequence), second.next]).toEqual([[5, 6], null]);
  expect(JSON.stringify([first, second])).not.toMatch(/revision-[a-z]/);
});

test('what is neither JSON nor a stream is not to be had', async () => {
  const id = await deployment();
  const answer = await api.request(`/v1/deployments/${id}/events`, { headers: { accept: 'text/csv' } });
  expect(answer.status).toBe(406);
  for (const header of ['-1', 'x', '1e3']) {
    const bad = await api.request(`/v1/deployments/${id}/events`, { headers: { 'last-event-id': header } });
    expect(bad.status).toBe(400);
  }
});

test('closing the API ends its streams', async () => {
  const other = await startTestApi();
  await other.client.createTarget(checkout);
  const { id } = await other.client.createDeployment({ target: 'checkout', configuration: { memorySize: 256 } });
  const answer = await other.request(`/v1/deployments/${id}/events`, { headers: { accept: 'text/event-stream' } });
  const reader = answer.body?.getReader();
  await reader?.read();
  await other.close();
  const rest = async () => {
    for (;;) if ((await reader?.read())?.done !== false) return 'ended';
  };
  expect(await rest().catch(() => 'ended')).toBe('ended');
});
