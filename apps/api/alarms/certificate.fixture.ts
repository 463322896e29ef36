import { createSign, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { SnsMessage } from '#contracts';
import { textToSign } from './verify-sns.js';

/** A key of its own for each run and a certificate for it, so that no private key lies in the repository. */
export function makeSigner(options: { commonName?: string; validForMs?: number } = {}) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { commonName = 'sns.amazonaws.com', validForMs = 86_400_000 } = options;
  return { privateKey, pem: certificate(commonName, publicKey, privateKey, validForMs) };
}

export const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:alarms';
const HOST = 'https://sns.eu-central-1.amazonaws.com';
export const CERTIFICATE = `${HOST}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem`;

/** A message as SNS would send it, signed by `privateKey`. */
export function snsMessage(privateKey: KeyObject, changes: Partial<SnsMessage> = {}): SnsMessage {
  const message: SnsMessage = {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: TOPIC,
    Subject: 'ALARM: "checkout-errors"',
    Message: '{}',
    Timestamp: '2026-11-22T12:00:00.000Z',
    SignatureVersion: '2',
    Signature: 'none',
    SigningCertURL: CERTIFICATE,
    ...changes,
  };
  const digest = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  return { ...message, Signature: createSign(digest).update(textToSign(message)).sign(privateKey, 'base64') };
}

/** A self-signed X.509 certificate, in as little DER as there is: Node reads certificates but does not make them. */
function certificate(commonName: string, publicKey: KeyObject, privateKey: KeyObject, validForMs: number): string {
  const sha256WithRsa = sequence(der(0x06, Buffer.from('2a864886f70d01010b', 'hex')), der(0x05));
  const name = sequence(
    der(0x31, sequence(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(commonName)))),
  );
  const time = (offsetMs: number) => {
    const text = new Date(1_700_000_000_000 + offsetMs).toISOString();
    return der(0x17, Buffer.from(`${text.slice(2).replaceAll(/[-:T]/g, '').slice(0, 12)}Z`));
  };
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    sha256WithRsa,
    name,
    sequence(time(-86_400_000), time(validForMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, privateKey);
  const bytes = sequence(body, sha256WithRsa, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, content: Buffer = Buffer.alloc(0)): Buffer {
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: Buffer[]) => der(0x30, Buffer.concat(parts));
