import { checkout, startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.client.createTarget(checkout);
});
afterAll(() => api.close());

const post = (body: unknown, headers: Record<string, string> = {}) =>
  api.request('/v1/deployments', { method: 'POST', body: JSON.stringify(body), headers });

describe('accepting a deployment', () => {
  test('answers 202 with its place and how it stands, and wakes a worker', async () => {
    const answer = await post({ target: 'checkout', configuration: { memorySize: 256 }, message: 'more memory' });
    expect(answer.status).toBe(202);
    const view = await answer.json();
    expect(answer.headers.get('location')).toBe(`/v1/deployments/${view.id}`);
    expect(view).toMatchObject({
      phase: 'queued',
      sequence: 1,
      strategy: 'canary',
      message: 'more memory',
      ended: false,
    });
    expect(view.configurationChanges).toEqual(['memorySize']);
    expect(api.woken).toContainEqual({ deploymentId: view.id, sequence: 1, lane: 'ordinary' });
    expect(await api.client.getDeployment(view.id)).toMatchObject({ id: view.id, allowedActions: ['abort', 'cancel'] });
  });
});
