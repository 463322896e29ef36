import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { systemClock } from '#runtime';
import type { TargetRow } from '#store';
import { serve } from '../../libs/metrics/troubled-server.fixture.js';
import { EngineWorld, handlerCode } from '../../test/engine/engine-world.js';
import { claimQueueRedis } from '../../test/world/queue-engine.js';

let world: EngineWorld;
let watch: CloudWatchClient;
let service: Awaited<ReturnType<typeof serve>>;
/** What the metrics service answers next. */
let answers: (periodMs: number, fromMs: number, toMs: number) => { status: number; body: string };

beforeAll(async () => {
  service = await serve(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const question = JSON.parse(body) as { fromMs: number; toMs: number; periodSeconds: number };
    const answer = answers(question.periodSeconds * 1000, question.fromMs, question.toMs);
    response.writeHead(answer.status).end(answer.body);
  });
  process.env['SLUICE_METRICS_ORIGINS'] = service.origin;
  world = await EngineWorld.open(claimQueueRedis());
  await world.startWorker();
  const credentials = { accessKeyId: '000000000000', secretAccessKey: 'not-a-secret' };
  watch = new CloudWatchClient({ endpoint: world.emulator.url, region: 'us-east-1', credentials });
});
afterAll(async () => {
  delete process.env['SLUICE_METRICS_ORIGINS'];
  watch.destroy();
  await world.close();
  await service.close();
});

async function targetWith(settings: TargetRow['settings'] & object): Promise<TargetRow> {
  const target = await world.target();
  const changed = await world.store.targets.update('default', target.id, { settings });
  if (!changed || changed === 'exists') throw new Error('The target could not be changed.');
  return changed;
}

async function alarm(name: string, state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'): Promise<void> {
  const nothingElse = { MetricName: 'None', Namespace: 'Tests', Statistic: 'Sum', TreatMissingData: 'ignore' } as const;
  const rule = {
    Period: 3_600,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanThreshold',
  } as const;
  await watch.send(new PutMetricAlarmCommand({ AlarmName: name, ...nothingElse, ...rule }));
  await turn(name, state);
}
const turn = (name: string, StateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA') =>
  watch.send(new SetAlarmStateCommand({ AlarmName: name, StateValue, StateReason: 'a test' }));

describe('alarms of a target', () => {
  const hour = { type: 'canary', weightPercent: 20, bake: '1h' } as const;

  test('one that goes off during a rollout puts the rollback point back and is named', async () => {
    await alarm('checkout-errors', 'OK');
    const target = await targetWith({ alarms: ['checkout-errors'] });
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: hour, options: { analysis: null } });
    await world.until(id, (state) => state.phase === 'baking');
    await turn('checkout-errors', 'ALARM');
    const row = await world.until(id, (state) => state.phase === 'rolled_back');
    expect(row.state).toMatchObject({
      reason: { code: 'verdict_failed', sentence: expect.stringContaining('"checkout-errors" went off') },
    });
    expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
  }, 40_000);

  const quick = { type: 'canary', weightPercent: 20, bake: '1s' } as const;

  test('one that is red before anything moves ends the deployment, unless it is the cure', async () => {
    await alarm('always-red', 'ALARM');
    await alarm('silent', 'INSUFFICIENT_DATA');
    const target = await targetWith({ alarms: ['always-red', 'silent'] });
    const wish = { code: handlerCode('v2'), strategy: quick, options: { analysis: null } };
    const refused = await world.until(await world.deploy(target, wish), (state) => state.phase === 'failed');
    expect(refused.state).toMatchObject({
      reason: {
        code: 'alarm_red',
        sentence:
          'The alarm "always-red" is red before any traffic has moved, and could not speak about the new version.',
      },
    });
    const cure = await world.deploy(target, { ...wish, code: handlerCode('v3'), request: { despiteAlarms: true } });
    const row = await world.until(cure, (state) => state.phase === 'succeeded');
    expect(row.evidence?.numbers['alarms']).toEqual([
      { name: 'always-red', state: 'ALARM', redAtStart: true },
      { name: 'silent', state: 'INSUFFICIENT_DATA', redAtStart: false },
    ]);
  }, 40_000);

  test('by the target’s policy it is left out, or waited for until it is quiet', async () => {
    await alarm('red-for-a-while', 'ALARM');
    const wish = { code: handlerCode('v2'), strategy: quick, options: { analysis: null } };
    const carefree = await targetWith({ alarms: ['red-for-a-while'], alarmsAtStart: 'proceed' });
    await world.until(await world.deploy(carefree, wish), (state) => state.phase === 'succeeded');
    const patient = await targetWith({ alarms: ['red-for-a-while'], alarmsAtStart: 'hold' });
    const id = await world.deploy(patient, wish);
    await seen(id, /"red-for-a-while" is red before any traffic has moved.*; waiting/);
    expect((await world.row(id)).phase).toBe('preparing');
    await turn('red-for-a-while', 'OK');
    await world.until(id, (state) => state.phase === 'succeeded', 30_000);
  }, 60_000);

  test('a name that no alarm has is told before anything moves', async () => {
    const target = await targetWith({ alarms: ['misspelt'] });
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: quick, options: { analysis: null } });
    const row = await world.until(id, (state) => state.phase === 'failed');
    expect(row.state).toMatchObject({
      reason: { code: 'alarms_unreadable', sentence: expect.stringContaining('no alarm named "misspelt"') },
    });
  }, 40_000);

  async function seen(id: string, sentence: RegExp): Promise<void> {
    while (!sentence.test((await world.row(id)).evidence?.sentence ?? '')) await systemClock.sleep(20);
  }
});

