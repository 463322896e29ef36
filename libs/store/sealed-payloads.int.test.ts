import { randomBytes } from 'node:crypto';
import { createPlan } from '#rollout';
import { silentLogger } from '#runtime';
import { createDatabase, type TestDatabase } from '../../test/world/database.js';
import type { QueuePolicy } from './api.js';
import { createStore, type Store } from './store.js';

const payloads = [{ card: 'payload-canary-4711' }, null];
const key = randomBytes(32);
let database: TestDatabase;
let store: Store;
let targets = 0;

const open = (secretsKeys: Uint8Array[]) =>
  createStore({ databaseUrl: database.url, poolSize: 4, logger: silentLogger, secretsKeys });

beforeAll(async () => {
  database = await createDatabase();
  store = open([key]);
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

async function accepted(policy: QueuePolicy): Promise<string> {
  const plan = createPlan('canary');
  if (!plan.ok) throw new Error(plan.problem.message);
  const functionName = `fn${++targets}`;
  const address = { accountId: '0', region: 'us-east-1', functionName, aliasName: 'live' };
  const target = await store.targets.create('default', { name: functionName, ...address, policy, settings: {} });
  if (target === 'exists') throw new Error(target);
  const result = await store.deployments.accept({
    projectId: 'default',
    targetId: target.id,
    policy,
    artifactId: undefined,
    plan: plan.plan,
    request: {},
    probePayloads: payloads,
    requestedBy: 'ann',
    idempotency: undefined,
  });
  if (result.kind !== 'accepted') throw new Error(result.kind);
  return result.deploymentId;
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
  const stranger = open([randomBytes(32)]);
  try {
    expect(await stranger.deployments.probePayloads(id)).toBe('unreadable');
  } finally {
    await stranger.close();
  }
});
