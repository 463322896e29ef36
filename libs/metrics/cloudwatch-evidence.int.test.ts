import {
  CreateAliasCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import type { EvidenceBlock } from '#analysis';
import { createCloudWatchReader } from '#aws';
import { systemClock } from '#runtime';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';
import { createCloudWatchEvidence } from './cloudwatch-evidence.js';

const where = { accountId: '000000000000', region: 'us-east-1' };
const FunctionName = 'checkout';
const zip = (body: string) => zipSync({ 'index.mjs': strToU8(`export const handler = async () => { ${body} };`) });

let emulator: Emulator;
let lambda: LambdaClient;

beforeAll(async () => {
  emulator = await startEmulator({
    port: 0,
    settleMs: 0,
    metricsPeriodSeconds: 1,
    metricsPublicationDelayMs: 0,
    seed: 7,
  });
  const credentials = { accessKeyId: where.accountId, secretAccessKey: 'any' };
  lambda = new LambdaClient({ endpoint: emulator.url, region: where.region, credentials });
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: 'arn:aws:iam::000000000000:role/lambda',
      Runtime: 'nodejs20.x',
      Handler: 'index.handler',
      Code: { ZipFile: zip('return "one"') },
      Publish: true,
    }),
  );
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: zip('throw new Error("two")') }));
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  const RoutingConfig = { AdditionalVersionWeights: { 2: 0.5 } };
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1', RoutingConfig }));
});

afterAll(async () => {
  lambda.destroy();
  await emulator.close();
});

describe('evidence from the emulator’s CloudWatch', () => {
  it('counts each version’s invocations and errors through the alias, exactly, each of them once', async () => {
    const reader = createCloudWatchReader({ endpoint: emulator.url });
    const source = createCloudWatchEvidence({ reader, settleSeconds: 1 });
    const begin = systemClock.now();
    const answered = { 1: 0, 2: 0 };
    for (let sent = 0; sent < 30; sent++) {
      const answer = await lambda.send(new InvokeCommand({ FunctionName, Qualifier: 'live' }));
      answered[answer.ExecutedVersion as '1' | '2'] += 1;
    }
    // Traffic that does not come through the alias is not this rollout's.
    await lambda.send(new InvokeCommand({ FunctionName, Qualifier: '2' }));
    const end = systemClock.now();
    const blocks: EvidenceBlock[] = [];
    let fromMs = Math.floor(begin / 1000) * 1000;
    while (fromMs < end) {
      const request = { ...where, functionName: FunctionName, alias: 'live', stableVersion: '1', canaryVersion: '2' };
      const times = { fromMs, toMs: systemClock.now(), periodSeconds: 1, weightPercent: 50 };
      const reading = await source.read({ ...request, ...times });
      if (!reading.ok) throw new Error(reading.internal);
      blocks.push(...reading.blocks);
      fromMs = reading.readUntilMs;
      await systemClock.sleep(50);
    }
    const sum = (count: (block: EvidenceBlock) => number) => blocks.reduce((total, block) => total + count(block), 0);
    expect(answered[1] * answered[2]).toBeGreaterThan(0);
    expect(sum((block) => block.stable.invocations)).toBe(answered[1]);
    expect(sum((block) => block.canary.invocations)).toBe(answered[2]);
    expect(sum((block) => block.canary.errors)).toBe(answered[2]);
    expect(sum((block) => block.stable.errors)).toBe(0);
    expect(blocks.every((block, index) => index === 0 || block.startMs === blocks[index - 1]?.endMs)).toBe(true);
    reader.close();
  }, 20_000);

  it('says so when CloudWatch cannot be reached', async () => {
    const reader = createCloudWatchReader({ endpoint: 'http://127.0.0.1:1' });
    const source = createCloudWatchEvidence({ reader, settleSeconds: 0 });
    const request = { ...where, functionName: FunctionName, alias: 'live', stableVersion: '1', canaryVersion: '2' };
    const reading = await source.read({ ...request, fromMs: 0, toMs: 60_000, periodSeconds: 60, weightPercent: 50 });
    expect(reading).toMatchObject({ ok: false, retry: 'again' });
    reader.close();
  });
});
