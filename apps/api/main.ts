import { createWakeQueue } from '#queue';
import { type Closable, ConfigError, closeAll, createLogger, readConfig, startTracing, systemClock } from '#runtime';
import { createStore } from '#store';
import { ensureBootstrapKey, startApi } from './start.js';

const NO_SECRETS_KEY =
  'SLUICE_SECRETS_KEY is not set: values of environment variables and payloads of probes lie readable in the database until they have been used. Set the same key for API and worker.';

/** The API as a process of its own: settings from the environment, ended by SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const config = readConfig();
  if (!config.databaseUrl)
    throw new ConfigError('DATABASE_URL must name the Postgres database; npm start brings its own.');
  const logger = createLogger({ level: config.logLevel, name: 'sluice-api' });
  const { databaseUrl, redisUrl } = config;
  const opened: Closable[] = [];
  let ending: Promise<void> | undefined;
  const end = () => {
    ending ??= closeAll(opened, systemClock, logger);
    return ending;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end().then(() => process.exit(0)));
  try {
    const traces = await startTracing('sluice-api', config.tracing, logger);
    if (traces) opened.push(traces);
    const { secretsKeys } = config;
    if (secretsKeys.length === 0) logger.warn({}, NO_SECRETS_KEY);
    const store = createStore({ databaseUrl, poolSize: config.databasePoolSize, logger, secretsKeys });
    opened.push({ name: 'store', close: () => store.close() });
    await store.migrate().catch((error: Error) => {
      throw new ConfigError(`The database that DATABASE_URL names cannot be used: ${error.message}`);
    });
    if (config.bootstrapApiKey !== undefined) await ensureBootstrapKey(store, config.bootstrapApiKey);
    const queue = await createWakeQueue({ databaseUrl, redisUrl, logger });
    opened.push({ name: 'queue', close: () => queue.close() });
    const api = await startApi(config, {
      store,
      queue,
      logger,
      alarmTopics: config.alarmTopics,
      clock: systemClock,
      lambdaEndpointUrl: config.awsEndpointUrl,
      metricsPublic: config.metricsPublic,
    });
    opened.push({ name: 'api', close: () => api.close() });
    logger.info({ url: api.url }, 'The API is listening.');
  } catch (error) {
    await end();
    throw error;
  }
}

main().catch((error: unknown) => {
  const sentence = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The API could not start: ${sentence}\n`);
  process.exitCode = 1;
});
