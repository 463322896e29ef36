import { createVerify, X509Certificate } from 'node:crypto';
import type { SnsMessage } from '#contracts';
import type { Clock } from '#runtime';

/** Fetches one small text over HTTPS from SNS: its certificates, and the address that confirms a subscription. */
export type FetchText = (url: URL) => Promise<string>;

/** What SNS signs, by the rules of its developer guide: names and values in this order, each on a line of its own. */
const SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const satisfies Record<SnsMessage['Type'], readonly (keyof SnsMessage)[]>;

const DIGEST = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' } as const;

export function textToSign(message: SnsMessage): string {
  return SIGNED[message.Type]
    .filter((name) => message[name] !== undefined && message[name] !== null)
    .map((name) => `${name}\n${message[name]}\n`)
    .join('');
}

const TOPIC = /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]{3,32}):\d{12}:[A-Za-z0-9_-]{1,256}$/;

/** Where SNS of this topic's region lives. Nothing is fetched from anywhere else, whatever a message says. */
export function snsHost(topicArn: string): string | undefined {
  const [, partition, region] = TOPIC.exec(topicArn) ?? [];
  if (!region) return undefined;
  return `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
}

/** The names SNS's certificates bear: one for most regions, names of their own for the newer, the Chinese and the GovCloud ones. */
function signerNames(host: string): string[] {
  const regional = host.replace(/^sns\./, '');
  return ['sns.amazonaws.com', host, `sns-signing.${regional}`, `sns-${regional}`];
}

const CERTIFICATE_PATH = /^\/SimpleNotificationService-[0-9a-f]{16,64}\.pem$/;

/** The address in a message, if it is one of SNS itself in the topic's region. */
export function snsUrl(text: string | undefined, topicArn: string): URL | undefined {
  const host = snsHost(topicArn);
  if (text === undefined || host === undefined || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const plain = url.protocol === 'https:' && url.host === host && url.username === '' && url.password === '';
  return plain && url.hash === '' ? url : undefined;
}

const KEPT_CERTIFICATES = 20;

/**
 * Whether SNS itself has signed a message. Certificates are fetched from SNS of the topic's region and kept; one that
 * is not valid now, or not SNS's own, counts for nothing. That SNS signed says nothing about who published: which topics
 * are believed is the caller's question, to be asked first.
 */
export class SnsSignatures {
  private readonly certificates = new Map<string, Promise<X509Certificate>>();

  constructor(
    private readonly fetchText: FetchText,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Undefined: signed. Otherwise one sentence that says what is wrong. */
  async problem(message: SnsMessage): Promise<string | undefined> {
    const url = snsUrl(message.SigningCertURL, message.TopicArn);
    if (url?.search !== '' || !CERTIFICATE_PATH.test(url.pathname))
      return 'SigningCertURL is not an address of SNS in the topic’s region.';
    const certificate = await this.certificate(url).catch(() => undefined);
    if (!certificate) return 'The certificate that signed the message could not be fetched.';
    const now = this.clock.now();
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
      return 'The certificate that signed the message is not valid now.';
    if (!signerNames(url.host).some((name) => certificate.checkHost(name, { subject: 'always' })))
      return 'The certificate that signed the message is not one of SNS.';
    const verify = createVerify(DIGEST[message.SignatureVersion]).update(textToSign(message), 'utf8');
    const signed = verify.verify(certificate.publicKey, Buffer.from(message.Signature, 'base64'));
    return signed ? undefined : 'The signature does not fit the message.';
  }

  private certificate(url: URL): Promise<X509Certificate> {
    const known = this.certificates.get(url.href);
    if (known) return known;
    // Whoever makes up addresses may not fill the memory: the oldest goes.
    const [oldest] = this.certificates.keys();
    if (oldest !== undefined && this.certificates.size >= KEPT_CERTIFICATES) this.certificates.delete(oldest);
    const fetched = this.fetchText(url).then((pem) => new X509Certificate(pem));
    this.certificates.set(url.href, fetched);
    fetched.catch(() => this.certificates.delete(url.href));
    return fetched;
  }
}
