import { isEnd } from '#rollout';
import { createRegistry, systemClock } from '#runtime';
import { EngineWorld, handlerCode } from '../../../test/engine/engine-world.js';
import { claimQueueRedis } from '../../../test/world/queue-engine.js';
import { openWorkerEndpoint } from './endpoint.js';

const redis = claimQueueRedis();
let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.open(redis);
});
afterAll(() => world.close());

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 300; tries += 1) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await systemClock.sleep(50);
  }
  throw new Error('It did not come.');
}

const reportOf = async () => (await world.store.workerReports.list())[0]?.report;

test('a worker tells Postgres how it is while it lives, and leaves no word behind when it stops in good order', async () => {
  const registry = createRegistry();
  const worker = await world.startWorker({}, { registry });
  const endpoint = await openWorkerEndpoint({ host: '127.0.0.1', port: 0 }, worker, registry);
  try {
    const target = await world.target();
    const id = await world.deploy(target, { code: handlerCode('v2') });
    await world.until(id, isEnd);
    const report = await eventually(async () => {
      const seen = await reportOf();
      return seen?.rounds['sweep'] && seen.rounds['reconciler'] && seen.walks === 0 ? seen : undefined;
    });
    expect(report).toMatchObject({
      walks: 0,
      queue: { ok: true, engine: redis ? 'redis' : 'postgres' },
      pool: { max: 10 },
    });
    expect(Math.abs(report.clockSkewMs)).toBeLessThan(2_000);

    const ready = await fetch(`${endpoint.url}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'ready' }]);
    expect((await fetch(`${endpoint.url}/health`)).status).toBe(200);
    expect((await fetch(`${endpoint.url}/nothing`)).status).toBe(404);
    expect((await fetch(`${endpoint.url}/metrics`, { method: 'POST' })).status).toBe(405);
    const text = await (await fetch(`${endpoint.url}/metrics`)).text();
    expect(text).toMatch(/^sluice_aws_calls_total\{operation="UpdateAlias",outcome="ok"\} [1-9]/m);
    expect(text).toMatch(/^sluice_aws_call_seconds_count\{operation="GetAlias"\} [1-9]/m);
    expect(text).toMatch(/^sluice_round_seconds_count\{round="sweep"\} [1-9]/m);
    expect(text).toMatch(/^sluice_walks_under_way 0$/m);
    expect(text).toMatch(/^sluice_database_connections\{state="max"\} 10$/m);
    // Labels are bounded: neither a deployment nor a target is among them.
    expect(text).not.toContain(id);
    expect(text).not.toContain(target.name);
  } finally {
    await endpoint.close();
    await world.stopWorkers();
  }
  expect(await world.store.workerReports.list()).toEqual([]);
});

test('what AWS refuses, and what the budget has no room for, is in the worker’s word', async () => {
  const registry = createRegistry();
  const callBudget = { ordinaryPerSecond: 0.1, rollbackPerSecond: 3 };
  await world.startWorker({ callBudget }, { registry });
  try {
    const target = await world.target();
    const { accountId, region, aliasName, policy } = target;
    const gone = { accountId, region, aliasName, policy, functionName: 'not-there', name: 'not-there', settings: {} };
    const missing = await world.store.targets.create('default', gone);
    if (missing === 'exists') throw new Error('The target exists.');
    await world.deploy(missing, { code: handlerCode('v2') });
    await world.deploy(target, { code: handlerCode('v3') });
    const report = await eventually(async () => {
      const seen = await reportOf();
      return seen && seen.faults.length > 0 && seen.refusals.length > 0 ? seen : undefined;
    });
    expect(report.faults).toContainEqual(expect.objectContaining({ code: 'not_found', count: expect.any(Number) }));
    expect(report.refusals[0]).toMatchObject({ accountId: target.accountId, region: target.region, lane: 'ordinary' });
    const text = await registry.metrics();
    expect(text).toMatch(/^sluice_aws_calls_total\{operation="\w+",outcome="not_found"\} [1-9]/m);
    expect(text).toMatch(/^sluice_call_budget_refusals_total\{lane="ordinary"\} [1-9]/m);
  } finally {
    await world.stopWorkers();
  }
});

test('a worker without its database is not ready, and its figures are still told', async () => {
  const registry = createRegistry();
  const readiness = async () => ({ status: 'not_ready' as const, sentence: 'The database does not answer.' });
  const endpoint = await openWorkerEndpoint({ host: '127.0.0.1', port: 0 }, { readiness }, registry);
  try {
    const ready = await fetch(`${endpoint.url}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { sentence: 'The database does not answer.' }]);
    expect(await (await fetch(`${endpoint.url}/metrics`)).text()).toContain('sluice_build_info');
  } finally {
    await endpoint.close();
  }
});
