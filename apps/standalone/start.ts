import { join } from 'node:path';
import { createWakeQueue } from '#queue';
import {
  type Clock,
  type Closable,
  type Config,
  ConfigError,
  closeAll,
  createRegistry,
  type Logger,
  startTracing,
} from '#runtime';
import { createStore, type Store } from '#store';
import { ensureBootstrapKey, startApi } from '../api/start.js';
import { startEmulator } from '../emulator/start.js';
import { startWorker } from '../worker/start.js';
import { claimDataFolder, readKeyFile, secretsKeyOf, writeKeyFile } from './data-folder.js';
import { startDemo } from './demo/start-demo.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { requireFreePort } from './ports.js';
import { StartProblem } from './problem.js';

/** Who the emulator says we are. */
const DEMO_REGION = 'us-east-1';
const DEMO_ACCOUNT = '000000000000';
/** The emulator shows a metric this long after the invocation. */
const DEMO_PUBLICATION_DELAY_MS = 1_000;
/** Publication delay, plus the three seconds that the demo function may take at most, plus one for good measure. */
const DEMO_METRICS_SETTLE_SECONDS = 5;
/** Everything together has this long to finish what it is doing when Sluice stops. */
const DRAIN_DEADLINE_MS = 10_000;

export interface StandaloneOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the example's code is. */
  readonly examplesDir: string;
  /** Stops a start that is under way; what had been started by then is closed again. */
  readonly signal: AbortSignal;
}

export interface Standalone {
  readonly url: string;
  readonly keyFile: string;
  /** Absent when Sluice was told to use AWS itself. */
  readonly emulatorUrl: string | undefined;
  /** Rejects when a part that everything rests on has ended by itself. */
  readonly broken: Promise<never>;
  close(): Promise<void>;
}

/** Starts everything in one process: what is not configured from outside is brought along. */
export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const opened: Closable[] = [];
  const close = () => closeAll(opened.splice(0), options.clock, options.logger, DRAIN_DEADLINE_MS);
  try {
    return { ...(await open(options, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(options: StandaloneOptions, opened: Closable[]): Promise<Omit<Standalone, 'close'>> {
  const { config, clock, logger, signal } = options;
  const folder = await claimDataFolder(config.dataDir);
  opened.push({ name: 'data folder', close: () => folder.close() });
  const traces = await startTracing('sluice', config.tracing, logger);
  if (traces) opened.push(traces);
  await requireFreePort(config.host, config.port, 'PORT');
  if (config.emulator.enabled) await requireFreePort(config.host, config.emulator.port, 'SLUICE_EMULATOR_PORT');

  // Both are awaited even if one fails: whatever has been opened must be known when it is closed again.
  const [databaseOutcome, emulatorOutcome] = await Promise.allSettled([
    openDatabase(options, folder.path, opened),
    config.emulator.enabled ? openEmulator(options, folder.path, opened) : undefined,
  ]);
  const database = resultOf(databaseOutcome);
  const emulator = resultOf(emulatorOutcome);
  signal.throwIfAborted();

  const store = createStore({
    databaseUrl: database.url,
    poolSize: config.databasePoolSize,
    logger,
    secretsKeys: config.secretsKeys.length > 0 ? config.secretsKeys : [secretsKeyOf(folder.path)],
  });
  opened.push({ name: 'store', close: () => store.close() });
  await store.migrate();
  const key = await openKey(store, config, folder.path);
  const queue = await createWakeQueue({ redisUrl: config.redisUrl, databaseUrl: database.url, logger });
  opened.push({ name: 'queue', close: () => queue.close() });
  signal.throwIfAborted();

  const registry = createRegistry();
  const api = await startApi(config, {
    registry,
    metricsPublic: config.metricsPublic,
    store,
    queue,
    logger,
    alarmTopics: config.alarmTopics,
    clock,
    lambdaEndpointUrl: emulator?.url ?? config.awsEndpointUrl,
  });
  opened.push({ name: 'api', close: () => api.close() });
  const worker = await startWorker(config, {
    registry,
    store,
    logger,
    clock,
    databaseUrl: database.url,
    awsEndpointUrl: emulator?.url ?? config.awsEndpointUrl,
    ...(emulator ? { metricsSettleSeconds: DEMO_METRICS_SETTLE_SECONDS } : {}),
  });
  opened.push({ name: 'worker', close: () => worker.close() });
  if (emulator) {
    const demo = await startDemo({
      apiUrl: api.url,
      apiKey: key.key,
      emulatorUrl: emulator.url,
      region: DEMO_REGION,
      accountId: DEMO_ACCOUNT,
      examplesDir: options.examplesDir,
      requestsPerSecond: config.demo.requestsPerSecond,
      clock,
    });
    opened.push({ name: 'demo', close: () => demo.close() });
  }
  signal.throwIfAborted();
  folder.announce(api.url);
  return { url: api.url, keyFile: key.file, emulatorUrl: emulator?.url, broken: database.broken };
}

async function openDatabase({ config, clock, signal }: StandaloneOptions, folder: string, opened: Closable[]) {
  const never = new Promise<never>(() => undefined);
  if (config.databaseUrl) return { url: config.databaseUrl, broken: never };
  const postgres = await startEmbeddedPostgres({ dataDir: folder, clock, durable: true, signal });
  let closing = false;
  opened.push({
    name: 'postgres',
    close() {
      closing = true;
      return postgres.close();
    },
  });
  const broken = postgres.ended.then(() => {
    if (closing) return never;
    throw new Error('The embedded Postgres has ended by itself. Start Sluice again: it recovers what was committed.');
  });
  // Whoever runs this standalone decides what a broken database means; until then it must not count as unhandled.
  broken.catch(() => undefined);
  return { url: postgres.url, broken };
}

async function openEmulator({ config }: StandaloneOptions, folder: string, opened: Closable[]) {
  const emulator = await startEmulator({
    host: config.host,
    port: config.emulator.port,
    dataDir: join(folder, 'emulator'),
    region: DEMO_REGION,
    accountId: DEMO_ACCOUNT,
    metricsPeriodSeconds: config.metricsPeriodSeconds,
    metricsPublicationDelayMs: DEMO_PUBLICATION_DELAY_MS,
  });
  opened.push({ name: 'emulator', close: () => emulator.close() });
  return emulator;
}

/** The given key, else the one in the data folder, else a new one; afterwards it works and is in the folder's file. */
async function openKey(store: Store, config: Config, folder: string): Promise<{ key: string; file: string }> {
  const kept = config.bootstrapApiKey === undefined ? readKeyFile(folder) : undefined;
  const { key } = await ensureBootstrapKey(store, config.bootstrapApiKey ?? kept).catch((error: unknown) => {
    if (kept === undefined || !(error instanceof ConfigError)) throw error;
    throw new StartProblem(
      `The key in ${join(folder, 'api-key')} is damaged. Delete that file; a new key is made at the next start.`,
    );
  });
  return { key, file: writeKeyFile(folder, key) };
}

function resultOf<T>(outcome: PromiseSettledResult<T>): T {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}
