import type { DeploymentView } from '#contracts';
import { checkout, factsUntilBaking, startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
let target: string;
let made = 0;
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  made += 1;
  target = `target-${made}`;
  await api.client.createTarget({ ...checkout, name: target, functionName: `fn-${made}` });
});
afterAll(() => api.close());

const deploy = () =>
  api.client.createDeployment({ target, configuration: { memorySize: 256 }, strategy: 'Canary10Percent5Minutes' });

/** A rollout from one version to another, promoted to its end. */
async function promoted(stable: string, canary: string): Promise<string> {
  const { id } = await deploy();
  const row = await api.tell(id, ...factsUntilBaking(stable, canary));
  await api.client.promote(id, row.sequence);
  await api.tell(
    id,
    { type: 'ClaimTaken', command: 'Promote', token: 'revision-b', wanted: { version: canary } },
    { type: 'Promoted', value: { version: canary }, revisionId: `revision-${canary}` },
  );
  return id;
}

/** Carries a restore out that found this alias. */
async function restored(id: string, found: string, version: string): Promise<void> {
  await api.tell(
    id,
    { type: 'AliasCaptured', value: { version: found }, revisionId: 'revision-r' },
    { type: 'ClaimTaken', command: 'Restore', token: 'revision-r', wanted: { version } },
    { type: 'Restored', value: { version }, revisionId: 'revision-s' },
  );
}

const rollback = (body: object = {}) => api.call('POST', `/v1/targets/${target}/rollback`, body);
const wanted = async (view: DeploymentView) => (await api.store.deployments.load(view.id))?.request.restoreTo;

describe('a rollback', () => {
  test('of a live canary goes to its rollback point and takes its place at once', async () => {
    const running = await deploy();
    await api.tell(running.id, ...factsUntilBaking('1', '2'));
    const answer = await rollback({ message: 'angry users' });
    expect(answer.status).toBe(202);
    const view = answer.body as DeploymentView;
    expect(view).toMatchObject({ kind: 'restore', phase: 'rolling_back', rollbackPoint: { version: '1' } });
    expect(view).toMatchObject({ message: 'angry users', canaryVersion: null });
    expect(answer.headers.get('location')).toBe(`/v1/deployments/${view.id}`);
    expect(await api.client.getDeployment(running.id)).toMatchObject({ phase: 'superseded' });
    expect(api.woken).toContainEqual({ deploymentId: view.id, sequence: 1, lane: 'rollback' });
  });

  test('after a promotion goes to what was live before, and a second one further back', async () => {
    await promoted('1', '2');
    await promoted('2', '3');
    const first = (await rollback()).body as DeploymentView;
    expect(await wanted(first)).toBe('2');
    await restored(first.id, '3', '2');
    expect(await api.client.getDeployment(first.id)).toMatchObject({ phase: 'succeeded', result: 'restored' });
    expect(await wanted((await rollback()).body as DeploymentView)).toBe('1');
  });

  test('goes to any version of the history by number, and to what any deployment left', async () => {
    const first = await promoted('1', '2');
    await promoted('2', '3');
    await promoted('3', '4');
    const byVersion = (await rollback({ toVersion: '1' })).body as DeploymentView;
    expect(await wanted(byVersion)).toBe('1');
    const byDeployment = (await rollback({ toDeployment: first })).body as DeploymentView;
    expect(await wanted(byDeployment)).toBe('2');
    const points = await api.client.listRollbackPoints(target);
    expect(points.map((point) => point.version).sort()).toEqual(['1', '2', '3', '4']);
  });

  test('with the same key is the same rollback, while it runs and after it ended', async () => {
    await promoted('1', '2');
    const key = `again-${made}`;
    const one = await api.client.rollback(target, {}, key);
    expect((await api.client.rollback(target, {}, key)).id).toBe(one.id);
    await restored(one.id, '2', '1');
    expect(await api.client.rollback(target, {}, key)).toMatchObject({ id: one.id, phase: 'succeeded' });
    const other = api.client.rollback(target, { toVersion: '2' }, key);
    await expect(other).rejects.toMatchObject({ code: 'idempotency_conflict' });
  });

  test('that is under way is not begun a second time', async () => {
    await promoted('1', '2');
    const one = await api.client.rollback(target);
    expect(await rollback()).toMatchObject({ status: 409, body: { code: 'target_busy', deploymentId: one.id } });
  });

  test('is refused where there is nothing to go back to', async () => {
    expect(await rollback()).toMatchObject({ status: 409, body: { code: 'no_rollback_point' } });
    await deploy();
    expect(await rollback()).toMatchObject({ status: 409, body: { code: 'no_rollback_point' } });
  });

  test('is refused to a version that never was live here', async () => {
    await promoted('1', '2');
    const answer = await rollback({ toVersion: '9' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'version_not_in_history' } });
    expect((answer.body as { detail: string }).detail).toContain('Known: 2, 1.');
  });

  test('is refused to a deployment of another target, or to one that left nothing', async () => {
    const here = await promoted('1', '2');
    const other = target;
    await api.client.createTarget({ ...checkout, name: `${target}-b`, functionName: `fn-${made}-b` });
    target = `${target}-b`;
    expect(await rollback({ toDeployment: here })).toMatchObject({ body: { code: 'deployment_not_of_target' } });
    target = other;
    const waiting = await deploy();
    expect(await rollback({ toDeployment: waiting.id })).toMatchObject({ body: { code: 'deployment_not_of_target' } });
  });

  test.each([{ toVersion: '$LATEST' }, { toVersion: '0' }, { toVersion: 3 }, { version: '1' }])(
    'is refused when it asks for %p',
    async (body) => {
      expect((await rollback(body)).status).toBe(400);
    },
  );

  test('names a version or a deployment, not both', async () => {
    const both = { toVersion: '1', toDeployment: '00000000-0000-4000-8000-000000000000' };
    expect((await rollback(both)).status).toBe(400);
  });
});

describe('settling', () => {
  const settle = (body: object) => api.call('POST', `/v1/targets/${target}/settle`, body);

  test('puts an alias onto a version that no history knows yet', async () => {
    const answer = await settle({ toVersion: '7' });
    expect(answer).toMatchObject({ status: 202, body: { kind: 'restore', phase: 'preparing' } });
    expect(await wanted(answer.body as DeploymentView)).toBe('7');
  });

  test('is refused while a deployment moves the alias', async () => {
    const running = await deploy();
    await api.tell(running.id, ...factsUntilBaking());
    const answer = await settle({ toVersion: '1' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'target_busy', deploymentId: running.id } });
    expect(await api.client.getDeployment(running.id)).toMatchObject({ phase: 'baking' });
  });

  test('needs a version', async () => {
    for (const body of [{}, { toVersion: '$LATEST' }]) expect((await settle(body)).status).toBe(400);
  });
});
