import { createHash } from 'node:crypto';
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
import { createWakeQueue, type WakeQueue } from '#queue';
import { createPlan, nextWakeAt, type PlanOptions, type RolloutState, type StrategyInput, transition } from '#rollout';
import { type Config, type Logger, readConfig, silentLogger, systemClock } from '#runtime';
import { type AcceptInput, createStore, type DeploymentRow, type Store, type TargetRow } from '#store';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';
import { type RunningWorker, startWorker } from '../../apps/worker/start.js';
import { createDatabase, type TestDatabase } from '../world/database.js';
import type { claimQueueRedis } from '../world/queue-engine.js';

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';

export interface Wish {
  readonly code?: string;
  readonly strategy?: StrategyInput;
  readonly options?: PlanOptions;
  readonly request?: AcceptInput['request'];
  readonly policy?: AcceptInput['policy'];
}

type Act = Parameters<Store['deployments']['record']>[1];

/** A handler that answers with `body`, or fails with it. */
export function handlerCode(body: string, failing = false): string {
  const act = failing ? `throw new Error(${JSON.stringify(body)})` : `return ${JSON.stringify(body)}`;
  return `export const handler = async () => { ${act}; };\n`;
}

/** The real store, queue, worker and emulator in one process; what a test does not name is as in production. */
export class EngineWorld {
  private readonly workers: RunningWorker[] = [];
  private functions = 0;

  private constructor(
    readonly database: TestDatabase,
    readonly emulator: Emulator,
    readonly store: Store,
    readonly lambda: LambdaClient,
    /** As the API does it: a wake-up after every commit. */
    readonly queue: WakeQueue,
    private readonly redis: ReturnType<typeof claimQueueRedis>,
    private readonly logger: Logger,
  ) {}

  static async open(redis: ReturnType<typeof claimQueueRedis>, logger: Logger = silentLogger): Promise<EngineWorld> {
    const database = await createDatabase();
    const emulator = await startEmulator({
      port: 0,
      admin: true,
      settleMs: 50,
      metricsPeriodSeconds: 1,
      metricsPublicationDelayMs: 0,
    });
    const store = createStore({ databaseUrl: database.url, poolSize: 10, logger });
    await store.migrate();
    const credentials = { accessKeyId: ACCOUNT, secretAccessKey: 'not-a-secret' };
    const lambda = new LambdaClient({ endpoint: emulator.url, region: REGION, credentials });
    const queue = await createWakeQueue({
      databaseUrl: database.url,
      logger,
      redisUrl: redis?.url,
      ...(redis ? { prefix: redis.prefix } : {}),
    });
    return new EngineWorld(database, emulator, store, lambda, queue, redis, logger);
  }

