import { silentLogger, systemClock } from '#runtime';
import { createStore } from '#store';
import { createAdapter } from './server.js';

test('slow and large requests meet limits: headers 15 s, a whole request 5 min, JSON 128 KB', async () => {
  const databaseUrl = 'postgres://nobody@127.0.0.1:1/none';
  const store = createStore({ databaseUrl, poolSize: 2, logger: silentLogger });
  const server = createAdapter({ store, logger: silentLogger, clock: systemClock }).getInstance();
  expect(server.server).toMatchObject({ headersTimeout: 15_000, requestTimeout: 300_000, keepAliveTimeout: 65_000 });
  expect(server.initialConfig).toMatchObject({ bodyLimit: 131_072 });
  await store.close();
});
