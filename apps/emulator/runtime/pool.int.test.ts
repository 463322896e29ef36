import { CreateFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { zipOf } from '../../../test/conformance/package-zip.js';
import { untilSettled } from '../../../test/conformance/two-versions.js';
import { startEmulator } from '../start.js';

test('with room for two processes, many calls of many functions all get their turn', async () => {
  const emulator = await startEmulator({ port: 0, settleMs: 5, maxEnvironments: 2 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const lambda = new LambdaClient({ endpoint: emulator.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  const Code = { ZipFile: await zipOf({ 'index.js': 'exports.handler = async () => process.pid' }) };
  const names = ['one', 'two', 'three', 'four'];
  for (const FunctionName of names) {
    const input = {
      Runtime: 'nodejs20.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/r',
    } as const;
    await lambda.send(new CreateFunctionCommand({ FunctionName, ...input, Code }));
    await untilSettled(lambda, FunctionName);
  }
  const calls = Array.from({ length: 24 }, (_, i) => names[i % names.length]);
  const answers = await Promise.all(calls.map((FunctionName) => lambda.send(new InvokeCommand({ FunctionName }))));
  expect(answers.map((one) => one.FunctionError)).toEqual(calls.map(() => undefined));
  lambda.destroy();
  await emulator.close();
}, 30_000);
