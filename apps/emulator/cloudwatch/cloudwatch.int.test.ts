import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudWatchClient,
  type CloudWatchClientConfig,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  ListMetricsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { CreateAliasCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { publishTwoVersions } from '../../../test/conformance/two-versions.js';
import { type Clock, systemClock } from '../clock.js';
import { type Emulator, startEmulator } from '../start.js';

/** A clock that tests move ahead; waiting is still done in real time. */
let ahead = 0;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
const minutes = (n: number) => {
  ahead += n * 60_000;
};

let emulator: Emulator;
let watch: CloudWatchClient;
const config = (): CloudWatchClientConfig => ({
  endpoint: emulator.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
});

beforeEach(async () => {
  ahead = 0;
  emulator = await startEmulator({ port: 0, settleMs: 10, metricsPublicationDelayMs: 0, clock });
  watch = new CloudWatchClient(config());
});
afterEach(async () => {
  watch.destroy();
  await emulator.close();
});

const window = () => ({ StartTime: new Date(clock.now() - 3_600_000), EndTime: new Date(clock.now() + 60_000) });
const query = (
  Id: string,
  MetricName: string,
  Stat: string,
  dimensions: Record<string, string>,
  Namespace = 'AWS/Lambda',
) => ({
  Id,
  MetricStat: {
    Metric: { Namespace, MetricName, Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })) },
    Period: 60,
    Stat,
  },
});

const put = (value: number) =>
  watch.send(
    new PutMetricDataCommand({
      Namespace: 'Own',
      MetricData: [{ MetricName: 'Load', Value: value, Unit: 'Count', Timestamp: new Date(clock.now()) }],
    }),
  );

const alarm = (more: Partial<PutMetricAlarmCommandInput> = {}) =>
  watch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'load',
      Namespace: 'Own',
      MetricName: 'Load',
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 2,
      Threshold: 5,
      ComparisonOperator: 'GreaterThanThreshold',
      ...more,
    }),
  );

async function state(): Promise<string | undefined> {
  const { MetricAlarms = [] } = await watch.send(new DescribeAlarmsCommand({ AlarmNames: ['load'] }));
  return MetricAlarms[0]?.StateValue;
}

test('invocations of a weighted alias are counted by function, resource and executed version', async () => {
  const lambda = new LambdaClient(config() as object);
  const fn = await publishTwoVersions(lambda);
  const RoutingConfig = { AdditionalVersionWeights: { 2: 0.5 } };
  await lambda.send(new CreateAliasCommand({ FunctionName: fn, Name: 'live', FunctionVersion: '1', RoutingConfig }));
  const ran: Record<string, number> = { 1: 0, 2: 0 };
  for (let i = 0; i < 20; i += 1) {
    const Payload = JSON.stringify({ fail: i % 4 === 0 });
    const { ExecutedVersion = '' } = await lambda.send(
      new InvokeCommand({ FunctionName: fn, Qualifier: 'live', Payload }),
    );
    ran[ExecutedVersion] = (ran[ExecutedVersion] ?? 0) + 1;
  }
  lambda.destroy();
  const live = { FunctionName: fn, Resource: `${fn}:live` };
  await pause(300);
  const MetricDataQueries = [
    query('all', 'Invocations', 'Sum', { FunctionName: fn }),
    query('canary', 'Invocations', 'Sum', { ...live, ExecutedVersion: '2' }),
    query('stable', 'Invocations', 'Sum', { ...live, ExecutedVersion: '1' }),
    query('errors', 'Errors', 'Sum', live),
    query('slow', 'Duration', 'p50', live),
    { Id: 'rate', Expression: '100 * errors / all' },
  ];
  const { MetricDataResults = [] } = await watch.send(new GetMetricDataCommand({ ...window(), MetricDataQueries }));
  const sum = (id: string) => MetricDataResults.find((one) => one.Id === id)?.Values?.reduce((a, b) => a + b, 0);
  expect([sum('all'), sum('canary'), sum('stable'), sum('errors')]).toEqual([20, ran['2'], ran['1'], 5]);
  expect(sum('slow')).toBeGreaterThan(0);
  const { Metrics = [] } = await watch.send(
    new ListMetricsCommand({ Namespace: 'AWS/Lambda', MetricName: 'Invocations' }),
  );
  expect(Metrics.map((one) => one.Dimensions?.length).sort()).toEqual([0, 1, 2, 3, 3]);
});

