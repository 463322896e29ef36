import { LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';

/** Who is asked, and as whom. */
export interface Endpoint {
  kind: 'emulator' | 'aws' | 'other';
  url: string | undefined;
  account: string;
  region: string;
  role: string;
  lambda: LambdaClient;
  /** On an emulator of our own: how long changes stay Pending or InProgress from now on. */
  settleWithin(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

const REGION = process.env['CONFORMANCE_REGION'] ?? 'us-east-1';

/**
 * `CONFORMANCE_ENDPOINT` unset: an emulator of our own. `aws`: AWS itself, with the credentials of the environment, in
 * functions of a throw-away prefix that are deleted afterwards; `CONFORMANCE_ROLE` names an execution role that
 * exists. Anything else: the URL of some other endpoint.
 */
export async function openEndpoint(): Promise<Endpoint> {
  const wanted = process.env['CONFORMANCE_ENDPOINT'];
  if (wanted === 'aws') return openAws();
  let emulator: Emulator | undefined;
  if (wanted === undefined) emulator = await startEmulator({ port: 0, admin: true, asyncRetryDelaysMs: [20, 20] });
  const url = emulator?.url ?? wanted ?? '';
  const account = process.env['CONFORMANCE_ACCOUNT'] ?? '000000000000';
  const lambda = clientFor(url);
  return {
    kind: emulator ? 'emulator' : 'other',
    url,
    account,
    region: REGION,
    role: process.env['CONFORMANCE_ROLE'] ?? `arn:aws:iam::${account}:role/conformance`,
    lambda,
    settleWithin: async (settleMs) => {
      if (!emulator) return;
      await fetch(`${url}/_emulator/settings`, { method: 'PATCH', body: JSON.stringify({ settleMs }) });
    },
    close: async () => {
      lambda.destroy();
      await emulator?.close();
    },
  };
}

export function clientFor(endpoint: string, more: LambdaClientConfig = {}): LambdaClient {
  return new LambdaClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    ...more,
  });
}

async function openAws(): Promise<Endpoint> {
  const role = process.env['CONFORMANCE_ROLE'];
  const account = /^arn:aws[^:]*:iam::(\d{12}):role\//.exec(role ?? '')?.[1];
  if (!role || !account) throw new Error('CONFORMANCE_ROLE must be the ARN of an execution role when testing AWS.');
  const lambda = new LambdaClient({ region: REGION });
  return {
    kind: 'aws',
    url: undefined,
    account,
    region: REGION,
    role,
    lambda,
    settleWithin: async () => undefined,
    close: async () => lambda.destroy(),
  };
}
