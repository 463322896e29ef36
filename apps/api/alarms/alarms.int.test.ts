import type { SnsMessage } from '#contracts';
import { checkout, factsUntilBaking, startTestApi, type TestApi } from '../../../test/world/api.js';
import { makeSigner, snsMessage, TOPIC } from './certificate.fixture.js';

const now = 1_700_000_000_000;
const signer = makeSigner();
let api: TestApi;
let deploymentId: string;
const fetched: string[] = [];

beforeAll(async () => {
  const fetchText = async (url: URL) => {
    fetched.push(url.href);
    return url.pathname.endsWith('.pem') ? signer.pem : '<ConfirmSubscriptionResponse/>';
  };
  api = await startTestApi({
    parts: (parts) => ({ ...parts, alarmTopics: [TOPIC], fetchText, clock: { ...parts.clock, now: () => now } }),
  });
  await api.client.createTarget({ ...checkout, alarms: ['checkout-errors'] });
  const strategy = { type: 'canary', weightPercent: 10, bake: '1h' } as const;
  const { id } = await api.client.createDeployment({
    target: 'checkout',
    configuration: { memorySize: 256 },
    strategy,
  });
  deploymentId = id;
  await api.tell(id, ...factsUntilBaking());
});
afterAll(() => api.close());

const { accountId, region } = checkout;
const changedAt = '2023-11-14T22:13:20.000+0000';
let ids = 0;
const alarm = (name: string, state = 'ALARM', at = changedAt) =>
  JSON.stringify({
    AlarmName: name,
    AlarmArn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`,
    NewStateValue: state,
    OldStateValue: 'OK',
    StateChangeTime: at,
  });
const notification = (message: string, changes: Partial<SnsMessage> = {}) =>
  snsMessage(signer.privateKey, { MessageId: `m${++ids}`, Message: message, ...changes });

async function push(message: unknown, contentType = 'text/plain; charset=UTF-8') {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  const headers = { 'content-type': contentType };
  const answer = await api.request('/v1/alarms/sns', { method: 'POST', key: null, body, headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
const event = (changes: object = {}) => ({
  id: `e${++ids}`,
  'detail-type': 'CloudWatch Alarm State Change',
  account: accountId,
  region,
  source: 'aws.cloudwatch',
  detail: { alarmName: 'checkout-errors', state: { value: 'ALARM', timestamp: changedAt } },
  ...changes,
});
const woken = () => api.woken.filter(({ lane }) => lane === 'rollback').length;

describe('an alarm told by SNS', () => {
  test('is recorded once, and the rollout with traffic is woken in the rollback lane', async () => {
    const before = woken();
    const message = notification(alarm('checkout-errors'));
    expect(await push(message)).toEqual({ status: 202, body: { outcome: 'recorded', deployments: 1 } });
    expect(woken()).toBe(before + 1);
    const row = await api.store.deployments.load(deploymentId);
    expect(row?.phase).toBe('baking');
    // At once; the column keeps milliseconds and may have rounded up.
    expect(row?.nextAt).toBeLessThanOrEqual((row?.readAt ?? 0) + 1);
    const target = { projectId: 'default', accountId, region };
    expect(await api.store.alarmPushes.wentOff(target, ['checkout-errors', 'x'], now)).toEqual(['checkout-errors']);
    expect(await api.store.alarmPushes.wentOff(target, ['checkout-errors'], now + 1)).toEqual([]);
  });

  test('a message that comes again changes nothing, however many at once', async () => {
    const message = notification(alarm('checkout-errors'));
    const before = woken();
    const answers = await Promise.all(Array.from({ length: 20 }, () => push(message)));
    const outcomes = answers.map(({ body }) => body['outcome']).sort();
    expect(outcomes).toEqual(['recorded', ...Array.from({ length: 19 }, () => 'repeated')].sort());
    expect(woken()).toBe(before + 1);
  });

  test.each<[string, () => SnsMessage, string]>([
    ['an alarm nobody named', () => notification(alarm('somebody-elses')), 'unknown_alarm'],
    [
      'an alarm of another account',
      () => notification(alarm('checkout-errors').replace(accountId, '999999999999')),
      'unknown_alarm',
    ],
    ['something that is no alarm', () => notification('Hello.'), 'not_an_alarm'],
    ['another form of JSON', () => notification('{"AlarmName":1}'), 'not_an_alarm'],
    ['a name that no alarm has', () => notification(alarm('checkout-errors\u0000')), 'not_an_alarm'],
    ['a time that is none', () => notification(alarm('checkout-errors', 'ALARM', 'yesterday')), 'not_an_alarm'],
    ['old news', () => notification(alarm('checkout-errors', 'ALARM', '2023-11-14T21:00:00.000+0000')), 'stale'],
  ])('%s is taken and changes nothing', async (_, make, outcome) => {
    const before = woken();
    expect(await push(make())).toEqual({ status: 202, body: { outcome, deployments: 0 } });
    expect(woken()).toBe(before);
    const figures = await (await api.request('/metrics')).text();
    expect(figures).toMatch(new RegExp(`sluice_alarm_pushes_total\\{outcome="${outcome}"\\} [1-9]`));
  });

  test('an alarm that is quiet again is kept, and wakes nobody', async () => {
    expect(await push(notification(alarm('checkout-errors', 'OK')))).toMatchObject({ body: { deployments: 0 } });
  });

  test('what is not signed, or comes from another topic, is refused and nothing is kept', async () => {
    const good = notification(alarm('checkout-errors'));
    const stranger = TOPIC.replace('111122223333', '444455556666');
    const forged: [string, SnsMessage][] = [
      ['another message', { ...good, Message: alarm('checkout-errors', 'OK') }],
      ['another signer', snsMessage(makeSigner().privateKey, { MessageId: 'm0', Message: good.Message })],
      [
        'another host',
        notification(good.Message, { SigningCertURL: good.SigningCertURL.replace('sns.', 'sns.evil.') }),
      ],
      ['another topic, well signed', notification(good.Message, { TopicArn: stranger })],
    ];
    const fetchedBefore = fetched.length;
    for (const [name, message] of forged) expect([name, (await push(message)).status]).toEqual([name, 401]);
    expect(fetched.slice(fetchedBefore).filter((url) => url.includes('evil'))).toEqual([]);
    const { rows } = await api.store.pool.query("SELECT FROM alarm_pushes WHERE id IN ('sns:m0', $1)", [
      `sns:${good.MessageId}`,
    ]);
    expect(rows).toHaveLength(0);
  });

  test('too much is refused before it is read, and what is no message without a crash', async () => {
    expect((await push(`{"Message":"${'x'.repeat(200_000)}"}`)).status).toBe(413);
    const odd = ['', 'null', '[]', '{', '{"Type":"Notification"}', '{"__proto__":{"x":1}}', `${'['.repeat(10_000)}`];
    for (const body of odd) expect([body.slice(0, 20), (await push(body)).status]).toEqual([body.slice(0, 20), 400]);
    expect((await push(notification('{}'), 'application/xml')).status).toBe(415);
  });

  test('a subscription is confirmed at SNS itself, for a topic that is believed, and nowhere else', async () => {
    const ask = (url: string) =>
      notification('You have chosen to subscribe.', {
        Type: 'SubscriptionConfirmation',
        Token: 't',
        SubscribeURL: url,
      });
    const host = 'https://sns.eu-central-1.amazonaws.com';
    const right = `${host}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=t`;
    expect(await push(ask(right))).toEqual({ status: 202, body: { outcome: 'confirmed', deployments: 0 } });
    expect(fetched).toContain(right);
    for (const wrong of [
      right.replace('sns.eu-central-1', 'sns.evil'),
      right.replace('https', 'http'),
      right.replace('Confirm', 'Delete'),
      right.replace(TOPIC, `${TOPIC}2`),
      'https://169.254.169.254/?Action=ConfirmSubscription',
    ]) {
      expect((await push(ask(wrong))).status).toBe(401);
      expect(fetched).not.toContain(wrong);
    }
  });
});

describe('an alarm told by EventBridge', () => {
  const send = (body: unknown, key?: string | null) =>
    api.call('POST', '/v1/alarms/eventbridge', body, key === undefined ? {} : { key });

  test('is recorded once for the project of its key', async () => {
    const { key } = await api.keyWith(['alarm']);
    const one = event();
    expect(await send(one, key)).toMatchObject({ status: 202, body: { outcome: 'recorded', deployments: 1 } });
    expect(await send(one, key)).toMatchObject({ status: 202, body: { outcome: 'repeated' } });
    expect((await api.request('/v1/targets', { key })).status).toBe(403);
  });

  test('a key of another project moves nothing here', async () => {
    await api.store.pool.query("INSERT INTO projects (id, name) VALUES ('other', 'other')");
    const { key } = await api.keyWith(['alarm'], { projectId: 'other' });
    expect(await send(event(), key)).toMatchObject({ status: 202, body: { outcome: 'unknown_alarm' } });
  });

  test('without a key, with one that may only read, or in another form it is refused', async () => {
    const { key } = await api.keyWith(['read']);
    expect((await send(event(), null)).status).toBe(401);
    expect((await send(event(), key)).status).toBe(403);
    expect((await send(event({ 'detail-type': 'EC2 Instance State-change Notification' }))).status).toBe(400);
    expect((await send(event({ detail: null }))).status).toBe(400);
  });
});

test('where no topic is believed, the route for SNS is not there and reads nothing', async () => {
  const bare = await startTestApi();
  const body = JSON.stringify(notification('{}'));
  const headers = { 'content-type': 'text/plain' };
  const answer = await bare.request('/v1/alarms/sns', { method: 'POST', key: null, body, headers });
  expect(answer.status).toBe(404);
  await bare.close();
});
