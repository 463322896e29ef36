import {
  CreateAliasCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import { createCloudWatchReader, createLogsReader } from '#aws';
import { systemClock } from '#runtime';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';
import { createCloudWatchEvidence } from './cloudwatch-evidence.js';
import { describeEvidenceSource, type SourceWorld } from './evidence-source.contract.js';
import type { EvidenceSource } from './evidence-source.js';
import { createLogsEvidence } from './logs-evidence.js';

const where = { accountId: '000000000000', region: 'us-east-1' };
const FunctionName = 'checkout';
const zip = (body: string) => zipSync({ 'index.mjs': strToU8(`export const handler = async () => { ${body} };`) });

type Format = 'JSON' | 'Text';

interface Traffic {
  readonly emulator: Emulator;
  readonly lambda: LambdaClient;
  readonly fromMs: number;
  readonly truth: SourceWorld['truth'];
}

/** Real invocations through a weighted alias: version 1 answers, version 2 throws. */
async function traffic(LogFormat: Format, SystemLogLevel?: 'INFO' | 'WARN'): Promise<Traffic> {
  const emulator = await startEmulator({
    port: 0,
    settleMs: 0,
    metricsPeriodSeconds: 1,
    metricsPublicationDelayMs: 0,
    seed: 7,
  });
  const credentials = { accessKeyId: where.accountId, secretAccessKey: 'any' };
  const lambda = new LambdaClient({ endpoint: emulator.url, region: where.region, credentials });
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: 'arn:aws:iam::000000000000:role/lambda',
      Runtime: 'nodejs20.x',
      Handler: 'index.handler',
      Code: { ZipFile: zip('console.log("a line of its own"); return "one"') },
      LoggingConfig: { LogFormat, ...(SystemLogLevel ? { SystemLogLevel } : {}) },
      Publish: true,
    }),
  );
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: zip('throw new Error("two")') }));
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  const RoutingConfig = { AdditionalVersionWeights: { 2: 0.5 } };
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1', RoutingConfig }));
  const fromMs = Math.floor(systemClock.now() / 1000) * 1000;
  const answered = { 1: 0, 2: 0 };
  for (let sent = 0; sent < 30; sent++) {
    const answer = await lambda.send(new InvokeCommand({ FunctionName, Qualifier: 'live' }));
    answered[answer.ExecutedVersion as '1' | '2'] += 1;
    if (sent === 15) await systemClock.sleep(1_100);
  }
  expect(answered[1] * answered[2]).toBeGreaterThan(0);
  // The last period ends, and half a second of settling passes.
  await systemClock.sleep(1_600);
  const truth = {
    stable: { invocations: answered[1], errors: 0 },
    canary: { invocations: answered[2], errors: answered[2] },
  };
  return { emulator, lambda, fromMs, truth };
}

const requestFrom = (fromMs: number) => ({
  ...where,
  functionName: FunctionName,
  alias: 'live',
  stableVersion: '1',
  canaryVersion: '2',
  fromMs,
  toMs: systemClock.now(),
  periodSeconds: 1,
  weightPercent: 50,
});

async function worldOf(
  format: Format,
  sourceAt: (endpoint: string, timeoutMs: number) => { source: EvidenceSource; close(): void },
): Promise<SourceWorld> {
  const { emulator, lambda, fromMs, truth } = await traffic(format);
  const opened: { close(): void }[] = [];
  const at = (endpoint: string, timeoutMs: number) => {
    const made = sourceAt(endpoint, timeoutMs);
    opened.push(made);
    return made.source;
  };
  const close = async () => {
    for (const one of opened) one.close();
    lambda.destroy();
    await emulator.close();
  };
  return { source: at(emulator.url, 10_000), request: requestFrom(fromMs), truth, at, close };
}

const settleSeconds = 0.5;

const logsAt = (textRuntime?: 'nodejs') => (endpoint: string, timeoutMs: number) => {
  const reader = createLogsReader({ endpoint });
  const runtime = textRuntime ? { textRuntime } : {};
  return { source: createLogsEvidence({ reader, settleSeconds, timeoutMs, ...runtime }), close: () => reader.close() };
};

describeEvidenceSource('the emulator’s CloudWatch', () =>
  worldOf('Text', (endpoint, timeoutMs) => {
    const reader = createCloudWatchReader({ endpoint });
    return { source: createCloudWatchEvidence({ reader, settleSeconds, timeoutMs }), close: () => reader.close() };
  }),
);
describeEvidenceSource('a function’s JSON log', () => worldOf('JSON', logsAt()));
describeEvidenceSource('a function’s plain text log', () => worldOf('Text', logsAt('nodejs')));

describe('a function’s log', () => {
  test.each([
    ['JSON', undefined],
    ['Text', 'nodejs'],
  ] as const)(
    'tells warm durations and cold starts apart, seconds after they ended (%s)',
    async (format, runtime) => {
      const { emulator, lambda, fromMs } = await traffic(format);
      const { source, close } = logsAt(runtime)(emulator.url, 10_000);
      const reading = await source.read({ ...requestFrom(fromMs), latencyThresholdsMs: [0] });
      const blocks = reading.ok ? reading.blocks : [];
      const sum = (count: (block: (typeof blocks)[number]) => number) =>
        blocks.reduce((total, block) => total + count(block), 0);
      const invocations = sum((block) => block.stable.invocations);
      const warm = sum((block) => block.stable.durationMs?.count ?? 0);
      expect(warm).toBe(invocations - 1);
      const starts = blocks.flatMap((block) => block.stable.initMs ?? []);
      expect(starts).toHaveLength(1);
      expect(starts[0]).toBeGreaterThan(0);
      expect(sum((block) => block.stable.durationMs?.above[0] ?? 0)).toBe(warm);
      close();
      lambda.destroy();
      await emulator.close();
    },
    30_000,
  );

  test('in plain text without a named runtime is refused: a thrown error could not be told from a success', async () => {
    const { emulator, lambda, fromMs } = await traffic('Text');
    const { source, close } = logsAt()(emulator.url, 10_000);
    expect(await source.read(requestFrom(fromMs))).toMatchObject({ ok: false, retry: 'never' });
    close();
    lambda.destroy();
    await emulator.close();
  }, 30_000);

  test('whose level hides successes is refused: every version would look broken', async () => {
    const { emulator, lambda, fromMs } = await traffic('JSON', 'WARN');
    const { source, close } = logsAt()(emulator.url, 10_000);
    const reading = await source.read(requestFrom(fromMs));
    expect(reading).toMatchObject({ ok: false, reason: expect.stringContaining('INFO') });
    close();
    lambda.destroy();
    await emulator.close();
  }, 30_000);
});
