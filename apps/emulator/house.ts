import { join } from 'node:path';
import { AdminFront, type LiveSettings } from './admin/admin-front.js';
import { type Clock, systemClock } from './clock.js';
import { AlarmStore } from './cloudwatch/alarm-store.js';
import { LambdaMetrics } from './cloudwatch/lambda-metrics.js';
import { MetricStore } from './cloudwatch/metric-store.js';
import { cloudWatchOperations } from './cloudwatch/operations.js';
import { hostPaths } from './config.js';
import { CallLog } from './faults/call-log.js';
import { FaultRules } from './faults/fault-rules.js';
import { RateLimiter } from './faults/rate-limiter.js';
import type { Services } from './lambda/call.js';
import { partitionOf } from './lambda/names.js';
import { fetchObject } from './lambda/s3-source.js';
import { LogStore } from './logs/log-store.js';
import { logOperations } from './logs/operations.js';
import { randomOf } from './random.js';
import { EventQueue } from './runtime/event-queue.js';
import { Invoker, servingSettings } from './runtime/invoker.js';
import { Launcher } from './runtime/launch.js';
import { ownerOf, Pool } from './runtime/pool.js';
import type { EmulatorOptions } from './start.js';
import { Downloads } from './wire/downloads.js';
import type { HttpReply, HttpRequest } from './wire/http.js';
import { LambdaFront } from './wire/lambda-front.js';
import { MonitoringFront } from './wire/monitoring-front.js';
import { CodeStore } from './world/code-store.js';
import type { FunctionRecord } from './world/records.js';
import { StateFile } from './world/state-file.js';
import { Store } from './world/store.js';

const REAP_EVERY_MS = 5000;
/** The shape of saved and exported state; another one is refused rather than guessed at. */
const FORMAT = 1;
const report = (error: unknown) => console.error('emulator fault:', error);

/** The emulator's parts, put together; see start.ts for what the options mean. */
export class House {
  private readonly clock: Clock;
  private readonly store: Store;
  private readonly codes: CodeStore;
  private readonly logs: LogStore;
  private readonly metrics: MetricStore;
  private readonly alarms: AlarmStore;
  private readonly pool: Pool;
  private readonly queue: EventQueue;
  private readonly invoker: Invoker;
  private readonly downloads: Downloads;
  private readonly faults = new FaultRules();
  private readonly calls = new CallLog();
  private readonly limiter: RateLimiter;
  private readonly lambda: LambdaFront;
  private readonly monitoring: MonitoringFront;
  private readonly admin: AdminFront | undefined;
  private readonly file: StateFile;
  private url = '';
  private settleMs: number;
  private stopReaping: () => void = () => undefined;

  constructor(
    private readonly options: EmulatorOptions,
    folder: string,
  ) {
    this.clock = options.clock ?? systemClock;
    const now = () => this.clock.now();
    this.settleMs = options.settleMs ?? 300;
    this.store = new Store(now);
    this.codes = new CodeStore(join(folder, 'code'));
    this.logs = new LogStore(this.clock);
    this.downloads = new Downloads(this.codes, this.faults, this.clock);
    this.limiter = new RateLimiter(options.controlPlaneRatePerSecond, this.clock);
    this.metrics = new MetricStore(
      {
        resolutionSeconds: options.metricsPeriodSeconds ?? 60,
        publicationDelayMs: options.metricsPublicationDelayMs ?? 1000,
      },
      this.clock,
    );
    this.alarms = new AlarmStore(this.metrics, this.clock);
    this.pool = this.buildPool(folder);
    this.invoker = this.buildInvoker();
    this.queue = new EventQueue(
      { retryDelaysMs: options.asyncRetryDelaysMs ?? [60_000, 120_000] },
      this.invoker,
      this.store,
      this.clock,
    );
    this.invoker.queue = this.queue;
    const fronts = this.buildFronts();
    this.lambda = fronts.lambda;
    this.monitoring = fronts.monitoring;
    this.admin = options.admin ? this.buildAdmin() : undefined;
    this.file = new StateFile(join(folder, 'state.json'), this.clock, () => this.snapshot());
    const saved = this.file.read();
    if (saved !== undefined) this.restore(saved);
  }

  open(url: string): void {
    this.url = url;
    const reap = () => {
      this.pool.reap();
      this.metrics.flush();
      this.stopReaping = this.clock.after(REAP_EVERY_MS, reap);
    };
    reap();
  }

  close(): void {
    this.stopReaping();
    this.queue.close();
    this.pool.close();
    this.file.flush();
  }

  async answer(request: HttpRequest): Promise<HttpReply> {
    return (
      (await this.downloads.handle(request)) ??
      this.admin?.handle(request) ??
      (await this.monitoring.handle(request)) ??
      this.lambda.handle(request)
    );
  }

  private buildPool(folder: string): Pool {
    const launcher = new Launcher(
      { ...hostPaths(), folder: join(folder, 'runtime'), endpoint: () => this.url },
      this.codes,
    );
    return new Pool(
      { maxEnvironments: this.options.maxEnvironments ?? 100, eagerEnvironments: 4, idleMs: 300_000 },
      launcher,
      this.clock,
    );
  }

  private get limits() {
    return { concurrentExecutions: this.options.concurrentExecutions ?? 1000, minimumUnreserved: 100 };
  }

