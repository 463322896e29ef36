import {
  type Closable,
  ConfigError,
  closeAll,
  createLogger,
  createRegistry,
  readConfig,
  startTracing,
  systemClock,
} from '#runtime';
import { createStore } from '#store';
import { startWorker } from './start.js';
import { openWorkerEndpoint } from './telemetry/endpoint.js';

/** The worker as a process of its own: `DATABASE_URL`, `REDIS_URL` and the AWS SDK's own settings say where. */
async function main(): Promise<void> {
  const config = readConfig();
  if (!config.databaseUrl) {
    throw new ConfigError('DATABASE_URL is not set: the worker needs the database of the API it works for.');
  }
  const logger = createLogger({ level: config.logLevel, name: 'sluice-worker' });
  const traces = await startTracing('sluice-worker', config.tracing, logger);
  const { databaseUrl, secretsKeys } = config;
  const store = createStore({ databaseUrl, poolSize: config.databasePoolSize, logger, secretsKeys });
  await store.migrate();
  const registry = createRegistry();
  const worker = await startWorker(config, {
    registry,
    store,
    logger,
    clock: systemClock,
    databaseUrl,
    awsEndpointUrl: config.awsEndpointUrl,
  });
  const endpoint =
    config.workerPort === undefined
      ? undefined
      : await openWorkerEndpoint({ host: config.host, port: config.workerPort }, worker, registry);
  logger.info(endpoint ? { url: endpoint.url } : {}, 'The worker is running.');
  const opened: Closable[] = [
    { name: 'traces', close: async () => traces?.close() },
    { name: 'store', close: () => store.close() },
    { name: 'endpoint', close: async () => endpoint?.close() },
    { name: 'worker', close: () => worker.close() },
  ];
  const stop = async (signal: string) => {
    logger.info({ signal }, 'The worker is stopping.');
    await closeAll(opened, systemClock, logger);
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
