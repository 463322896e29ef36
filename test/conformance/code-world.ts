import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { startEmulator } from '../../apps/emulator/start.js';
import { zipOf } from './package-zip.js';
import { untilSettled } from './two-versions.js';

/** What an invocation came back with, log and all. */
export interface Invoked {
  error: string | undefined;
  value: Record<string, unknown> | undefined;
  text: string;
  log: string;
}

/** An emulator, its clients, and functions made of a few lines of code: what the tests of running code stand on. */
export async function openCodeWorld() {
  const emulator = await startEmulator({ port: 0, settleMs: 10, asyncRetryDelaysMs: [10, 10] });
  const config = {
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  const lambda = new LambdaClient(config);
  const logs = new CloudWatchLogsClient(config);
  let made = 0;
  return {
    lambda,
    logs,
    async create(files: Record<string, string>, more: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
      made += 1;
      const FunctionName = `code-${made}`;
      const input = {
        Runtime: 'nodejs20.x',
        Handler: 'index.handler',
        Role: 'arn:aws:iam::000000000000:role/r',
      } as const;
      const Code = { ZipFile: await zipOf(files) };
      await lambda.send(new CreateFunctionCommand({ FunctionName, ...input, Code, ...more }));
      await untilSettled(lambda, FunctionName);
      return FunctionName;
    },
    async invoke(FunctionName: string, event: unknown = {}, more: Partial<InvokeCommandInput> = {}): Promise<Invoked> {
      const input = { FunctionName, Payload: JSON.stringify(event), LogType: 'Tail', ...more } as const;
      const answer = await lambda.send(new InvokeCommand(input));
      const text = Buffer.from(answer.Payload ?? []).toString('utf8');
      const log = Buffer.from(answer.LogResult ?? '', 'base64').toString('utf8');
      return { error: answer.FunctionError, value: text === '' ? undefined : JSON.parse(text), text, log };
    },
    async close(): Promise<void> {
      lambda.destroy();
      logs.destroy();
      await emulator.close();
    },
  };
}

export type CodeWorld = Awaited<ReturnType<typeof openCodeWorld>>;

/** A package with one CommonJS file. */
export const node = (body: string) => ({ 'index.js': body });
