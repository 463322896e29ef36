import { timingSafeEqual } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { dateOf, parseTime } from '../clock.js';
import { ServiceError } from '../lambda/errors.js';
import type { Place } from '../lambda/names.js';
import { Sha256 } from './sha256.js';

/** Who signed a request, for which region. */
export interface Caller extends Place {
  accessKeyId: string;
}

export interface SignedRequest {
  method: string;
  /** Path and query as they stand on the request line. */
  url: string;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

/** What a caller's account is taken to be, and which signatures are verified. */
export interface Identity {
  accountId: string;
  region: string;
  /** Secrets by access key id. When any is configured, only these keys are let in, with a valid signature. */
  credentials: Record<string, string>;
}

const CREDENTIAL = /Credential=([^/,\s]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request/;

const forbidden = (code: string, message: string) => new ServiceError(code, message, 403, 'message', {});

/**
 * Reads the caller from the SigV4 header: the region from its scope, the account from an access key id of twelve
 * digits, else the configured one. Without the header nothing is served, as with AWS.
 */
export async function callerOf(request: SignedRequest, identity: Identity): Promise<Caller> {
  const header = request.headers['authorization'];
  if (!header) throw forbidden('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, accessKeyId, , region, service] = CREDENTIAL.exec(header) ?? [];
  if (!header.startsWith('AWS4-HMAC-SHA256') || !accessKeyId || !region || !service)
    throw forbidden(
      'IncompleteSignatureException',
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter.",
    );
  if (Object.keys(identity.credentials).length > 0) await verify(request, identity, accessKeyId, region, service);
  const account = /^\d{12}$/.test(accessKeyId) ? accessKeyId : identity.accountId;
  return { account, region, accessKeyId };
}

async function verify(request: SignedRequest, identity: Identity, key: string, region: string, service: string) {
  const secret = identity.credentials[key];
  if (secret === undefined)
    throw forbidden('UnrecognizedClientException', 'The security token included in the request is invalid.');
  const given = /Signature=([0-9a-f]{64})/.exec(request.headers['authorization'] ?? '')?.[1] ?? '';
  const expected = await expectedSignature(request, key, secret, region, service);
  const same = given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
  if (!same)
    throw forbidden(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
}

/** Signs the request again with the known secret, over the headers that the caller says it signed. */
async function expectedSignature(request: SignedRequest, key: string, secret: string, region: string, service: string) {
  const header = request.headers['authorization'] ?? '';
  const names = /SignedHeaders=([^,\s]+)/.exec(header)?.[1]?.split(';') ?? [];
  const headers = Object.fromEntries(names.map((name) => [name, request.headers[name] ?? '']));
  const [path = '/', query = ''] = request.url.split('?', 2);
  const signer = new SignatureV4({
    credentials: { accessKeyId: key, secretAccessKey: secret },
    region,
    service,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
    applyChecksum: false,
  });
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: '',
      path,
      query: parseQuery(query),
      headers,
      body: request.body,
    },
    { signingDate: signingDate(request.headers['x-amz-date'] ?? ''), signableHeaders: new Set(names) },
  );
  return /Signature=([0-9a-f]{64})/.exec(signed.headers['authorization'] ?? '')?.[1] ?? '';
}

function parseQuery(query: string): Record<string, string | string[]> {
  const parsed: Record<string, string | string[]> = {};
  for (const name of new Set(new URLSearchParams(query).keys())) {
    const values = new URLSearchParams(query).getAll(name);
    parsed[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return parsed;
}

function signingDate(compact: string): Date {
  return dateOf(parseTime(compact.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')));
}
