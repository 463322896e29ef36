import { connect } from 'node:net';
import { hasScope, type Route, type RouteName, routes, type Scope, scopes } from '#contracts';
import { checkout, startTestApi, type TestApi } from '../../../test/world/api.js';
import { generateApiKey } from '../keys/api-key.js';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const table = Object.entries(routes) as [RouteName, Route][];
const closed = table.filter(([, route]) => route.scope !== null);
const open = table.filter(([, route]) => route.scope === null);

let api: TestApi;
const keys = new Map<Scope, string>();
beforeAll(async () => {
  api = await startTestApi();
  await api.client.createTarget(checkout);
  for (const scope of scopes) keys.set(scope, (await api.keyWith([scope])).key);
});
afterAll(() => api.close());

function ask(route: Route, authorization: string | undefined): Promise<Response> {
  const path = route.path.replace('{id}', NOBODY).replace('{target}', 'nobody-here');
  const headers = { ...(authorization === undefined ? {} : { authorization }), 'content-type': 'application/json' };
  const body = route.body ? { body: '{}' } : {};
  return fetch(api.url + path, { method: route.method, headers, ...body });
}

describe('every route that asks for a key', () => {
  const useless: [string, () => string | undefined | Promise<string>][] = [
    ['no header', () => undefined],
    ['an empty bearer', () => 'Bearer '],
    ['a bearer called nothing', () => 'Bearer nothing'],
    ['another scheme', () => `Basic ${Buffer.from('admin:admin').toString('base64')}`],
    ['a key without its scheme', () => api.key],
    ['a key that was never given out', () => `Bearer ${generateApiKey()}`],
    ['a key with one wrong character', () => `Bearer ${mistyped(api.key)}`],
    ['a key in lower case', () => `Bearer ${api.key.toLowerCase()}`],
    ['a key with something behind it', () => `Bearer ${api.key}, Bearer nothing`],
    ['a revoked key', revokedKey],
    ['an expired key', async () => `Bearer ${(await api.keyWith(['admin'], { expiresAt: 1 })).key}`],
  ];
  test.each(useless)('answers 401 to %s', async (_, make) => {
    const authorization = await make();
    for (const [name, route] of closed) {
      const answer = await ask(route, authorization);
      expect([name, answer.status]).toEqual([name, 401]);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      expect(await answer.json()).toMatchObject({ code: 'unauthorized', status: 401 });
    }
  });

  test.each(scopes)('is open to the scope %s exactly where the table says so', async (scope) => {
    for (const [name, route] of closed) {
      const answer = await ask(route, `Bearer ${keys.get(scope)}`);
      const allowed = route.scope !== null && hasScope([scope], route.scope);
      // Past the door there may be nothing of that name; before it there is only "no".
      expect([name, scope, answer.status === 403]).toEqual([name, scope, !allowed]);
      expect(answer.status).not.toBe(401);
      expect(answer.status).toBeLessThan(500);
      await answer.body?.cancel();
    }
  });
});

test('routes without a scope answer without a key', async () => {
  expect(open.map(([name]) => name).sort()).toEqual(['alarmMessage', 'docs', 'health', 'home', 'openApi', 'ready']);
  for (const [name, route] of open) {
    const answer = await ask(route, undefined);
    // SNS shows no key, it signs; and without topics that are believed there is no such route.
    if (name === 'alarmMessage') {
      expect(answer.status).toBe(404);
      continue;
    }
    expect([name, answer.status]).toEqual([name, 200]);
    await answer.body?.cancel();
  }
});

test('what is not in the table is not there, with or without a key', async () => {
  for (const path of ['/v1', '/v1/keys', '/v2/deployments', '/.env', '/assets/', '/assets/../main.js', '/docs/x']) {
    for (const key of [null, api.key]) {
      const answer = await api.request(path, { key });
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.json()).toMatchObject({ code: 'not_found' });
    }
  }
  expect((await api.request('/v1/deployments/')).status).toBe(404);
  const method = await api.request('/v1/targets', { method: 'PUT', key: null });
  expect(method.status).toBe(404);
});

test('a key stops working with the next request after it was revoked', async () => {
  const { key, id } = await api.keyWith(['read']);
  expect((await api.request('/v1/targets', { key })).status).toBe(200);
  await api.store.apiKeys.revoke('default', id);
  expect((await api.request('/v1/targets', { key })).status).toBe(401);
});

test('what belongs to another project is not there', async () => {
  await api.store.pool.query("INSERT INTO projects (id, name) VALUES ('other', 'other')");
  const { key } = await api.keyWith(['admin'], { projectId: 'other' });
  const own = await api.client.createDeployment({ target: 'checkout', configuration: { memorySize: 256 } });
  const target = await api.client.getTarget('checkout');
  const asOther = (method: string, path: string, body?: unknown) => api.call(method, path, body, { key });
  const answers = await Promise.all([
    asOther('GET', `/v1/deployments/${own.id}`),
    asOther('GET', `/v1/deployments/${own.id}/events`),
    asOther('POST', `/v1/deployments/${own.id}/abort`, {}),
    asOther('POST', `/v1/deployments/${own.id}/promote`, { sequence: 1 }),
    asOther('GET', '/v1/targets/checkout'),
    asOther('GET', `/v1/targets/${target.id}`),
    asOther('PATCH', `/v1/targets/${target.id}`, { policy: 'refuse' }),
    asOther('DELETE', `/v1/targets/${target.id}`),
    asOther('POST', `/v1/targets/${target.id}/rollback`, {}),
    asOther('POST', `/v1/targets/${target.id}/settle`, { toVersion: '1' }),
    asOther('POST', '/v1/deployments', { target: target.id, configuration: { memorySize: 128 } }),
    asOther('GET', `/v1/deployments?target=${target.id}`),
  ]);
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 404));
  expect(await asOther('GET', '/v1/deployments')).toMatchObject({ body: { items: [], next: null } });
  expect(await asOther('GET', '/v1/targets')).toMatchObject({ body: { items: [], next: null } });
  expect(await api.client.getDeployment(own.id)).toMatchObject({ sequence: 1 });
});

test('without a key, a large body is refused before it is read', async () => {
  const { port } = new URL(api.url);
  const answer = await new Promise<{ head: string; sent: number }>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    let sent = 0;
    let head = '';
    socket.on('error', reject);
    socket.on('data', (data) => {
      head += data.toString();
    });
    socket.on('close', () => resolve({ head, sent }));
    socket.write(
      'POST /v1/artifacts HTTP/1.1\r\nHost: x\r\nContent-Type: application/zip\r\nContent-Length: 999999999\r\n\r\n',
    );
    sent += socket.bytesWritten;
  });
  expect(answer.head).toMatch(/^HTTP\/1.1 401/);
  expect(answer.head).toMatch(/connection: close/i);
});

test('neither the database nor an answer holds anything that could be used as a key', async () => {
  const { rows } = await api.store.pool.query('SELECT row_to_json(k)::text AS text FROM api_keys k');
  const dump = rows.map((row) => row.text).join('\n');
  for (const key of [api.key, ...keys.values()]) expect(dump).not.toContain(key.slice(12));
});

async function revokedKey(): Promise<string> {
  const { key, id } = await api.keyWith(['admin']);
  await api.store.apiKeys.revoke('default', id);
  return `Bearer ${key}`;
}

function mistyped(key: string): string {
  const at = 20;
  return `${key.slice(0, at)}${key[at] === 'a' ? 'b' : 'a'}${key.slice(at + 1)}`;
}
