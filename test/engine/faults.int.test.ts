import { DeleteAliasCommand, DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { systemClock } from '#runtime';
import { claimQueueRedis } from '../world/queue-engine.js';
import { EngineWorld, handlerCode } from './engine-world.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.open(claimQueueRedis());
  await world.startWorker();
});
afterAll(() => world.close());
afterEach(() => world.clearFaults());

const once = { analysis: null };
const short = { type: 'canary', weightPercent: 10, bake: 1 } as const;
const long = { type: 'canary', weightPercent: 10, bake: '1h' } as const;

describe('an answer that never came', () => {
  test('a shift that took effect is found by reading, not sent again', async () => {
    const target = await world.target();
    await world.forgetCalls();
    await world.fault({ kind: 'reset-after', operation: 'UpdateAlias', function: target.functionName, count: 1 });
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: short, options: once });
    await world.until(id, (state) => state.phase === 'succeeded');
    expect((await world.calls())['UpdateAlias']).toBe(2);
    expect(await world.alias(target)).toEqual({ version: '2', weights: {} });
  });

  test('a shift that took no effect is sent again under the same token', async () => {
    const target = await world.target();
    await world.fault({ kind: 'reset-before', operation: 'UpdateAlias', function: target.functionName, count: 1 });
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: short, options: once });
    await world.until(id, (state) => state.phase === 'succeeded');
    const events = await world.store.events.after(id, 0, 100);
    const tokens = events.flatMap(({ data }) =>
      data.type === 'ClaimTaken' && data.command === 'ShiftWeight' ? [data.token] : [],
    );
    expect(tokens).toHaveLength(2);
    expect(new Set(tokens).size).toBe(1);
  });

  test.each(['reset-after', 'reset-before'])('an upload answered by %s publishes one version, once', async (kind) => {
    const target = await world.target();
    await world.fault({ kind, operation: 'UpdateFunctionCode', function: target.functionName, count: 1 });
    const id = await world.deploy(target, { code: handlerCode(kind) });
    await world.until(id, (state) => state.phase === 'succeeded');
    expect(await world.versions(target)).toEqual(['1', '2']);
    expect(await world.alias(target)).toEqual({ version: '2', weights: {} });
  });

  test.each(['UpdateFunctionConfiguration', 'PublishVersion'])(
    'a lost answer of %s publishes one version, once',
    async (operation) => {
      const target = await world.target();
      await world.fault({ kind: 'reset-after', operation, function: target.functionName, count: 1 });
      const id = await world.deploy(target, { request: { configuration: { memorySize: 512 } } });
      await world.until(id, (state) => state.phase === 'succeeded');
      expect(await world.versions(target)).toEqual(['1', '2']);
      expect(await world.reading(target, '2')).toMatchObject({ MemorySize: 512 });
    },
  );

  test('a restore whose answer was lost is recorded only once its token is dead', async () => {
    const target = await world.target();
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: long, options: once });
    await world.until(id, (state) => state.phase === 'baking');
    await world.fault({ kind: 'reset-after', operation: 'UpdateAlias', function: target.functionName, count: 1 });
    await world.act(id, (row) => ({ type: 'AbortRequested', at: row.readAt, by: 'ann' }));
    await world.until(id, (state) => state.phase === 'rolled_back');
    expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
  });
});

describe('a definite no', () => {
  test('a storm of 429 delays a rollout and fails nothing', async () => {
    const target = await world.target();
    await world.fault({
      kind: 'throttle',
      operation: '*',
      function: target.functionName,
      probability: 0.4,
      seed: 7,
      count: 10,
    });
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: short, options: once });
    await world.until(id, (state) => state.phase === 'succeeded', 60_000);
    await world.clearFaults();
    expect(await world.versions(target)).toEqual(['1', '2']);
  }, 90_000);

  test('a version that fails to become active ends the deployment before any shift', async () => {
    const target = await world.target();
    await world.fault({
      kind: 'version-fails',
      operation: 'UpdateFunctionCode',
      function: target.functionName,
      count: 1,
    });
    const id = await world.deploy(target, { code: handlerCode('v2') });
    const row = await world.until(id, (state) => state.phase === 'failed');
    expect(row.state).toMatchObject({ reason: { code: 'version_failed' } });
    expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
  });

  test('an update that ends Failed ends the deployment before any shift', async () => {
    const target = await world.target();
    const rule = {
      kind: 'update-fails',
      operation: 'UpdateFunctionConfiguration',
      function: target.functionName,
      count: 1,
    };
    await world.fault(rule);
    const id = await world.deploy(target, { request: { configuration: { memorySize: 512 } } });
    const row = await world.until(id, (state) => state.phase === 'failed');
    expect(row.state).toMatchObject({ reason: { code: 'update_failed' } });
  });

  test('an alias deleted during a bake ends as gone, and nothing is created in its place', async () => {
    const target = await world.target();
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: long, options: once });
    await world.until(id, (state) => state.phase === 'baking');
    await world.lambda.send(new DeleteAliasCommand({ FunctionName: target.functionName, Name: 'live' }));
    await world.until(id, (state) => state.phase === 'target_gone', 6_000);
    await expect(world.alias(target)).rejects.toThrow();
  });

  test('a function that does not exist is named', async () => {
    const target = await world.target();
    await world.lambda.send(new DeleteFunctionCommand({ FunctionName: target.functionName }));
    const id = await world.deploy(target, { code: handlerCode('v2') });
    const row = await world.until(id, (state) => state.phase === 'failed');
    expect(row.state).toMatchObject({ reason: { code: 'function_missing' } });
  });
});

