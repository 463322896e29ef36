import type { QueueState } from '#queue';
import { checkout, startTestApi, type TestApi } from '../../../test/world/api.js';
import { healthyQueue, healthyWorker } from '../../../test/world/healthy.js';

let queueState: QueueState | undefined;
let api: TestApi;
beforeEach(async () => {
  queueState = healthyQueue;
  const inspect = async () => queueState ?? Promise.reject(new Error('The queue did not answer in time.'));
  const add = async () => (queueState ? undefined : Promise.reject(new Error('The queue is not connected yet.')));
  api = await startTestApi({ parts: (parts) => ({ ...parts, queue: { add, inspect } }) });
  await api.client.createTarget(checkout);
});
afterEach(() => api.close());

const aliveWorker = () => api.store.workerReports.write('worker:here:1', healthyWorker);
const ready = (query = '') => api.call('GET', `/ready${query}`, undefined, { key: null });
const overdue = async () => {
  const { id } = await api.client.createDeployment({ target: 'checkout', configuration: { memorySize: 256 } });
  await api.store.pool.query("UPDATE deployments SET next_at = now() - interval '10 minutes' WHERE id = $1", [id]);
  return id;
};

test('all is well: ready, and every check says so', async () => {
  await aliveWorker();
  expect(await ready()).toMatchObject({
    status: 200,
    body: { status: 'ready', checks: { work: { ok: true }, queue: { ok: true }, workers: { ok: true } } },
  });
});

test('overdue work is red although database, queue and worker are green, and says why; done, it is green again', async () => {
  await aliveWorker();
  const id = await overdue();
  const red = await ready();
  expect(red).toMatchObject({ status: 503, body: { status: 'not_ready', checks: { queue: { ok: true } } } });
  const { checks } = red.body as { checks: { work: { sentence: string } } };
  expect(checks.work.sentence).toMatch(/^1 deployment is overdue, the latest by 10m\d*s?: a worker is alive but/);
  await api.store.pool.query("UPDATE deployments SET next_at = now() + interval '1 minute' WHERE id = $1", [id]);
  expect((await ready()).status).toBe(200);
});

test('a load balancer is told to go on: accepting and aborting need no worker', async () => {
  await overdue();
  const answer = await ready('?for=traffic');
  expect(answer).toMatchObject({ status: 200, body: { status: 'not_ready', checks: { work: { ok: false } } } });
  const { checks } = answer.body as { checks: { work: { sentence: string } } };
  expect(checks.work.sentence).toMatch(/no worker has been heard of, so start one\.$/);
});

test('Redis is down and nothing is late: degraded, and still green', async () => {
  await aliveWorker();
  queueState = undefined;
  const { id } = await api.client.createDeployment({ target: 'checkout', configuration: { memorySize: 256 } });
  expect(id).toBeTruthy();
  const degraded = await ready();
  expect(degraded).toMatchObject({ status: 200, body: { status: 'degraded', checks: { queue: { ok: false } } } });
  const text = await (await api.request('/metrics')).text();
  expect(text).toContain('sluice_queue_up{engine="unknown"} 0');
  expect(text).not.toMatch(/^sluice_queue_jobs/m);
});

test('a worker that fell silent: degraded, and the figures tell it from one that is alive', async () => {
  await aliveWorker();
  await api.store.workerReports.write('worker:gone:2', healthyWorker);
  await api.store.pool.query(
    "UPDATE worker_reports SET seen_at = seen_at - interval '5 minutes' WHERE name LIKE '%gone%'",
  );
  expect(await ready()).toMatchObject({ status: 200, body: { status: 'ready' } });
  const text = await (await api.request('/metrics')).text();
  expect(text).toContain('sluice_workers{state="alive"} 1\nsluice_workers{state="silent"} 1');
  expect(text).toMatch(/sluice_round_age_seconds\{round="sweep"\} 0\.\d/);
  await api.store.workerReports.remove('worker:here:1');
  expect(await ready()).toMatchObject({
    status: 200,
    body: { status: 'degraded', checks: { workers: { ok: false } } },
  });
});

test('a word that is not understood is refused', async () => {
  expect((await ready('?for=fun')).status).toBe(400);
});
