import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { DeploymentRequest } from './api.js';

const CIPHER = 'aes-256-gcm';
const FORMAT = 'v1';
const [IV_BYTES, TAG_BYTES] = [12, 16];

type Environment = Readonly<Record<string, string | null>>;

/**
 * Keeps the values of environment variables out of the database's files, copies and logs: what a deployment sets is
 * stored sealed (AES-256-GCM, bound to the deployment's id), its names stay readable. Only the worker opens it.
 */
export interface RequestSeal {
  seal(request: DeploymentRequest, deploymentId: string): DeploymentRequest;
  /** `unreadable`: it was sealed with a key that is not among ours, or tampered with. */
  open(request: DeploymentRequest, deploymentId: string): DeploymentRequest | 'unreadable';
}

/** The first key seals, all of them open: how a key is replaced. None: values are stored as they came. */
export function createRequestSeal(keys: readonly Uint8Array[] = []): RequestSeal {
  const [first] = keys;
  return {
    seal(request, deploymentId) {
      const environment = environmentOf(request);
      if (!first || !environment) return request;
      return { ...withEnvironment(request, blank(environment)), sealed: encrypt(first, environment, deploymentId) };
    },
    open({ sealed, ...request }, deploymentId) {
      if (sealed === undefined) return request;
      const [format, keyId, text = ''] = sealed.split('.');
      const key = keys.find((one) => idOf(one) === keyId);
      if (!key || format !== FORMAT) return 'unreadable';
      try {
        return withEnvironment(request, decrypt(key, text, deploymentId));
      } catch {
        return 'unreadable';
      }
    },
  };
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

function encrypt(key: Uint8Array, environment: Environment, deploymentId: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(deploymentId));
  const text = Buffer.concat([cipher.update(JSON.stringify(environment), 'utf8'), cipher.final()]);
  return `${FORMAT}.${idOf(key)}.${Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')}`;
}

function decrypt(key: Uint8Array, sealed: string, deploymentId: string): Environment {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(deploymentId)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  return JSON.parse(text.toString('utf8')) as Environment;
}