  private buildInvoker(): Invoker {
    return new Invoker({
      store: this.store,
      pool: this.pool,
      clock: this.clock,
      logs: this.logs,
      metrics: new LambdaMetrics(this.metrics, this.clock),
      limits: this.limits,
      random: randomOf(this.options.seed),
    });
  }

  private buildServices(): Services {
    return {
      store: this.store,
      codes: this.codes,
      clock: this.clock,
      limits: this.limits,
      settleMs: () => this.settleMs,
      functionChanged: (fn) => this.retireFormer(fn),
      downloadLink: (call, key) => this.downloads.link(call.baseUrl, key),
      fetchObject: (bucket, key, version) => fetchObject(this.options.s3, this.clock.now(), bucket, key, version),
      invoke: (call) => this.invoker.invoke(call),
      invokeAsync: (call) => this.invoker.invokeAsync(call),
    };
  }

  private retireFormer(fn: FunctionRecord): void {
    const alive = this.store.find({ account: fn.account, region: fn.region }, fn.name) === fn;
    const versions = alive ? [fn.latest, ...Object.values(fn.versions)] : [];
    this.pool.retire(ownerOf(fn), new Set(versions.map(servingSettings)));
  }

  private buildFronts() {
    const common = {
      identity: {
        accountId: this.options.accountId ?? '000000000000',
        region: this.options.region ?? 'us-east-1',
        credentials: this.options.credentials ?? {},
      },
      faults: this.faults,
      calls: this.calls,
      clock: this.clock,
      report,
    };
    const watch = cloudWatchOperations(this.metrics, this.alarms, this.clock);
    return {
      lambda: new LambdaFront({
        ...common,
        services: this.buildServices(),
        limiter: this.limiter,
        rememberPast: this.options.admin ?? false,
        // A temporary folder is not read again, so nobody would gain from waiting for its disk.
        changed: () => (this.options.dataDir === undefined ? this.file.touch() : this.file.save()),
      }),
      monitoring: new MonitoringFront({
        ...common,
        services: {
          GraniteServiceVersion20100801: watch,
          '2010-08-01': watch,
          Logs_20140328: logOperations(this.logs),
          '2011-06-15': {
            GetCallerIdentity: (place, _input, caller) => ({
              Arn: `arn:${partitionOf(place.region)}:iam::${place.account}:user/${caller.accessKeyId}`,
              UserId: caller.accessKeyId,
              Account: place.account,
            }),
          },
        },
      }),
    };
  }

  private buildAdmin(): AdminFront {
    return new AdminFront({
      faults: this.faults,
      calls: this.calls,
      health: () => ({
        status: 'ok',
        environments: this.pool.environments,
        functions: Object.values(this.store.world.places).reduce((n, p) => n + Object.keys(p.functions).length, 0),
        pendingEvents: this.queue.pending,
      }),
      readSettings: () => this.readSettings(),
      changeSettings: (change) => this.changeSettings(change),
      deliveries: () => this.queue.deliveries,
      reset: () => this.reset(),
      exportState: () => this.exportState(),
      loadState: (state) => this.loadState(state),
    });
  }

  private readSettings(): LiveSettings {
    return {
      settleMs: this.settleMs,
      metricsPublicationDelayMs: this.metrics.settings.publicationDelayMs,
      controlPlaneRatePerSecond: this.limiter.ratePerSecond ?? null,
    };
  }

  private changeSettings(change: Partial<LiveSettings>): void {
    if (change.settleMs !== undefined) this.settleMs = change.settleMs;
    if (change.metricsPublicationDelayMs !== undefined)
      this.metrics.settings.publicationDelayMs = change.metricsPublicationDelayMs;
    if (change.controlPlaneRatePerSecond !== undefined)
      this.limiter.ratePerSecond = change.controlPlaneRatePerSecond ?? undefined;
  }

  private reset(): void {
    this.retireAll();
    this.store.reset();
    this.metrics.reset();
    this.alarms.reset();
    this.logs.reset();
    this.faults.clear();
    this.calls.clear();
    this.queue.deliveries.length = 0;
    this.file.touch();
  }

  private retireAll(): void {
    for (const place of Object.values(this.store.world.places))
      for (const fn of Object.values(place.functions)) this.pool.retire(ownerOf(fn), new Set());
  }

  private snapshot() {
    return { format: FORMAT, world: this.store.world, alarms: this.alarms.export() };
  }

  private restore(state: unknown): void {
    const { format, world, alarms } = state as Partial<ReturnType<House['snapshot']>>;
    if (format !== FORMAT || typeof world?.places !== 'object') throw new TypeError('This is not a saved state.');
    this.store.reset(world);
    this.alarms.import(alarms ?? []);
  }

  private exportState(): unknown {
    const code = Object.fromEntries(this.codes.keys().map((key) => [key, this.codes.get(key).toString('base64')]));
    return { ...this.snapshot(), code };
  }

  private loadState(state: unknown): void {
    const { code } = state as { code?: Record<string, string> };
    this.retireAll();
    this.restore(state);
    for (const bytes of Object.values(code ?? {})) this.codes.put(Buffer.from(bytes, 'base64'));
    this.file.touch();
  }
}
