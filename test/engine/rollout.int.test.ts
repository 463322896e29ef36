import { UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { verifyChain } from '#store';
import { claimQueueRedis } from '../world/queue-engine.js';
import { EngineWorld, handlerCode } from './engine-world.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.open(claimQueueRedis());
  await world.startWorker();
});
afterAll(() => world.close());

const steps = (...weights: number[]) => ({
  type: 'steps' as const,
  steps: weights.map((weight) => ({ weight, bake: 1 })),
});

test('a rollout walks its steps, promotes the new version, and spends the fewest possible calls', async () => {
  const target = await world.target();
  await world.forgetCalls();
  const id = await world.deploy(target, {
    code: handlerCode('v2'),
    strategy: steps(10, 50),
    options: { analysis: null },
  });
  await world.until(id, (state) => state.phase === 'baking' && state.step === 0);
  expect(await world.alias(target)).toEqual({ version: '1', weights: { '2': 0.1 } });
  const row = await world.until(id, (state) => state.phase === 'succeeded');
  expect(row.state).toMatchObject({ result: 'promoted', canary: '2', point: { version: '1' } });
  expect(await world.alias(target)).toEqual({ version: '2', weights: {} });
  const { UpdateFunctionCode, UpdateAlias, PublishVersion } = await world.calls();
  expect({ UpdateFunctionCode, UpdateAlias, PublishVersion }).toEqual({
    UpdateFunctionCode: 1,
    UpdateAlias: 3,
    PublishVersion: undefined,
  });
  expect(verifyChain(await world.store.events.after(id, 0, 1000))).toEqual({ ok: true });
});

test('an abort during a bake restores the rollback point', async () => {
  const target = await world.target();
  const strategy = { type: 'canary', weightPercent: 20, bake: '1h' } as const;
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy, options: { analysis: null } });
  await world.until(id, (state) => state.phase === 'baking');
  await world.act(id, (row) => ({ type: 'AbortRequested', at: row.readAt, by: 'ann' }));
  const row = await world.until(id, (state) => state.phase === 'rolled_back', 3_000);
  expect(row.state).toMatchObject({ reason: { code: 'aborted', by: 'ann' } });
  expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
});

test('a failing canary is rolled back on evidence, and the reason says so in numbers', async () => {
  const target = await world.target();
  const strategy = { type: 'steps', steps: [{ weight: 50, bake: '1m', gates: ['analysis'] }] } as const;
  const id = await world.deploy(target, { code: handlerCode('boom', true), strategy });
  await world.until(id, (state) => state.phase === 'baking');
  const traffic = world.steadyTraffic(target);
  const row = await world.until(id, (state) => state.phase === 'rolled_back', 30_000).finally(() => traffic.stop());
  expect(row.state).toMatchObject({ reason: { code: 'verdict_failed' } });
  expect(row.state.phase === 'rolled_back' && row.state.reason.sentence).toMatch(/\d/);
  expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
}, 60_000);

test('a good canary passes its analysis gate on evidence and is promoted', async () => {
  const target = await world.target();
  const strategy = { type: 'steps', steps: [{ weight: 50, bake: '2s', gates: ['analysis'] }] } as const;
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy });
  const traffic = world.steadyTraffic(target);
  const row = await world.until(id, (state) => state.phase === 'succeeded', 30_000).finally(() => traffic.stop());
  expect(row.evidence?.verdict).toBe('pass');
  expect(await world.alias(target)).toEqual({ version: '2', weights: {} });
}, 60_000);

test('without any traffic an analysis gate holds, and its deadline rolls back: no data is never healthy', async () => {
  const target = await world.target();
  const strategy = { type: 'steps', steps: [{ weight: 50, bake: '1s', gates: ['analysis'] }] } as const;
  const options = { deadlines: { analysisSeconds: 2 } };
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy, options });
  await world.until(id, (state) => state.phase === 'gated');
  const row = await world.until(id, (state) => state.phase === 'rolled_back');
  expect(row.state).toMatchObject({ reason: { code: 'inconclusive' } });
  expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
});

test('code and configuration as they are live end as "nothing to do", and no version is published', async () => {
  const target = await world.target(handlerCode('same'));
  const id = await world.deploy(target, { code: handlerCode('same') });
  const row = await world.until(id, (state) => state.phase === 'succeeded');
  expect(row.state).toMatchObject({ result: 'nothing_to_do' });
  expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
});

test('a configuration change alone ships the stable code, even when $LATEST holds the code of a rollback', async () => {
  const target = await world.target(handlerCode('good'));
  const bad = await world.deploy(target, {
    code: handlerCode('bad'),
    strategy: { type: 'canary', weightPercent: 10, bake: '1h' },
    options: { analysis: null },
  });
  await world.until(bad, (state) => state.phase === 'baking');
  await world.act(bad, (row) => ({ type: 'AbortRequested', at: row.readAt, by: 'ann' }));
  await world.until(bad, (state) => state.phase === 'rolled_back');
  const id = await world.deploy(target, {
    request: { configuration: { memorySize: 256, environment: { SIZE: 'l' } } },
  });
  await world.until(id, (state) => state.phase === 'succeeded');
  const [first, third] = await Promise.all(['1', '3'].map((version) => world.reading(target, version)));
  expect(third?.CodeSha256).toBe(first?.CodeSha256);
  expect(third).toMatchObject({ MemorySize: 256, Environment: { Variables: { COLOR: 'blue', SIZE: 'l' } } });
  expect(await world.alias(target)).toEqual({ version: '3', weights: {} });
});

