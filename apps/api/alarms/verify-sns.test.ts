import type { SnsMessage } from '#contracts';
import { CERTIFICATE, makeSigner, snsMessage, TOPIC } from './certificate.fixture.js';
import { SnsSignatures, snsUrl } from './verify-sns.js';

/** Inside the fixture's certificate. */
const clock = { now: () => 1_700_000_000_000 };
const signer = makeSigner();

function verifier(pem = signer.pem) {
  const fetched: string[] = [];
  const fetchText = async (url: URL) => {
    fetched.push(url.href);
    return pem;
  };
  return { signatures: new SnsSignatures(fetchText, clock), fetched };
}

const problemOf = (message: SnsMessage, pem?: string) => verifier(pem).signatures.problem(message);

test.each(['1', '2'] as const)('a message that SNS signed is believed (signature version %s)', async (version) => {
  expect(await problemOf(snsMessage(signer.privateKey, { SignatureVersion: version }))).toBeUndefined();
});

test('the question whether a subscription is wanted is signed over other members', async () => {
  const more = { Type: 'SubscriptionConfirmation', Token: 't', SubscribeURL: 'https://x', Subject: undefined } as const;
  const message = snsMessage(signer.privateKey, more);
  expect(await problemOf(message)).toBeUndefined();
  expect(await problemOf({ ...message, Token: 'other' })).toMatch(/does not fit/);
});

test.each<[string, Partial<SnsMessage>]>([
  ['message', { Message: '{"NewStateValue":"ALARM"}' }],
  ['topic', { TopicArn: `${TOPIC}2` }],
  ['id', { MessageId: 'another' }],
  ['time', { Timestamp: '2026-11-22T12:00:01.000Z' }],
  ['type', { Type: 'UnsubscribeConfirmation' }],
  ['subject', { Subject: null }],
  ['digest', { SignatureVersion: '1' }],
  ['signature', { Signature: Buffer.alloc(256).toString('base64') }],
  ['signature that is none', { Signature: '%%%' }],
])('a changed %s is noticed', async (_, change) => {
  expect(await problemOf({ ...snsMessage(signer.privateKey), ...change })).toMatch(/does not fit/);
});

test('another key’s signature counts for nothing', async () => {
  expect(await problemOf(snsMessage(makeSigner().privateKey))).toMatch(/does not fit/);
});

test.each([
  'http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
  'https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef.pem',
  'https://evil.example/SimpleNotificationService-0123456789abcdef.pem',
  'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
  'https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-0123456789abcdef.pem',
  'https://user@sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
  'https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-0123456789abcdef.pem',
  'https://sns.eu-central-1.amazonaws.com/?x=/SimpleNotificationService-0123456789abcdef.pem',
  'https://sns.eu-central-1.amazonaws.com/other.pem',
  'https://evil-bucket.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
  'https://169.254.169.254/SimpleNotificationService-0123456789abcdef.pem',
  'file:///etc/passwd',
  'not an address',
])('a certificate at %s is not even fetched', async (url) => {
  const { signatures, fetched } = verifier();
  const message = snsMessage(signer.privateKey, { SigningCertURL: url });
  expect(await signatures.problem(message)).toBe('SigningCertURL is not an address of SNS in the topic’s region.');
  expect(fetched).toEqual([]);
});

test('a certificate of somebody else, one that has run out, and one that is none are refused', async () => {
  const other = makeSigner({ commonName: 'evil.example' });
  expect(await problemOf(snsMessage(other.privateKey), other.pem)).toMatch(/not one of SNS/);
  const old = makeSigner({ validForMs: -1_000 });
  expect(await problemOf(snsMessage(old.privateKey), old.pem)).toMatch(/not valid now/);
  expect(await problemOf(snsMessage(signer.privateKey), 'nonsense')).toMatch(/could not be fetched/);
});

test('regions with a name of their own on their certificates are believed under that name', async () => {
  for (const commonName of ['sns-signing.eu-central-1.amazonaws.com', 'sns-eu-central-1.amazonaws.com']) {
    const regional = makeSigner({ commonName });
    expect(await problemOf(snsMessage(regional.privateKey), regional.pem)).toBeUndefined();
  }
  const elsewhere = makeSigner({ commonName: 'sns-signing.us-east-1.amazonaws.com' });
  expect(await problemOf(snsMessage(elsewhere.privateKey), elsewhere.pem)).toMatch(/not one of SNS/);
});

test('a certificate is fetched once, and again after a failure', async () => {
  const { signatures, fetched } = verifier();
  await Promise.all([1, 2, 3].map(() => signatures.problem(snsMessage(signer.privateKey))));
  expect(fetched).toEqual([CERTIFICATE]);
  let tries = 0;
  const flaky = new SnsSignatures(async () => {
    tries += 1;
    if (tries === 1) throw new Error('away');
    return signer.pem;
  }, clock);
  expect(await flaky.problem(snsMessage(signer.privateKey))).toMatch(/could not be fetched/);
  expect(await flaky.problem(snsMessage(signer.privateKey))).toBeUndefined();
});

test('in China SNS lives under another name, and nowhere else', () => {
  const topic = 'arn:aws-cn:sns:cn-north-1:111122223333:alarms';
  expect(snsUrl('https://sns.cn-north-1.amazonaws.com.cn/x', topic)?.host).toBe('sns.cn-north-1.amazonaws.com.cn');
  expect(snsUrl('https://sns.cn-north-1.amazonaws.com/x', topic)).toBeUndefined();
});
