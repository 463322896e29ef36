import { type DeploymentView, deploymentView } from '#contracts';
import { checkout, startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.client.createTarget(checkout);
});
afterAll(() => api.close());

const change = (memorySize: number) => ({ target: 'checkout', configuration: { memorySize } });
const post = (body: unknown, key: string) =>
  api.call('POST', '/v1/deployments', body, { headers: { 'idempotency-key': key } });
const all = async () => (await api.client.listDeployments({ limit: 100 })).items;

test('the same key with the same request gives the same deployment, however the JSON is ordered', async () => {
  const first = await post(change(256), 'repeat');
  const again = await post({ configuration: { memorySize: 256 }, target: 'checkout' }, 'repeat');
  expect([first.status, again.status]).toEqual([202, 202]);
  expect((again.body as DeploymentView).id).toBe((first.body as DeploymentView).id);
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
  expect(await all()).toHaveLength(1);
});

test('the same key with another request is refused and names the deployment it belongs to', async () => {
  const first = deploymentView.parse((await post(change(256), 'conflict')).body);
  const other = await post(change(512), 'conflict');
  expect(other.status).toBe(409);
  expect(other.body).toMatchObject({ code: 'idempotency_conflict', deploymentId: first.id });
});

test('the same key on another route is another request', async () => {
  await post(change(256), 'elsewhere');
  const headers = { 'idempotency-key': 'elsewhere' };
  const other = await api.call('POST', '/v1/targets/checkout/settle', { toVersion: '3' }, { headers });
  expect(other.body).toMatchObject({ code: 'idempotency_conflict' });
});

test('twenty requests with one key at once make one deployment', async () => {
  const before = (await all()).length;
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(change(1024), 'storm')));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
  expect(new Set(answers.map((answer) => (answer.body as DeploymentView).id)).size).toBe(1);
  expect(await all()).toHaveLength(before + 1);
});

test('without a key, every request is a deployment of its own', async () => {
  const [one, other] = await Promise.all([
    api.client.createDeployment(change(256)),
    api.client.createDeployment(change(256)),
  ]);
  expect(one.id).not.toBe(other.id);
});

test.each(['two words', 'x'.repeat(256), '\u00fc'])('the key %p is refused', async (key) => {
  const answer = await post(change(256), key);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ errors: [{ path: 'header idempotency-key' }] });
});
