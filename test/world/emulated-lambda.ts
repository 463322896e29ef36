import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import { systemClock } from '#runtime';
import type { CallEntry } from '../../apps/emulator/faults/call-log.js';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../apps/emulator/start.js';

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

/** A handler that answers with `body`, or fails with it. */
export function handlerCode(body: string, failing = false): string {
  const act = failing ? `throw new Error(${JSON.stringify(body)})` : `return ${JSON.stringify(body)}`;
  return `export const handler = async () => { ${act}; };\n`;
}

/** The same code always gives the same bytes. */
export function zip(code: string): Buffer {
  return Buffer.from(zipSync({ 'index.mjs': [strToU8(code), { mtime: '2020-01-01' }] }));
}

/** The emulator, and the function owner's own SDK in front of it: what tests see of Lambda without asking Sluice. */
export class EmulatedLambda {
  private functions = 0;

  private constructor(
    readonly emulator: Emulator,
    readonly client: LambdaClient,
  ) {}

  /** `change`: what is different from what most tests want, such as a folder that outlives the emulator. */
  static async start(change: Partial<EmulatorOptions> = {}): Promise<EmulatedLambda> {
    const emulator = await startEmulator({
      port: 0,
      admin: true,
      settleMs: 50,
      metricsPeriodSeconds: 1,
      metricsPublicationDelayMs: 0,
      ...change,
    });
    const credentials = { accessKeyId: ACCOUNT, secretAccessKey: 'not-a-secret' };
    return new EmulatedLambda(emulator, new LambdaClient({ endpoint: emulator.url, region: REGION, credentials }));
  }

  get url(): string {
    return this.emulator.url;
  }

  /** A function with version 1 published and `live` pointing at it; returns its name. */
  async newFunction(code = handlerCode('v1'), name?: string): Promise<string> {
    this.functions += 1;
    const functionName = name ?? `fn-${this.functions}`;
    await this.client.send(
      new CreateFunctionCommand({
        FunctionName: functionName,
        Role: `arn:aws:iam::${ACCOUNT}:role/demo`,
        Runtime: 'nodejs20.x',
        Handler: 'index.handler',
        Code: { ZipFile: zip(code) },
        Environment: { Variables: { COLOR: 'blue' } },
      }),
    );
    await this.settled(functionName);
    await this.client.send(new PublishVersionCommand({ FunctionName: functionName }));
    await this.client.send(new CreateAliasCommand({ FunctionName: functionName, Name: 'live', FunctionVersion: '1' }));
    return functionName;
  }

  private async settled(functionName: string): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      const { Configuration } = await this.client.send(new GetFunctionCommand({ FunctionName: functionName }));
      if (Configuration?.State === 'Active' && Configuration.LastUpdateStatus === 'Successful') return;
      await systemClock.sleep(20);
    }
    throw new Error(`${functionName} did not settle.`);
  }

  async alias(functionName: string) {
    const answer = await this.client.send(new GetAliasCommand({ FunctionName: functionName, Name: 'live' }));
    return { version: answer.FunctionVersion, weights: answer.RoutingConfig?.AdditionalVersionWeights ?? {} };
  }

  async reading(functionName: string, version: string) {
    const wanted = { FunctionName: functionName, Qualifier: version };
    return (await this.client.send(new GetFunctionCommand(wanted))).Configuration;
  }

  /** Published version numbers, oldest first. */
  async versions(functionName: string): Promise<string[]> {
    const answer = await this.client.send(new ListVersionsByFunctionCommand({ FunctionName: functionName }));
    return (answer.Versions ?? []).flatMap(({ Version }) => (Version && Version !== '$LATEST' ? [Version] : []));
  }

  /** Invokes through the alias `count` times, a few at once. */
  async traffic(functionName: string, count: number): Promise<void> {
    const invoke = new InvokeCommand({ FunctionName: functionName, Qualifier: 'live', Payload: Buffer.from('{}') });
    for (let done = 0; done < count; done += 5) {
      await Promise.all(Array.from({ length: 5 }, () => this.client.send(invoke)));
    }
  }

  /** Control-plane calls since the emulator started, by operation. */
  async calls(): Promise<Record<string, number>> {
    return (await (await fetch(`${this.url}/_emulator/calls/count`)).json()) as Record<string, number>;
  }

  /** Every call in full, oldest first; of one operation, or all. */
  async log(operation?: string): Promise<CallEntry[]> {
    const query = operation === undefined ? '' : `?operation=${operation}`;
    return (await (await fetch(`${this.url}/_emulator/calls${query}`)).json()) as CallEntry[];
  }

  async forgetCalls(): Promise<void> {
    await fetch(`${this.url}/_emulator/calls`, { method: 'DELETE' });
  }

  /** A rule as the emulator's admin endpoint takes it. */
  async fault(rule: Record<string, unknown>): Promise<void> {
    const answer = await fetch(`${this.url}/_emulator/faults`, { method: 'POST', body: JSON.stringify(rule) });
    if (!answer.ok) throw new Error(await answer.text());
  }

  async clearFaults(): Promise<void> {
    await fetch(`${this.url}/_emulator/faults`, { method: 'DELETE' });
  }

  async close(): Promise<void> {
    this.client.destroy();
    await this.emulator.close();
  }
}
