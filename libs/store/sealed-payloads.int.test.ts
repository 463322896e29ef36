import { randomBytes } from 'node:crypto';
import { silentLogger } from '#runtime';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { accepted as accept, newTarget, wishFor } from '../../test/world/rollouts.js';
import type { QueuePolicy } from './api.js';
import { createStore, type Store } from './store.js';

const payloads = [{ card: 'payload-canary-4711' }, null];
const key = randomBytes(32);
let opened: FreshStore;
let store: Store;

beforeAll(async () => {
  opened = await freshStore(4, { secretsKeys: [key] });
  store = opened.store;
});
afterAll(() => opened.close());

async function accepted(policy: QueuePolicy): Promise<string> {
  const target = await newTarget(store, { policy });
  return (await accept(store, wishFor(target, { policy, probePayloads: payloads }))).id;
}

/** Everything the database holds of them. */
async function stored(): Promise<string> {
  const { rows } = await store.pool.query<{ text: string }>(
    `SELECT p::text AS text FROM probe_payloads p UNION ALL SELECT d::text FROM deployments d
     UNION ALL SELECT e::text FROM events e`,
  );
  return rows.map(({ text }) => text).join('\n');
}

test('payloads lie sealed in the database, whichever way a deployment was accepted, and come back as they were', async () => {
  const ids = await Promise.all([accepted('queue'), accepted('queue'), accepted('queue'), accepted('refuse')]);
  expect(await stored()).toContain('"sealed"');
  expect(await stored()).not.toContain('payload-canary');
  for (const id of ids) expect(await store.deployments.probePayloads(id)).toEqual(payloads);
});

test('payloads of a release that did not seal are read; a key that does not fit is told from none', async () => {
  const [id, unsealed] = [await accepted('queue'), await accepted('queue')];
  await store.pool.query('UPDATE probe_payloads SET payloads = $2 WHERE deployment_id = $1', [
    unsealed,
    JSON.stringify(payloads),
  ]);
  expect(await store.deployments.probePayloads(unsealed)).toEqual(payloads);
  const secretsKeys = [randomBytes(32)];
  const stranger = createStore({ databaseUrl: opened.url, poolSize: 4, logger: silentLogger, secretsKeys });
  try {
    expect(await stranger.deployments.probePayloads(id)).toBe('unreadable');
  } finally {
    await stranger.close();
  }
});
