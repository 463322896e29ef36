import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import { createLambdaControl, type FunctionAddress, type LambdaControl } from '#aws';
import { createWakeQueue } from '#queue';
import { silentLogger, systemClock } from '#runtime';
import { type Clock, systemClock as emulatorClock } from '../../apps/emulator/clock.js';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';
import { startWakeWorker } from '../../libs/queue/contract.module.js';
import { untilConnected } from '../../libs/queue/wake-queue.contract.js';
import { createDatabase } from '../world/database.js';
import { type FreshStore, freshStore } from '../world/fresh-store.js';
import { claimQueueRedis, queueEngine } from '../world/queue-engine.js';
import { describeLambda } from './lambda.contract.js';
import { describeQueue } from './queue.contract.js';
import { describeStore } from './store.contract.js';

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
/** Longer than any test takes. */
const SETTLE_MS = 600_000;

describe('the store on Postgres', () => {
  let opened: FreshStore;
  afterAll(() => opened.close());

  describeStore(async () => {
    opened = await freshStore(4);
    const { store } = opened;
    return {
      deployments: store.deployments,
      highestVersion: store.highestVersion,
      events: store.events,
      target: async (functionName, aliasName) => {
        const address = { accountId: ACCOUNT, region: REGION, functionName, aliasName };
        const name = `${functionName}-${aliasName}`;
        const target = await store.targets.create('default', { ...address, name, policy: 'queue', settings: {} });
        if (target === 'exists') throw new Error('The target exists.');
        return target;
      },
      elapse: (milliseconds) => systemClock.sleep(milliseconds),
    };
  });
});

describe(`BullMQ on ${queueEngine}`, () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  describeQueue(async () => {
    const database = await createDatabase();
    const redis = claimQueueRedis();
    closing.push(() => database.drop());
    if (redis) closing.push(() => redis.clear());
    const where = { databaseUrl: database.url, redisUrl: redis?.url, ...(redis ? { prefix: redis.prefix } : {}) };
    const options = { ...where, logger: silentLogger };
    const queue = await createWakeQueue(options);
    closing.push(() => queue.close());
    await untilConnected(queue);
    return {
      queue,
      take: async (handle) => {
        const worker = await startWakeWorker({ ...options, concurrency: 1, handle });
        closing.push(() => worker.close());
      },
      until: async (holds) => {
        while (!holds()) await systemClock.sleep(10);
      },
      elapse: (milliseconds) => systemClock.sleep(milliseconds),
    };
  });
});

describe('the emulator through the SDK', () => {
  let emulator: Emulator;
  let client: LambdaClient;
  let lambda: LambdaControl;
  let made = 0;
  // What is in progress stays so until it is told to settle, however long the calls take.
  let aheadMs = 0;
  const clock: Clock = { ...emulatorClock, now: () => emulatorClock.now() + aheadMs };
  afterAll(async () => {
    client.destroy();
    lambda.close();
    await emulator.close();
  });

  describeLambda(async () => {
    emulator = await startEmulator({ port: 0, settleMs: SETTLE_MS, clock });
    const credentials = { accessKeyId: ACCOUNT, secretAccessKey: 'not-a-secret' };
    client = new LambdaClient({ endpoint: emulator.url, region: REGION, credentials });
    lambda = createLambdaControl({ endpoint: emulator.url, credentials });
    return { lambda, createFunction, newCode, settle };
  });

  function newCode(): Uint8Array {
    made += 1;
    const text = `export const handler = async () => ${made};\n`;
    return zipSync({ 'index.mjs': [strToU8(text), { mtime: '2020-01-01' }] });
  }

  async function createFunction(): Promise<FunctionAddress> {
    const ZipFile = newCode();
    const functionName = `fn-${made}`;
    const fn = { accountId: ACCOUNT, region: REGION, functionName };
    const role = `arn:aws:iam::${ACCOUNT}:role/demo`;
    const code = { Code: { ZipFile }, Handler: 'index.handler', Runtime: 'nodejs20.x', Role: role } as const;
    const Environment = { Variables: { COLOR: 'blue' } };
    await client.send(new CreateFunctionCommand({ ...code, FunctionName: functionName, Environment }));
    await settle(fn);
    await client.send(new PublishVersionCommand({ FunctionName: functionName }));
    await client.send(new CreateAliasCommand({ FunctionName: functionName, Name: 'live', FunctionVersion: '1' }));
    return fn;
  }

  async function settle({ functionName }: FunctionAddress): Promise<void> {
    aheadMs += SETTLE_MS;
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: functionName }));
    expect(Configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
  }
});
