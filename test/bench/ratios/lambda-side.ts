import {
  CreateAliasCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';

/** One call as the emulator logged it. */
export interface LoggedCall {
  readonly operation: string;
  readonly function: string | undefined;
  readonly outcome: string;
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The emulator's admin endpoint: what was called, and what shall fail. */
export function emulatorAdmin(endpoint: string) {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const answer = await fetch(`${endpoint}/_emulator/${path}`, init);
    if (!answer.ok) throw new Error(`The emulator refused ${method} ${path}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    async calls(): Promise<LoggedCall[]> {
      const found = (await ask('GET', 'calls')) as (Omit<LoggedCall, 'at'> & { at: string | number })[];
      return found.map((call) => ({ ...call, at: new Date(call.at).getTime() }));
    },
    forgetCalls: () => ask('DELETE', 'calls'),
    addFaults: (rules: readonly object[]) => ask('POST', 'faults', rules),
    clearFaults: () => ask('DELETE', 'faults'),
    limit: (controlPlaneRatePerSecond: number) => ask('PATCH', 'settings', { controlPlaneRatePerSecond }),
  };
}

/** A function with version 1 published and the alias `live` on it. */
export async function createFunction(endpoint: string, name: string): Promise<void> {
  const credentials = { accessKeyId: '000000000000', secretAccessKey: 'not-a-secret' };
  const lambda = new LambdaClient({ endpoint, region: 'us-east-1', credentials });
  const code = zipSync({
    'index.mjs': [strToU8('export const handler = async () => "v1";\n'), { mtime: '2020-01-01' }],
  });
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: 'arn:aws:iam::000000000000:role/bench',
      Runtime: 'nodejs20.x',
      Handler: 'index.handler',
      Code: { ZipFile: code },
    }),
  );
  const waiting = { client: lambda, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.2 };
  await waitUntilFunctionActiveV2(waiting as Parameters<typeof waitUntilFunctionActiveV2>[0], { FunctionName: name });
  await lambda.send(new PublishVersionCommand({ FunctionName: name }));
  await lambda.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '1' }));
  lambda.destroy();
}
