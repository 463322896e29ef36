import { readConfig, silentLogger } from '#runtime';
import { createStore } from '#store';
import { startWorker } from '../../apps/worker/start.js';
import { createInstantLambda } from './instant-lambda.js';

/**
 * The real worker as a process of its own, configured by the environment as ever, with a Lambda inside that knows every
 * seeded rollout: for killing it among a hundred thousand of them. It says `ready` when it is at work.
 */
const config = readConfig(process.env);
const databaseUrl = config.databaseUrl ?? '';
const lambda = createInstantLambda();
await startWorker(config, {
  store: createStore({ databaseUrl, poolSize: config.databasePoolSize, logger: silentLogger }),
  logger: silentLogger,
  databaseUrl,
  awsEndpointUrl: 'http://127.0.0.1:9',
  wrap: (parts) => ({ ...parts, lambda }),
});
process.stdout.write('ready\n');