describe('a target’s own source', () => {
  const gated = { type: 'steps', steps: [{ weight: 50, bake: '1s', gates: ['analysis'] }] } as const;

  test('a failing canary is rolled back on what the function’s log says', async () => {
    const metrics = { source: 'logs', textRuntime: 'nodejs', periodSeconds: 1, settleSeconds: 0.3 };
    const target = await targetWith({ metrics });
    const strategy = { type: 'steps', steps: [{ weight: 50, bake: '1m', gates: ['analysis'] }] } as const;
    const id = await world.deploy(target, { code: handlerCode('boom', true), strategy });
    await world.until(id, (state) => state.phase === 'baking');
    const traffic = world.steadyTraffic(target);
    const row = await world.until(id, (state) => state.phase === 'rolled_back', 30_000).finally(() => traffic.stop());
    expect(row.state).toMatchObject({ reason: { code: 'verdict_failed' } });
  }, 60_000);

  const counts = { invocations: 500, errors: 0 };
  const periods = (periodMs: number, fromMs: number, toMs: number, canary: object) =>
    Array.from({ length: (toMs - fromMs) / periodMs }, (_, index) => ({
      startMs: fromMs + index * periodMs,
      stable: counts,
      canary,
    }));
  const told = (value: unknown) => ({ status: 200, body: JSON.stringify(value) });

  test('a good canary passes on what it says', async () => {
    answers = (...span) => told({ periods: periods(...span, counts) });
    const target = await targetWith({ metrics: { source: 'http', url: service.origin, periodSeconds: 1 } });
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: gated });
    const row = await world.until(id, (state) => state.phase === 'succeeded', 30_000);
    expect(row.evidence?.verdict).toBe('pass');
  }, 40_000);

  let looks = 0;
  const bad: [string, typeof answers][] = [
    ['an outage', () => ({ status: 500, body: '' })],
    ['NaN', () => ({ status: 200, body: '{"periods":[{"startMs":0,"stable":NaN,"canary":NaN}]}' })],
    ['no data', () => told({ periods: [] })],
    ['zeros only', (...span) => told({ periods: periods(...span, { invocations: 0, errors: 0 }) })],
    ['periods that never come in order', (...span) => told({ periods: periods(...span, counts).slice(1) })],
    ['flapping between silence and nonsense', () => ({ status: ++looks % 2 ? 503 : 200, body: '{}' })],
  ];
  test.each(bad)(
    '%s never passes: the rollout ends inconclusive, and goes back',
    async (_name, answer) => {
      answers = answer;
      const target = await targetWith({ metrics: { source: 'http', url: service.origin, periodSeconds: 1 } });
      const deadlines = { analysisSeconds: 2 };
      const options = { deadlines, onInconclusive: 'rollback' } as const;
      const id = await world.deploy(target, { code: handlerCode('v2'), strategy: gated, options });
      const row = await world.until(id, (state) => state.phase === 'rolled_back', 30_000);
      expect(row.state).toMatchObject({ reason: { code: 'inconclusive' } });
      expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
    },
    40_000,
  );

  test('settings that this worker cannot use say so, and nothing passes on them', async () => {
    const metrics = { source: 'http', url: 'https://x.example/', bearerTokenVariable: 'SLUICE_METRICS_SECRET_GONE' };
    const target = await targetWith({ metrics: { ...metrics, periodSeconds: 1 } });
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy: gated });
    const row = await world.until(id, (state) => state.phase === 'gated', 30_000);
    expect(row.evidence ?? (await world.row(id)).evidence).toMatchObject({
      verdict: 'inconclusive',
      sentence: expect.stringContaining('SLUICE_METRICS_SECRET_GONE'),
    });
  }, 40_000);
});
