import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { DeploymentRequest } from './api.js';

const CIPHER = 'aes-256-gcm';
const FORMAT = 'v1';
const [IV_BYTES, TAG_BYTES] = [12, 16];

type Environment = Readonly<Record<string, string | null>>;

/** What a deployment's probes are to send. */
type Payloads = readonly unknown[];

/** Payloads as they lie in the database: sealed, or as they came (without a key, or written by an older release). */
export type StoredPayloads = Payloads | { readonly sealed: string };

/**
 * Keeps the values of environment variables and the payloads of probes out of the database's files, copies and logs:
 * they are stored sealed (AES-256-GCM, bound to the deployment's id), names of variables stay readable. Only the worker
 * opens them. `unreadable`: sealed with a key that is not among ours, or tampered with.
 */
export interface RequestSeal {
  seal(request: DeploymentRequest, deploymentId: string): DeploymentRequest;
  open(request: DeploymentRequest, deploymentId: string): DeploymentRequest | 'unreadable';
  sealPayloads(payloads: Payloads, deploymentId: string): StoredPayloads;
  openPayloads(stored: StoredPayloads, deploymentId: string): Payloads | 'unreadable';
}

/** The first key seals, all of them open: how a key is replaced. None: values are stored as they came. */
export function createRequestSeal(keys: readonly Uint8Array[] = []): RequestSeal {
  const [first] = keys;
  return {
    seal(request, deploymentId) {
      const environment = environmentOf(request);
      if (!first || !environment) return request;
      return {
        ...withEnvironment(request, blank(environment)),
        sealed: encrypt(first, environment, deploymentId),
      };
    },
    open({ sealed, ...request }, deploymentId) {
      if (sealed === undefined) return request;
      const opened = unsealed<Environment>(keys, sealed, deploymentId);
      return opened === 'unreadable' ? opened : withEnvironment(request, opened);
    },
    sealPayloads(payloads, deploymentId) {
      return first ? { sealed: encrypt(first, payloads, payloadsOf(deploymentId)) } : payloads;
    },
    openPayloads(stored, deploymentId) {
      return 'sealed' in stored ? unsealed<Payloads>(keys, stored.sealed, payloadsOf(deploymentId)) : stored;
    },
  };
}

/** One deployment has two seals: neither is taken for the other. */
function payloadsOf(deploymentId: string): string {
  return `${deploymentId} probe payloads`;
}

function environmentOf({ configuration }: DeploymentRequest): Environment | undefined {
  const environment = configuration?.['environment'] as Environment | undefined;
  const holds = environment && Object.values(environment).some((value) => value !== null);
  return holds ? environment : undefined;
}

/** Names and removals stay: people are shown them. */
function blank(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value === null ? null : '']));
}

function withEnvironment(request: DeploymentRequest, environment: Environment): DeploymentRequest {
  return { ...request, configuration: { ...request.configuration, environment } };
}

/** Says which key it was without saying anything about it. */
function idOf(key: Uint8Array): string {
  return createHash('sha256').update('sluice key id').update(key).digest('base64url').slice(0, 8);
}

/** `owner` is what the text is bound to: it opens for nobody else. */
function encrypt(key: Uint8Array, value: object, owner: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(owner));
  const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return `${FORMAT}.${idOf(key)}.${Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')}`;
}

function unsealed<T>(keys: readonly Uint8Array[], sealed: string, owner: string): T | 'unreadable' {
  const [format, keyId, text = ''] = sealed.split('.');
  const key = keys.find((one) => idOf(one) === keyId);
  if (!key || format !== FORMAT) return 'unreadable';
  try {
    return decrypt(key, text, owner) as T;
  } catch {
    return 'unreadable';
  }
}

function decrypt(key: Uint8Array, sealed: string, owner: string): unknown {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  return JSON.parse(text.toString('utf8'));
}
