import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { silentLogger, systemClock } from '#runtime';
import { ensureBootstrapKey, type RunningApi, startApi } from '../../apps/api/start.js';
import { claimQueueRedis } from '../world/queue-engine.js';
import { EngineWorld, handlerCode } from './engine-world.js';

let world: EngineWorld;
let api: RunningApi;
let key: string;
beforeAll(async () => {
  world = await EngineWorld.open(claimQueueRedis());
  await world.startWorker({ sweepSeconds: 60 });
  ({ key } = await ensureBootstrapKey(world.store));
  const parts = { store: world.store, queue: world.queue, logger: silentLogger, clock: systemClock };
  api = await startApi({ host: '127.0.0.1', port: 0 }, parts);
  const credentials = { accessKeyId: '000000000000', secretAccessKey: 'not-a-secret' };
  const watch = new CloudWatchClient({ endpoint: world.emulator.url, region: 'us-east-1', credentials });
  const rule = {
    Period: 3_600,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanThreshold',
  } as const;
  const metric = { MetricName: 'None', Namespace: 'Tests', Statistic: 'Sum', TreatMissingData: 'ignore' } as const;
  await watch.send(new PutMetricAlarmCommand({ AlarmName: 'errors', ...metric, ...rule }));
  await watch.send(new SetAlarmStateCommand({ AlarmName: 'errors', StateValue: 'OK', StateReason: 'a test' }));
  watch.destroy();
});
afterAll(async () => {
  await api.close();
  await world.close();
});

/** The next look would come after an hour, the sweep after a minute: what is faster was woken by the push. */
const strategy = { type: 'canary', weightPercent: 20, bake: '1h' } as const;
const options = { analysis: null, watchSeconds: 3_600 };
const BOUND_MS = 5_000;

function push(state: string, id: string): Promise<Response> {
  const timestamp = new Date(systemClock.now()).toISOString().replace('Z', '+0000');
  const event = {
    id,
    'detail-type': 'CloudWatch Alarm State Change',
    account: '000000000000',
    region: 'us-east-1',
    detail: { alarmName: 'errors', state: { value: state, timestamp } },
  };
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return fetch(`${api.url}/v1/alarms/eventbridge`, { method: 'POST', headers, body: JSON.stringify(event) });
}

test('a pushed alarm puts the old version back within seconds, without waiting for the next look', async () => {
  const target = await world.target(handlerCode('v1'), undefined, { alarms: ['errors'] });
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy, options });
  await world.until(id, (state) => state.phase === 'baking');
  await push('OK', 'quiet');
  expect((await world.row(id)).phase).toBe('baking');
  const pushedAt = systemClock.monotonic();
  expect(await (await push('ALARM', 'loud')).json()).toEqual({ outcome: 'recorded', deployments: 1 });
  const row = await world.until(id, (state) => state.phase === 'rolled_back');
  const tookMs = systemClock.monotonic() - pushedAt;
  process.stdout.write(`push to restored: ${Math.round(tookMs)} ms\n`);
  expect(row.state).toMatchObject({
    reason: { code: 'verdict_failed', sentence: 'The alarm "errors" went off while the new version had traffic' },
  });
  expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
  expect(tookMs).toBeLessThan(BOUND_MS);
});

test('an alarm of an hour ago, pushed before this rollout began, says nothing about it', async () => {
  const target = await world.target(handlerCode('v1'), undefined, { alarms: ['errors'] });
  await push('ALARM', 'before');
  await systemClock.sleep(50);
  const quick = { type: 'canary', weightPercent: 20, bake: 1 } as const;
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy: quick, options: { analysis: null } });
  await world.until(id, (state) => state.phase === 'succeeded');
});
