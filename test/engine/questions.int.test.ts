import { systemClock } from '#runtime';
import { claimQueueRedis } from '../world/queue-engine.js';
import { EngineWorld, handlerCode } from './engine-world.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.open(claimQueueRedis());
  await world.startWorker();
});
afterAll(() => world.close());

async function ask(kind: string, input: object): Promise<Record<string, unknown>> {
  const id = await world.store.queries.ask('default', kind, input);
  for (let tries = 0; tries < 400; tries += 1) {
    const query = await world.store.queries.get('default', id);
    if (query?.answered) return query.result as Record<string, unknown>;
    await systemClock.sleep(25);
  }
  throw new Error('Nobody answered.');
}

test('an explanation shows every block the judge was fed, and a policy can be tried on the record', async () => {
  const target = await world.target();
  const strategy = { type: 'steps', steps: [{ weight: 50, bake: '1m', gates: ['analysis'] }] } as const;
  const id = await world.deploy(target, { code: handlerCode('boom', true), strategy });
  await world.until(id, (state) => state.phase === 'baking');
  const traffic = world.steadyTraffic(target);
  await world.until(id, (state) => state.phase === 'rolled_back').finally(() => traffic.stop());

  const explained = (await ask('explain', { deploymentId: id })) as {
    blocks: { kind: string; weightPercent: number }[];
  };
  expect(explained.blocks.length).toBeGreaterThan(0);
  expect(explained.blocks.at(-1)).toMatchObject({ kind: 'fail', weightPercent: 50 });

  const tried = await ask('backtest', { targetId: target.id, policy: {} });
  expect(tried).toMatchObject({ stopped: 1, passed: 0, rows: [{ id, outcome: 'stopped', ended: 'rolled_back' }] });
  const deaf = await ask('backtest', { targetId: target.id, policy: { falseRollbackOdds: 1e-300 } });
  expect(deaf).toMatchObject({ stopped: 0 });
});

test('a forecast says what a strategy can see at this traffic, and writes nothing', async () => {
  const target = await world.target();
  const traffic = world.steadyTraffic(target);
  await systemClock.sleep(2_500);
  await traffic.stop();
  const before = (await world.calls())['UpdateAlias'];
  const forecast = await ask('plan', { targetId: target.id, strategy: 'Canary10Percent5Minutes' });
  expect(forecast).toMatchObject({ stableVersion: '1', lambdaCalls: 4, traffic: { errorRate: 0 } });
  expect((forecast['traffic'] as { requestsPerSecond: number }).requestsPerSecond).toBeGreaterThan(1);
  expect((await world.calls())['UpdateAlias']).toBe(before);
});

test('a question about something that is not there is refused, and an unknown kind says so', async () => {
  const nobody = '00000000-0000-4000-8000-000000000000';
  expect(await ask('explain', { deploymentId: nobody })).toMatchObject({ refused: 'not_found' });
  expect(await ask('backtest', { targetId: nobody })).toMatchObject({ refused: 'not_found' });
  expect(await ask('horoscope', { targetId: nobody })).toMatchObject({ refused: expect.any(String) });
});
