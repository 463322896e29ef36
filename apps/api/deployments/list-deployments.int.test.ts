import { checkout, factsUntilBaking, startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
const made: string[] = [];
beforeAll(async () => {
  api = await startTestApi();
  await api.client.createTarget(checkout);
  await api.client.createTarget({ ...checkout, name: 'search', functionName: 'search-fn' });
  for (let index = 0; index < 7; index += 1) {
    const target = index % 2 === 0 ? 'checkout' : 'search';
    made.push((await api.client.createDeployment({ target, configuration: { memorySize: 128 + index } })).id);
  }
  await api.tell(made[0] ?? '', ...factsUntilBaking());
  await api.client.cancel(made[1] ?? '');
});
afterAll(() => api.close());

const newest = () => [...made].reverse();

test('pages through everything once, newest first, also when something is added meanwhile', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 4; page += 1) {
    const { items, next } = await api.client.listDeployments({ limit: 2, ...(cursor ? { cursor } : {}) });
    seen.push(...items.map((item) => item.id));
    cursor = next ?? undefined;
    if (page === 1)
      made.push((await api.client.createDeployment({ target: 'search', configuration: { memorySize: 999 } })).id);
  }
  expect(seen).toEqual(newest().slice(1));
  expect(cursor).toBeUndefined();
});

test('filters by target (by name or id), by phase and by being active', async () => {
  const search = await api.client.getTarget('search');
  const byName = await api.client.listDeployments({ target: 'search', limit: 100 });
  const byId = await api.client.listDeployments({ target: search.id, limit: 100 });
  expect(byName.items.every((item) => item.target.name === 'search')).toBe(true);
  expect(byId.items).toHaveLength(byName.items.length);
  const ids = async (query: Parameters<typeof api.client.listDeployments>[0]) =>
    (await api.client.listDeployments(query)).items.map((item) => item.id);
  expect(await ids({ phase: 'cancelled' })).toEqual([made[1]]);
  expect(await ids({ phase: ['cancelled', 'baking'] })).toEqual([made[1], made[0]]);
  expect(await ids({ active: 'true' })).toEqual([made[0]]);
  expect(await ids({ active: 'true', target: 'search' })).toEqual([]);
});

test.each([
  'limit=0',
  'limit=101',
  'limit=x',
  'cursor=nonsense',
  'cursor=',
  'phase=flying',
  'sort=name',
  'active=maybe',
])('refuses %s', async (query) => {
  const answer = await api.call('GET', `/v1/deployments?${query}`);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ code: 'request_invalid', errors: [{ path: expect.stringMatching(/^\?/) }] });
});

test('a cursor of targets is none of deployments', async () => {
  const { next } = await api.client.listTargets({ limit: 1 });
  expect(next).not.toBeNull();
  const answer = await api.call('GET', `/v1/deployments?cursor=${next}`);
  expect(answer.status).toBe(400);
});