test('metrics appear after the publication delay, not before', async () => {
  await emulator.close();
  emulator = await startEmulator({ port: 0, metricsPublicationDelayMs: 60_000, clock });
  watch = new CloudWatchClient(config());
  await put(3);
  const read = async () =>
    (
      await watch.send(
        new GetMetricDataCommand({ ...window(), MetricDataQueries: [query('m', 'Load', 'Sum', {}, 'Own')] }),
      )
    ).MetricDataResults?.[0]?.Values;
  expect(await read()).toEqual([]);
  minutes(1);
  expect(await read()).toEqual([3]);
});

test('an alarm goes from no data to OK to ALARM and back as its periods pass', async () => {
  await alarm();
  expect(await state()).toBe('INSUFFICIENT_DATA');
  await put(1);
  minutes(1);
  expect(await state()).toBe('OK');
  await put(9);
  minutes(1);
  expect(await state()).toBe('OK');
  await put(9);
  minutes(1);
  expect(await state()).toBe('ALARM');
  await put(1);
  minutes(1);
  expect(await state()).toBe('OK');
});

test('with missing data ignored by default, one breaching point alone raises a 2-of-2 alarm', async () => {
  await alarm();
  await put(9);
  minutes(1);
  expect(await state()).toBe('ALARM');
  await alarm({ TreatMissingData: 'notBreaching' });
  expect(await state()).toBe('OK');
});

test('an alarm may watch an expression', async () => {
  await watch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'load',
      EvaluationPeriods: 1,
      Threshold: 15,
      ComparisonOperator: 'GreaterThanThreshold',
      Metrics: [
        { ...query('m', 'Load', 'Sum', {}, 'Own'), ReturnData: false },
        { Id: 'double', Expression: 'm * 2', ReturnData: true },
      ],
    }),
  );
  await put(9);
  minutes(1);
  expect(await state()).toBe('ALARM');
});

test('a state that somebody sets holds until the next evaluation', async () => {
  await alarm();
  await put(1);
  minutes(1);
  await watch.send(new SetAlarmStateCommand({ AlarmName: 'load', StateValue: 'ALARM', StateReason: 'a drill' }));
  expect(await state()).toBe('ALARM');
  minutes(1);
  expect(await state()).toBe('OK');
  await watch.send(new DeleteAlarmsCommand({ AlarmNames: ['load'] }));
  expect(await state()).toBeUndefined();
});

test('a malformed query is refused', async () => {
  const MetricDataQueries = [query('Upper', 'Load', 'Sum', {}, 'Own')];
  await expect(watch.send(new GetMetricDataCommand({ ...window(), MetricDataQueries }))).rejects.toThrow(
    'MetricDataQueries.member.Id',
  );
  await expect(
    watch.send(new SetAlarmStateCommand({ AlarmName: 'none', StateValue: 'OK', StateReason: 'x' })),
  ).rejects.toMatchObject({ name: 'ResourceNotFound' });
});

const authorization =
  'AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0';

test('the same answers come in CBOR, JSON and XML', async () => {
  await put(4);
  const cbor = await watch.send(new ListMetricsCommand({ Namespace: 'Own' }));
  expect(cbor.Metrics?.[0]?.MetricName).toBe('Load');
  const json = await fetch(emulator.url, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'GraniteServiceVersion20100801.ListMetrics',
    },
    body: '{"Namespace":"Own"}',
  });
  expect(await json.json()).toMatchObject({ Metrics: [{ MetricName: 'Load', Namespace: 'Own' }] });
  const xml = await fetch(emulator.url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=ListMetrics&Version=2010-08-01&Namespace=Own',
  });
  expect(await xml.text()).toContain('<member><Namespace>Own</Namespace><MetricName>Load</MetricName>');
  const identity = await fetch(emulator.url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  });
  expect(await identity.text()).toContain('<Account>000000000000</Account>');
});
