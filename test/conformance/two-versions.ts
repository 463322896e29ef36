import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { packageNumber } from './package-zip.js';

/** A function with versions 1 and 2, ready to be called. */
export async function publishTwoVersions(lambda: LambdaClient, FunctionName = 'two-versions'): Promise<string> {
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: 'nodejs20.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/r',
      Code: { ZipFile: await packageNumber(1) },
    }),
  );
  await untilSettled(lambda, FunctionName);
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: await packageNumber(2) }));
  await untilSettled(lambda, FunctionName);
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  return FunctionName;
}

export async function untilSettled(lambda: LambdaClient, FunctionName: string, Qualifier?: string) {
  for (;;) {
    const read = new GetFunctionConfigurationCommand({ FunctionName, ...(Qualifier ? { Qualifier } : {}) });
    const configuration = await lambda.send(read);
    if (configuration.State !== 'Pending' && configuration.LastUpdateStatus !== 'InProgress') return configuration;
    await pause(10);
  }
}
