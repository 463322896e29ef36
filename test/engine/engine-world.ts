import { createHash } from 'node:crypto';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { createWakeQueue, type WakeQueue } from '#queue';
import { nextWakeAt, type PlanOptions, type ProbePlan, type RolloutState, type StrategyInput } from '#rollout';
import { type Config, type Logger, readConfig, silentLogger, systemClock } from '#runtime';
import { type AcceptInput, createStore, type DeploymentRow, type Store, type TargetRow } from '#store';
import type { EmulatorOptions } from '../../apps/emulator/start.js';
import type { WorkerOptions } from '../../apps/worker/assemble.js';
import { type RunningWorker, startWorker } from '../../apps/worker/start.js';
import { createDatabase, type TestDatabase } from '../world/database.js';
import { ACCOUNT, EmulatedLambda, handlerCode, REGION, zip } from '../world/emulated-lambda.js';
import type { claimQueueRedis } from '../world/queue-engine.js';
import { loaded, moved, planOf } from '../world/rollouts.js';

export { handlerCode };

export interface Wish {
  readonly code?: string;
  readonly strategy?: StrategyInput;
  readonly options?: PlanOptions;
  readonly request?: AcceptInput['request'];
  readonly policy?: AcceptInput['policy'];
  readonly probes?: { readonly plan?: Partial<ProbePlan>; readonly payloads?: readonly unknown[] };
}

/** What a world finds when it begins, where that is not nothing. */
export interface Given {
  /** How the emulator differs from what most tests want, such as a folder that outlives the world. */
  readonly emulator?: Partial<EmulatorOptions>;
  /** Puts something into the database before today's migrations are applied. */
  readonly fill?: (databaseUrl: string) => Promise<void>;
}

const plainProbes = { compare: 'outcome', timeoutSeconds: 10, deadlineSeconds: 60, onInconclusive: 'fail' } as const;

type Act = Parameters<Store['deployments']['record']>[1];

/** The real store, queue, worker and emulator in one process; what a test does not name is as in production. */
export class EngineWorld {
  private readonly workers: RunningWorker[] = [];

  private constructor(
    readonly database: TestDatabase,
    private readonly aws: EmulatedLambda,
    readonly store: Store,
    /** As the API does it: a wake-up after every commit. */
    readonly queue: WakeQueue,
    private readonly redis: ReturnType<typeof claimQueueRedis>,
    private readonly logger: Logger,
  ) {}

  static async open(
    redis: ReturnType<typeof claimQueueRedis>,
    logger: Logger = silentLogger,
    given: Given = {},
  ): Promise<EngineWorld> {
    const database = await createDatabase();
    await given.fill?.(database.url);
    const aws = await EmulatedLambda.start(given.emulator);
    const store = createStore({ databaseUrl: database.url, poolSize: 10, logger });
    await store.migrate();
    const queue = await createWakeQueue({
      databaseUrl: database.url,
      logger,
      redisUrl: redis?.url,
      ...(redis ? { prefix: redis.prefix } : {}),
    });
    return new EngineWorld(database, aws, store, queue, redis, logger);
  }

  get emulator() {
    return this.aws.emulator;
  }

  get lambda(): LambdaClient {
    return this.aws.client;
  }

  async startWorker(
    change: Partial<Config> = {},
    more: Partial<Pick<WorkerOptions, 'registry' | 'wrap' | 'store'>> = {},
  ): Promise<RunningWorker> {
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
      ...more,
      ...(this.redis ? { queuePrefix: this.redis.prefix } : {}),
    });
    this.workers.push(worker);
    return worker;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.close()));
  }

  /** A function with version 1 published, `live` pointing at it, and the target for it. */
  async target(
    code = handlerCode('v1'),
    name?: string,
    settings: object = { probes: { safe: true } },
  ): Promise<TargetRow> {
    const functionName = await this.aws.newFunction(code, name);
    const input = { name: functionName, accountId: ACCOUNT, region: REGION, functionName, aliasName: 'live' };
    const target = await this.store.targets.create('default', { ...input, policy: 'queue', settings: { ...settings } });
    if (target === 'exists') throw new Error('The target exists.');
    return target;
  }

  async artifact(code: string): Promise<string> {
    const bytes = zip(code);
    const created = await this.store.artifacts.create('default', { kind: 'zip', sha256: undefined, storage: {} });
    await this.store.artifacts.appendChunk(created.id, 0, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return (await this.store.artifacts.complete(created.id, sha256, bytes.length)).id;
  }

  async deploy(target: TargetRow, wish: Wish): Promise<string> {
    const plan = planOf(wish.strategy ?? 'all-at-once', { watchSeconds: 0.3, ...wish.options });
    const accepted = await this.store.deployments.accept({
      projectId: 'default',
      targetId: target.id,
      policy: wish.policy ?? 'queue',
      artifactId: wish.code === undefined ? undefined : await this.artifact(wish.code),
      plan: wish.probes
        ? {
            ...plan,
            probes: { ...plainProbes, payloads: wish.probes.payloads?.length ?? 20, ...wish.probes.plan },
          }
        : plan,
      probePayloads: wish.probes?.payloads,
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

  alias(target: TargetRow) {
    return this.aws.alias(target.functionName);
  }

  reading(target: TargetRow, version: string) {
    return this.aws.reading(target.functionName, version);
  }

  /** Invokes through the alias `count` times, a few at once. */
  traffic(target: TargetRow, count: number): Promise<void> {
    return this.aws.traffic(target.functionName, count);
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

  row(id: string): Promise<DeploymentRow> {
    return loaded(this.store, id);
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
      const next = moved(row.state, event);
      const options = { actor: 'test', nextAt: nextWakeAt(next, row.readAt) };
      const recorded = await this.store.deployments.record(row, event, next, options);
      if (recorded.kind === 'recorded') return this.wake(id, recorded.sequence);
    }
  }

  private wake(deploymentId: string, sequence: number): void {
    this.queue.add({ deploymentId, sequence, delayMs: 0 }).catch(() => undefined);
  }

  /** Control-plane calls since the emulator started, by operation. */
  calls(): Promise<Record<string, number>> {
    return this.aws.calls();
  }

  forgetCalls(): Promise<void> {
    return this.aws.forgetCalls();
  }

  /** A rule as the emulator's admin endpoint takes it. */
  fault(rule: Record<string, unknown>): Promise<void> {
    return this.aws.fault(rule);
  }

  /** How often the rules for an operation have hit a call. */
  async hits(operation: string): Promise<number> {
    const answer = await fetch(`${this.emulator.url}/_emulator/faults`);
    const rules = (await answer.json()) as { operation?: string; hits: number }[];
    return rules.filter((rule) => rule.operation === operation).reduce((sum, rule) => sum + rule.hits, 0);
  }

  /** What a worker in another process needs to find this world. */
  places() {
    return { databaseUrl: this.database.url, endpoint: this.emulator.url, redis: this.redis };
  }

  /** Alias writes that took effect since the emulator started. */
  async aliasWrites(): Promise<number> {
    return (await this.aws.log('UpdateAlias')).filter(({ outcome }) => outcome === 'ok').length;
  }

  /** When calls of an operation arrived, milliseconds, oldest first. */
  async callTimes(operation: string): Promise<number[]> {
    return (await this.aws.log(operation)).map(({ at }) => at);
  }

  clearFaults(): Promise<void> {
    return this.aws.clearFaults();
  }

  /** Published version numbers, oldest first. */
  versions(target: TargetRow): Promise<string[]> {
    return this.aws.versions(target.functionName);
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
    await this.aws.close();
    await this.database.drop();
  }
}
