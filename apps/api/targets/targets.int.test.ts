import { type CreateTarget, targetView } from '#contracts';
import { checkout, factsUntilBaking, startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.client.createTarget(checkout);
});
afterAll(() => api.close());

let made = 0;
function another(more: Partial<CreateTarget> = {}): CreateTarget {
  made += 1;
  return { ...checkout, name: `another-${made}`, functionName: `another-${made}`, ...more };
}

test('a target is made, found by name and by id, changed and deleted', async () => {
  const strategy = { type: 'canary' as const, weightPercent: 5, bake: '10m' };
  const body = another({ strategy, policy: 'refuse', analysis: null });
  const answer = await api.call('POST', '/v1/targets', body);
  const view = targetView.parse(answer.body);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('location')).toBe(`/v1/targets/${view.id}`);
  expect(view).toMatchObject({ ...body, analysis: null, analysisOff: true, activeDeploymentId: null });
  expect(await api.client.getTarget(body.name)).toEqual(view);
  expect(await api.client.getTarget(view.id)).toEqual(view);
  const changed = await api.client.updateTarget(body.name, { policy: 'supersede', analysis: { suspicion: 4 } });
  expect(changed).toMatchObject({ policy: 'supersede', strategy, analysis: { suspicion: 4 }, analysisOff: false });
  await api.client.deleteTarget(view.id);
  expect((await api.call('GET', `/v1/targets/${view.id}`)).body).toMatchObject({ code: 'target_unknown' });
});

test('two targets may share neither name nor alias', async () => {
  const body = another();
  await api.client.createTarget(body);
  const sameName = await api.call('POST', '/v1/targets', another({ name: body.name }));
  const sameAlias = await api.call('POST', '/v1/targets', { ...another(), functionName: body.functionName });
  const renamed = await api.call('PATCH', `/v1/targets/${body.name}`, { name: 'checkout' });
  for (const answer of [sameName, sameAlias, renamed]) {
    expect(answer).toMatchObject({ status: 409, body: { code: 'target_exists' } });
  }
});

test('a target with a history is not deleted', async () => {
  const { name } = await api.client.createTarget(another());
  const { id } = await api.client.createDeployment({ target: name, configuration: { memorySize: 256 } });
  expect(await api.call('DELETE', `/v1/targets/${name}`)).toMatchObject({
    status: 409,
    body: { code: 'target_in_use' },
  });
  await api.tell(id, ...factsUntilBaking());
  expect(await api.client.getTarget(name)).toMatchObject({ activeDeploymentId: id });
});

test('a default strategy that could never run is refused at once', async () => {
  const made = await api.call('POST', '/v1/targets', another({ strategy: 'yolo' }));
  const changed = await api.call('PATCH', '/v1/targets/checkout', { strategy: 'canary', analysis: null });
  for (const answer of [made, changed]) {
    expect(answer).toMatchObject({ status: 422, body: { code: 'strategy_invalid' } });
  }
});

test('a setting that is taken back is as if it had never been set; others stay', async () => {
  const { name } = await api.client.createTarget(
    another({ strategy: 'linear', analysis: { profile: 'careful' }, alarms: ['checkout-errors'] }),
  );
  const changed = await api.client.updateTarget(name, {
    reset: ['analysis', 'alarms', 'strategy'],
    strategy: 'canary',
  });
  expect(changed).toMatchObject({ strategy: 'canary', analysis: null, analysisOff: false, alarms: [] });
  const refused = await api.call('PATCH', `/v1/targets/${name}`, { reset: ['name'] });
  expect(refused).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
});

const wrong: [string, object][] = [
  ['an ARN for a name', { functionName: 'arn:aws:lambda:us-east-1:000000000000:function:checkout' }],
  ['an option for a name', { functionName: '--endpoint-url' + '=http://evil' }],
  ['a shell in a name', { functionName: 'x$(id)' }],
  ['a line break in a name', { aliasName: 'live\nx' }],
  ['an alias of digits', { aliasName: '42' }],
  ['$LATEST as an alias', { aliasName: '$LATEST' }],
  ['a region that is none', { region: 'moon-1; rm' }],
  ['a short account', { accountId: '123' }],
  ['a name that looks like an id', { name: '00000000-0000-4000-8000-000000000000' }],
  ['a name with a slash', { name: 'a/b' }],
  ['a member that does not exist', { roleArn: 'arn:aws:iam::000000000000:role/admin' }],
  ['a project of its own', { projectId: 'other' }],
];
test.each(wrong)('%s is refused', async (_, members) => {
  const answer = await api.call('POST', '/v1/targets', { ...another(), ...members });
  expect(answer).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
});

test('what a target points at cannot be changed', async () => {
  for (const member of ['functionName', 'aliasName', 'region', 'accountId', 'id']) {
    const answer = await api.call('PATCH', '/v1/targets/checkout', { [member]: 'other' });
    expect([member, answer.status]).toEqual([member, 400]);
  }
});

test('the list is in pages by name', async () => {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await api.client.listTargets({ limit: 2, ...(cursor ? { cursor } : {}) });
    names.push(...items.map((item) => item.name));
    cursor = next ?? undefined;
  } while (cursor);
  expect(names).toEqual([...names].sort());
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('checkout');
});