test('a console edit during a bake stops the rollout as drift, and nothing is overwritten', async () => {
  const target = await world.target();
  const strategy = { type: 'canary', weightPercent: 20, bake: '1h' } as const;
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy, options: { analysis: null } });
  await world.until(id, (state) => state.phase === 'baking');
  const edit = { FunctionName: target.functionName, Name: 'live', FunctionVersion: '1' };
  await world.lambda.send(
    new UpdateAliasCommand({ ...edit, RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } }),
  );
  const row = await world.until(id, (state) => state.phase === 'drifted', 6_000);
  expect(row.state).toMatchObject({
    expected: { version: '1', canary: { version: '2', weightPercent: 20 } },
    observed: { version: '1', canary: { version: '2', weightPercent: 50 } },
  });
  expect(await world.alias(target)).toEqual({ version: '1', weights: { '2': 0.5 } });
  await world.act(id, (current) => ({ type: 'RestoreRequested', at: current.readAt, by: 'ann' }));
  await world.until(id, (state) => state.phase === 'rolled_back');
  expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
});

test('a rollback to an older version is one write, even while a rollout is in flight', async () => {
  const target = await world.target();
  for (const code of ['v2', 'v3']) {
    const id = await world.deploy(target, { code: handlerCode(code) });
    await world.until(id, (state) => state.phase === 'succeeded');
  }
  const strategy = { type: 'canary', weightPercent: 20, bake: '1h' } as const;
  const active = await world.deploy(target, { code: handlerCode('v4'), strategy, options: { analysis: null } });
  await world.until(active, (state) => state.phase === 'baking');
  const before = (await world.calls())['UpdateAlias'] ?? 0;
  const id = await world.restore(target, '1');
  await world.until(id, (state) => state.phase === 'succeeded');
  expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
  expect(((await world.calls())['UpdateAlias'] ?? 0) - before).toBe(1);
  expect((await world.row(active)).phase).toBe('superseded');
});

test('a pause holds the weight, and resuming goes on', async () => {
  const target = await world.target();
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy: steps(10), options: { analysis: null } });
  await world.until(id, (state) => state.phase === 'baking');
  await world.act(id, (row) => ({ type: 'PauseRequested', at: row.readAt, by: 'ann' }));
  const paused = await world.row(id);
  const bakeUntil = paused.state.phase === 'paused' ? paused.state.bakeUntil : 0;
  await world.until(id, () => true);
  while ((await world.store.now()) < bakeUntil + 500) await world.row(id);
  expect((await world.row(id)).phase).toBe('paused');
  await world.act(id, (row) => ({ type: 'ResumeRequested', at: row.readAt, by: 'ann' }));
  await world.until(id, (state) => state.phase === 'succeeded');
});

test('an approval gate waits for a person and then goes on', async () => {
  const target = await world.target();
  const strategy = { type: 'steps', steps: [{ weight: 10, bake: 1, gates: ['approval'] }] } as const;
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy, options: { analysis: null } });
  await world.until(id, (state) => state.phase === 'gated' && state.gate === 'approval');
  await world.act(id, (row) => ({ type: 'ApproveRequested', at: row.readAt, by: 'ann' }));
  await world.until(id, (state) => state.phase === 'succeeded');
});

test('a second deployment waits in line and starts when the first one ends', async () => {
  const target = await world.target();
  const first = await world.deploy(target, {
    code: handlerCode('v2'),
    strategy: steps(10),
    options: { analysis: null },
  });
  const second = await world.deploy(target, { code: handlerCode('v3') });
  expect((await world.row(second)).phase).toBe('queued');
  await world.until(first, (state) => state.phase === 'succeeded');
  await world.until(second, (state) => state.phase === 'succeeded', 5_000);
  expect(await world.alias(target)).toEqual({ version: '3', weights: {} });
});

test('an alias that already splits its traffic is refused before anything is written', async () => {
  const target = await world.target();
  const promoted = await world.deploy(target, { code: handlerCode('v2') });
  await world.until(promoted, (state) => state.phase === 'succeeded');
  const edit = { FunctionName: target.functionName, Name: 'live', FunctionVersion: '2' };
  await world.lambda.send(
    new UpdateAliasCommand({ ...edit, RoutingConfig: { AdditionalVersionWeights: { '1': 0.3 } } }),
  );
  const id = await world.deploy(target, { code: handlerCode('v3') });
  const row = await world.until(id, (state) => state.phase === 'failed');
  expect(row.state).toMatchObject({ reason: { code: 'alias_weighted' } });
  expect(await world.alias(target)).toEqual({ version: '2', weights: { '1': 0.3 } });
});
