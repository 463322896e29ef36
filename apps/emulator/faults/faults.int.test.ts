import {
  CreateAliasCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListAliasesCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { publishTwoVersions, untilSettled } from '../../../test/conformance/two-versions.js';
import { type Emulator, startEmulator } from '../start.js';
import type { CallEntry } from './call-log.js';
import type { FaultRule, FaultWish } from './fault-rules.js';

let emulator: Emulator;
let lambda: LambdaClient;
let fn: string;
let made = 0;

beforeAll(async () => {
  emulator = await startEmulator({ port: 0, admin: true, settleMs: 20 });
  lambda = new LambdaClient({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'tester', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
});
afterAll(async () => {
  lambda.destroy();
  await emulator.close();
});

beforeEach(async () => {
  await admin('DELETE', 'faults');
  made += 1;
  fn = await publishTwoVersions(lambda, `faulty-${made}`);
  await lambda.send(new CreateAliasCommand({ FunctionName: fn, Name: 'live', FunctionVersion: '1' }));
  await admin('DELETE', 'calls');
});

async function admin<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${emulator.url}/_emulator/${path}`, init);
  return (await response.json()) as T;
}

const inject = (wish: FaultWish) => admin<FaultRule>('POST', 'faults', { function: fn, ...wish });
const update = (Description: string) =>
  lambda.send(new UpdateAliasCommand({ FunctionName: fn, Name: 'live', Description }));
const read = () => lambda.send(new GetAliasCommand({ FunctionName: fn, Name: 'live' }));
const log = () => admin<CallEntry[]>('GET', `calls?function=${fn}`);

/** Kind, what the caller meets, and whether the update took effect all the same. */
const ANSWERS: [FaultWish, { name?: string; status?: number }, boolean][] = [
  [{ kind: 'throttle' }, { name: 'TooManyRequestsException', status: 429 }, false],
  [{ kind: 'error' }, { name: 'ServiceException', status: 500 }, false],
  [{ kind: 'error', status: 503 }, { status: 503 }, false],
  [{ kind: 'deny' }, { name: 'AccessDeniedException', status: 403 }, false],
  [{ kind: 'deny', reasonCode: 'ExpiredTokenException' }, { name: 'ExpiredTokenException', status: 403 }, false],
  [{ kind: 'error-after' }, { name: 'ServiceException', status: 500 }, true],
  [{ kind: 'reset-before' }, {}, false],
  [{ kind: 'reset-after' }, {}, true],
];

test.each(ANSWERS)('%o: the caller meets %o, effect: %s', async (wish, error, effect) => {
  await inject({ ...wish, operation: 'UpdateAlias', count: 1 });
  const failure = (await update('changed').catch((thrown: unknown) => thrown)) as Error & {
    $metadata?: { httpStatusCode?: number };
  };
  expect(failure).toBeInstanceOf(Error);
  if (error.name) expect(failure.name).toBe(error.name);
  if (error.status) expect(failure.$metadata?.httpStatusCode).toBe(error.status);
  expect((await read()).Description).toBe(effect ? 'changed' : '');
  const [entry] = await log();
  expect(entry).toMatchObject({ operation: 'UpdateAlias', actor: 'tester', reached: effect, faults: [wish.kind] });
});

test('a rule may hit one access key only', async () => {
  await inject({ kind: 'deny', operation: 'UpdateAlias', actor: 'somebody else' });
  await update('allowed');
  await inject({ kind: 'deny', operation: 'UpdateAlias', actor: 'tester' });
  await expect(update('denied')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  expect((await read()).Description).toBe('allowed');
});

test('a download is hit by rules that name it, and by no other', async () => {
  const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: fn }));
  await admin('POST', 'faults', { kind: 'error', operation: '*' });
  expect((await fetch(Code?.Location ?? '')).status).toBe(200);
  await admin('POST', 'faults', { kind: 'error', operation: 'Download', status: 503, count: 1 });
  expect((await fetch(Code?.Location ?? '')).status).toBe(503);
  expect((await fetch(Code?.Location ?? '')).status).toBe(200);
});

test('a throttle may carry Retry-After', async () => {
  await inject({ kind: 'throttle', operation: 'UpdateAlias', count: 1, retryAfterSeconds: 7 });
  await expect(update('x')).rejects.toMatchObject({ retryAfterSeconds: '7', Reason: 'CallerRateLimitExceeded' });
});

test('a delay before the effect and one after it differ in when the effect is visible', async () => {
  await inject({ kind: 'delay', operation: 'UpdateAlias', count: 1, delayMs: 1000 });
  const slow = update('late');
  expect((await read()).Description).toBe('');
  await slow;
  await inject({ kind: 'delay-after', operation: 'UpdateAlias', count: 1, delayMs: 1000 });
  const answeredLate = update('early');
  for (let seen = ''; seen !== 'early'; ) seen = (await read()).Description ?? '';
  const done = await Promise.race([answeredLate.then(() => true), Promise.resolve(false)]);
  expect(done).toBe(false);
  await answeredLate;
});

test('a stale read shows the alias as it was before its latest change', async () => {
  const before = await read();
  await update('new');
  await inject({ kind: 'stale-read', operation: 'GetAlias', count: 1 });
  expect(await read()).toMatchObject({ Description: '', RevisionId: before.RevisionId });
  expect(await read()).toMatchObject({ Description: 'new' });
});

test('an update can end Failed, with its reason, and the next one succeeds', async () => {
  await inject({
    kind: 'update-fails',
    operation: 'UpdateFunctionConfiguration',
    count: 1,
    reason: 'no room',
    reasonCode: 'InternalError',
  });
  const change = (Timeout: number) =>
    lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: fn, Timeout }));
  expect(await change(5)).toMatchObject({ LastUpdateStatus: 'InProgress' });
  expect(await untilSettled(lambda, fn)).toMatchObject({
    LastUpdateStatus: 'Failed',
    LastUpdateStatusReason: 'no room',
    LastUpdateStatusReasonCode: 'InternalError',
  });
  await change(6);
  expect(await untilSettled(lambda, fn)).toMatchObject({ LastUpdateStatus: 'Successful', Timeout: 6 });
});

async function publishNew() {
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: fn, Description: `change ${made}` }));
  await untilSettled(lambda, fn);
  return lambda.send(new PublishVersionCommand({ FunctionName: fn }));
}

test('a version can fail to activate', async () => {
  await inject({
    kind: 'version-fails',
    operation: 'PublishVersion',
    count: 1,
    reason: 'init failed',
    reasonCode: 'FunctionError',
  });
  const { Version = '', State } = await publishNew();
  expect(State).toBe('Pending');
  expect(await untilSettled(lambda, fn, Version)).toMatchObject({
    State: 'Failed',
    StateReason: 'init failed',
    StateReasonCode: 'FunctionError',
  });
});

test('a publish can be slow: the version stays Pending for that long', async () => {
  await inject({ kind: 'slow-settle', operation: 'PublishVersion', count: 1, delayMs: 1500 });
  const { Version = '' } = await publishNew();
  const read = new GetFunctionConfigurationCommand({ FunctionName: fn, Qualifier: Version });
  expect(await lambda.send(read)).toMatchObject({ State: 'Pending', StateReasonCode: 'Creating' });
  expect(await untilSettled(lambda, fn, Version)).toMatchObject({ State: 'Active' });
});

test('skip lets calls through first, count limits the hits, and a rule tells how often it was asked', async () => {
  const { id } = await inject({ kind: 'throttle', operation: ['GetAlias', 'UpdateAlias'], skip: 1, count: 2 });
  const outcomes: string[] = [];
  for (let i = 0; i < 5; i += 1)
    outcomes.push(
      await read().then(
        () => 'ok',
        (error: Error) => error.name,
      ),
    );
  expect(outcomes).toEqual(['ok', 'TooManyRequestsException', 'TooManyRequestsException', 'ok', 'ok']);
  const [rule] = await admin<FaultRule[]>('GET', 'faults');
  expect(rule).toMatchObject({ id, seen: 5, hits: 2 });
});

test('the same seed hits the same calls', async () => {
  const pattern = async () => {
    const { id } = await inject({ kind: 'error', operation: 'GetAlias', probability: 0.5, seed: 4711 });
    let seen = '';
    for (let i = 0; i < 20; i += 1)
      seen += await read().then(
        () => '.',
        () => 'x',
      );
    await admin('DELETE', `faults/${id}`);
    return seen;
  };
  const first = await pattern();
  expect(first).toMatch(/\./);
  expect(first).toMatch(/x/);
  expect(await pattern()).toBe(first);
});

test('the call log counts calls of each operation and keeps what was asked', async () => {
  await update('one');
  await update('two');
  await lambda.send(new ListAliasesCommand({ FunctionName: fn }));
  expect(await admin('GET', 'calls/count')).toMatchObject({ UpdateAlias: 2, ListAliases: 1 });
  const entries = await log();
  expect(entries.map((entry) => [entry.operation, entry.outcome, entry.status])).toEqual([
    ['UpdateAlias', 'ok', 200],
    ['UpdateAlias', 'ok', 200],
    ['ListAliases', 'ok', 200],
  ]);
  expect(entries[1]?.input).toMatchObject({ Description: 'two', Name: 'live' });
});

test('the rate limiter admits 15 calls at once, GetFunction apart, and the rest are throttled', async () => {
  await admin('PATCH', 'settings', { controlPlaneRatePerSecond: 15 });
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, () =>
      read().then(
        () => 'ok',
        (error: Error) => error.name,
      ),
    ),
  );
  await admin('PATCH', 'settings', { controlPlaneRatePerSecond: null });
  const admitted = outcomes.filter((outcome) => outcome === 'ok').length;
  expect(admitted).toBeGreaterThanOrEqual(15);
  expect(admitted).toBeLessThan(60);
  expect(outcomes).toContain('TooManyRequestsException');
});

test('an unknown kind of fault is refused', async () => {
  const response = await fetch(`${emulator.url}/_emulator/faults`, { method: 'POST', body: '{"kind":"earthquake"}' });
  expect(response.status).toBe(400);
});