test('an adaptive rollout whose evidence never comes does not stay where it is for ever', async () => {
  const target = await world.target();
  await world.fault({ kind: 'error', operation: 'GetMetricData' });
  const options = { deadlines: { analysisSeconds: 1 } };
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy: 'adaptive', options });
  const row = await world.until(id, (state) => state.phase === 'rolled_back');
  expect(row.state).toMatchObject({ reason: { code: 'inconclusive' } });
  expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
});

describe('workers that come and go', () => {
  test('a rollout in mid-bake is finished by the next worker', async () => {
    const target = await world.target();
    const strategy = {
      type: 'steps',
      steps: [
        { weight: 10, bake: 2 },
        { weight: 50, bake: 1 },
      ],
    } as const;
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy, options: once });
    await world.until(id, (state) => state.phase === 'baking');
    await world.stopWorkers();
    await world.startWorker();
    await world.until(id, (state) => state.phase === 'succeeded');
    expect(await world.alias(target)).toEqual({ version: '2', weights: {} });
  });

  test('two workers walk one deployment without a second write of anything', async () => {
    await world.startWorker();
    const target = await world.target();
    await world.forgetCalls();
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: short, options: once });
    await world.until(id, (state) => state.phase === 'succeeded');
    const calls = await world.calls();
    expect(calls).toMatchObject({ UpdateFunctionCode: 1, UpdateAlias: 2 });
  });

  test('a package that takes long to fetch is fetched by one worker, and nobody calls the deployment overdue', async () => {
    await world.startWorker();
    const target = await world.target();
    const bad = await world.deploy(target, { code: handlerCode('bad'), strategy: long, options: once });
    await world.until(bad, (state) => state.phase === 'baking');
    await world.act(bad, (row) => ({ type: 'AbortRequested', at: row.readAt, by: 'ann' }));
    await world.until(bad, (state) => state.phase === 'rolled_back');
    await world.fault({ kind: 'delay', operation: 'Download', delayMs: 5_000 });
    // Only the configuration changes, and $LATEST holds the bad code: the stable version's own has to be fetched.
    const id = await world.deploy(target, { request: { configuration: { memorySize: 512 } } });
    let late = 0;
    for (let phase = 'queued'; phase !== 'succeeded'; phase = (await world.row(id)).phase) {
      const { overdue } = await world.store.figures(2_000);
      late = Math.max(late, overdue.count);
      await systemClock.sleep(100);
    }
    expect(late).toBe(0);
    expect(await world.hits('Download')).toBe(1);
  });

  test('wake-ups that are lost are found by the sweep', async () => {
    const target = await world.target();
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: short, options: once });
    await world.until(id, (state) => state.phase === 'baking');
    await world.wipeQueue();
    await world.until(id, (state) => state.phase === 'succeeded');
  });

  test('a wake-up that comes ten times, or for a sequence long past, writes nothing', async () => {
    const target = await world.target();
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: long, options: once });
    const row = await world.until(id, (state) => state.phase === 'baking');
    await world.forgetCalls();
    for (let sequence = 1; sequence <= row.sequence + 3; sequence += 1) {
      await world.queue.add({ deploymentId: id, sequence, delayMs: 0 });
    }
    await world.untilQueueIsQuiet();
    expect(await world.calls()).not.toHaveProperty('UpdateAlias');
    expect((await world.row(id)).sequence).toBe(row.sequence);
    await world.act(id, (current) => ({ type: 'AbortRequested', at: current.readAt, by: 'ann' }));
    await world.until(id, (state) => state.phase === 'rolled_back');
  });
});
