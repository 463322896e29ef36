import { doctorView } from '#contracts';
import { checkout, startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.client.createTarget(checkout);
});
afterAll(() => api.close());

const policy = { historyDays: 30, keepPerTarget: 1, evidenceDays: 0, artifactDays: 0, idempotencyHours: 24 };

async function sentence(): Promise<string | undefined> {
  const { findings } = doctorView.parse((await api.call('GET', '/v1/doctor')).body);
  return findings.find(({ name }) => name === 'retention')?.sentence;
}

async function ended(): Promise<string> {
  const { id } = await api.client.createDeployment({ target: 'checkout', configuration: { memorySize: 256 } });
  await api.call('POST', `/v1/deployments/${id}/cancel`);
  await api.store.pool.query(
    `UPDATE deployments SET created_at = now() - interval '60 days', ended_at = '2026-01-02T03:04:05Z' WHERE id = $1`,
    [id],
  );
  return id;
}

test('says how long histories are kept, as the workers apply it, and what was pruned', async () => {
  expect(await sentence()).toBe('No worker has applied a retention policy yet; nothing has been pruned.');
  await api.store.retention.begin({ ...policy, historyDays: 0 });
  expect(await sentence()).toBe('Histories are kept for ever.');
  await api.store.retention.begin(policy);
  const kept = 'Histories are kept for 30 days, and the latest 1 of each target for longer.';
  expect(await sentence()).toBe(`${kept} None has been pruned so far.`);
});

test('a pruned deployment is gone, and says when and how it had ended', async () => {
  const id = await ended();
  const target = (await api.client.getDeployment(id)).target.id;
  await ended();
  await api.store.retention.pruneHistories(target, policy, 10);
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/events'],
    ['POST', '/abort'],
  ] as const) {
    const answer = await api.call(method, `/v1/deployments/${id}${path}`, method === 'POST' ? {} : undefined);
    expect(answer).toMatchObject({ status: 410, body: { code: 'deployment_pruned' } });
    expect((answer.body as { detail: string }).detail).toMatch(
      /^This deployment ended \(cancelled\) at 2026-01-02T03:04:05.000Z; its history was pruned at 20/,
    );
  }
  expect(await sentence()).toMatch(
    /One has been pruned, all of deployments that had ended by 2026-01-02T03:04:05.000Z\.$/,
  );
  const other = await api.call('GET', '/v1/deployments/00000000-0000-4000-8000-000000000000');
  expect(other.status).toBe(404);
});