  async startWorker(change: Partial<Config> = {}): Promise<RunningWorker> {
    const config: Config = {
      ...readConfig({}),
      redisUrl: this.redis?.url,
      sweepSeconds: 1,
      metricsPeriodSeconds: 1,
      callBudget: { ordinaryPerSecond: 1000, rollbackPerSecond: 1000 },
      ...change,
    };
    const worker = await startWorker(config, {
      store: this.store,
      logger: this.logger,
      databaseUrl: this.database.url,
      awsEndpointUrl: this.emulator.url,
      metricsSettleSeconds: 0.2,
      ...(this.redis ? { queuePrefix: this.redis.prefix } : {}),
    });
    this.workers.push(worker);
    return worker;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.close()));
  }

  /** A function with version 1 published, `live` pointing at it, and the target for it. */
  async target(code = handlerCode('v1')): Promise<TargetRow> {
    this.functions += 1;
    const functionName = `fn-${this.functions}`;
    await this.lambda.send(
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
    await this.lambda.send(new PublishVersionCommand({ FunctionName: functionName }));
    await this.lambda.send(new CreateAliasCommand({ FunctionName: functionName, Name: 'live', FunctionVersion: '1' }));
    const input = { name: functionName, accountId: ACCOUNT, region: REGION, functionName, aliasName: 'live' };
    const target = await this.store.targets.create('default', { ...input, policy: 'queue', settings: {} });
    if (target === 'exists') throw new Error('The target exists.');
    return target;
  }

  private async settled(functionName: string): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      const { Configuration } = await this.lambda.send(new GetFunctionCommand({ FunctionName: functionName }));
      if (Configuration?.State === 'Active' && Configuration.LastUpdateStatus === 'Successful') return;
      await systemClock.sleep(20);
    }
    throw new Error(`${functionName} did not settle.`);
  }

  async artifact(code: string): Promise<string> {
    const bytes = zip(code);
    const created = await this.store.artifacts.create('default', { kind: 'zip', sha256: undefined, storage: {} });
    await this.store.artifacts.appendChunk(created.id, 0, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return (await this.store.artifacts.complete(created.id, sha256, bytes.length)).id;
  }

  async deploy(target: TargetRow, wish: Wish): Promise<string> {
    const result = createPlan(wish.strategy ?? 'all-at-once', { watchSeconds: 0.3, ...wish.options });
    if (!result.ok) throw new Error(result.problem.message);
    const accepted = await this.store.deployments.accept({
      projectId: 'default',
      targetId: target.id,
      policy: wish.policy ?? 'queue',
      artifactId: wish.code === undefined ? undefined : await this.artifact(wish.code),
      plan: result.plan,
      request: wish.request ?? {},
      requestedBy: 'test',
      idempotency: undefined,
    });
    if (accepted.kind !== 'accepted') throw new Error(accepted.kind);
    this.wake(accepted.deploymentId, accepted.sequence);
    return accepted.deploymentId;
  }

  async restore(target: TargetRow, version: string): Promise<string> {
    const accepted = await this.store.deployments.acceptRestore({
      projectId: 'default',
      targetId: target.id,
      version,
      request: { restoreTo: version },
      requestedBy: 'test',
      idempotency: undefined,
    });
    if (accepted.kind !== 'accepted') throw new Error(accepted.kind);
    this.wake(accepted.deploymentId, accepted.sequence);
    return accepted.deploymentId;
  }

  async alias(target: TargetRow) {
    const answer = await this.lambda.send(new GetAliasCommand({ FunctionName: target.functionName, Name: 'live' }));
    return { version: answer.FunctionVersion, weights: answer.RoutingConfig?.AdditionalVersionWeights ?? {} };
  }

  async reading(target: TargetRow, version: string) {
    const wanted = { FunctionName: target.functionName, Qualifier: version };
    return (await this.lambda.send(new GetFunctionCommand(wanted))).Configuration;
  }

  /** Invokes through the alias `count` times, a few at once. */
  async traffic(target: TargetRow, count: number): Promise<void> {
    const invoke = new InvokeCommand({
      FunctionName: target.functionName,
      Qualifier: 'live',
      Payload: Buffer.from('{}'),
    });
    for (let done = 0; done < count; done += 5) {
      await Promise.all(Array.from({ length: 5 }, () => this.lambda.send(invoke)));
    }
  }

  /** Keeps invoking until `stop` is called. */
  steadyTraffic(target: TargetRow): { stop(): Promise<void> } {
    let going = true;
    const loop = (async () => {
      while (going) await this.traffic(target, 5);
    })();
    return {
      async stop() {
        going = false;
        await loop;
      },
    };
  }

  async row(id: string): Promise<DeploymentRow> {
    const row = await this.store.deployments.load(id);
    if (!row) throw new Error('There is no such deployment.');
    return row;
  }

  /** Resolves when the state is as wanted; throws when it ends otherwise or takes too long. */
  async until(id: string, wanted: (state: RolloutState) => boolean, withinMs = 20_000): Promise<DeploymentRow> {
    const start = systemClock.monotonic();
    for (;;) {
      const row = await this.row(id);
      if (wanted(row.state)) return row;
      const late = systemClock.monotonic() - start > withinMs;
      if (late || row.endedAt !== undefined) throw new Error(`It is ${JSON.stringify(row.state, undefined, 1)}`);
      await systemClock.sleep(15);
    }
  }

  async act(id: string, decide: (row: DeploymentRow) => Act): Promise<void> {
    for (;;) {
      const row = await this.row(id);
      const event = decide(row);
      const next = transition(row.state, event);
      if (next.kind !== 'moved') throw new Error(JSON.stringify(next));
      const options = { actor: 'test', nextAt: nextWakeAt(next.state, row.readAt) };
      const recorded = await this.store.deployments.record(row, event, next.state, options);
      if (recorded.kind === 'recorded') return this.wake(id, recorded.sequence);
    }
  }

  private wake(deploymentId: string, sequence: number): void {
    this.queue.add({ deploymentId, sequence, delayMs: 0 }).catch(() => undefined);
  }

  /** Control-plane calls since the emulator started, by operation. */
  async calls(): Promise<Record<string, number>> {
    const answer = await fetch(`${this.emulator.url}/_emulator/calls/count`);
    return (await answer.json()) as Record<string, number>;
  }

  async forgetCalls(): Promise<void> {
    await fetch(`${this.emulator.url}/_emulator/calls`, { method: 'DELETE' });
  }

  /** A rule as the emulator's admin endpoint takes it. */
  async fault(rule: Record<string, unknown>): Promise<void> {
    const body = JSON.stringify(rule);
    const answer = await fetch(`${this.emulator.url}/_emulator/faults`, { method: 'POST', body });
    if (!answer.ok) throw new Error(await answer.text());
  }

  /** What a worker in another process needs to find this world. */
  places() {
    return { databaseUrl: this.database.url, endpoint: this.emulator.url, redis: this.redis };
  }

  /** Alias writes that took effect since the emulator started. */
  async aliasWrites(): Promise<number> {
    const answer = await fetch(`${this.emulator.url}/_emulator/calls?operation=UpdateAlias`);
    const calls = (await answer.json()) as { outcome: string }[];
    return calls.filter(({ outcome }) => outcome === 'ok').length;
  }

  async clearFaults(): Promise<void> {
    await fetch(`${this.emulator.url}/_emulator/faults`, { method: 'DELETE' });
  }

  /** Published version numbers, oldest first. */
  async versions(target: TargetRow): Promise<string[]> {
    const answer = await this.lambda.send(new ListVersionsByFunctionCommand({ FunctionName: target.functionName }));
    return (answer.Versions ?? []).flatMap(({ Version }) => (Version && Version !== '$LATEST' ? [Version] : []));
  }

  /** Every wake-up is gone, as after a FLUSHALL. */
  async wipeQueue(): Promise<void> {
    if (this.redis) return this.redis.clear();
    const schemas = await this.store.pool.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname LIKE '%queue' AND tablename LIKE '%job%'`,
    );
    for (const { name } of schemas.rows) await this.store.pool.query(`DELETE FROM ${name}`);
  }

  async untilQueueIsQuiet(): Promise<void> {
    for (;;) {
      const { waiting, active } = await this.queue.counts();
      if (waiting + active === 0) return;
      await systemClock.sleep(20);
    }
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    await this.queue.close();
    await this.redis?.clear();
    await this.store.close();
    this.lambda.destroy();
    await this.emulator.close();
    await this.database.drop();
  }
}

function zip(code: string): Buffer {
  return Buffer.from(zipSync({ 'index.mjs': [strToU8(code), { mtime: '2020-01-01' }] }));
}
