import { readConfig, silentLogger } from '#runtime';
import { createStore } from '#store';
import { startWorker } from '../../apps/worker/start.js';
import { crashing, readCrashAt } from './crash-points.js';

/** The real worker as a process of its own that ends itself where it is told to, and says which points it passed. */
const [databaseUrl = '', awsEndpointUrl = '', crashAt = '', redisUrl = '', queuePrefix = ''] = process.argv.slice(2);

const store = createStore({ databaseUrl, poolSize: 5, logger: silentLogger });
const config = {
  ...readConfig({}),
  redisUrl: redisUrl || undefined,
  sweepSeconds: 1,
  metricsPeriodSeconds: 1,
  callBudget: { ordinaryPerSecond: 1000, rollbackPerSecond: 1000 },
};
await startWorker(config, {
  store,
  logger: silentLogger,
  databaseUrl,
  awsEndpointUrl,
  metricsSettleSeconds: 0.2,
  ...(queuePrefix ? { queuePrefix } : {}),
  wrap: (parts) =>
    crashing(parts, crashAt ? readCrashAt(crashAt) : undefined, (point) => process.stdout.write(`${point}\n`)),
});
process.stdout.write('ready\n');
