import { randomUUID } from 'node:crypto';
import type { RolloutEvent } from '#rollout';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { accepted, loaded, moved, newTarget, wishFor } from '../../test/world/rollouts.js';
import type { DeploymentRow } from './api.js';
import type { Store } from './store.js';

/** Enough rows that reading a table of them would show, and none that the planner was told of. */
const OTHERS = 10_000;
const TOGETHER = 12;

let opened: FreshStore;
let store: Store;

beforeAll(async () => {
  opened = await freshStore(4);
  store = opened.store;
  await store.pool.query('ALTER TABLE deployments SET (autovacuum_enabled = false)');
  await store.pool.query('ALTER TABLE idempotency_keys SET (autovacuum_enabled = false)');
  await store.pool.query('ALTER TABLE call_budgets SET (autovacuum_enabled = false)');
});
afterAll(() => opened.close());

/** Rows that were read by reading their whole table, since the database began. */
async function readWhole(): Promise<Record<string, number>> {
  // A connection that has done something says so to the statistics when it is told to, or a second later.
  const clients = await Promise.all(Array.from({ length: 4 }, () => store.pool.connect()));
  for (const client of clients) {
    await client.query('SELECT pg_stat_force_next_flush()');
    await client.query('SELECT 1');
  }
  for (const client of clients) client.release();
  const { rows } = await store.pool.query<{ name: string; read: number }>(
    `SELECT relname AS name, seq_tup_read::int AS read FROM pg_stat_user_tables
     WHERE relname IN ('deployments', 'idempotency_keys', 'call_budgets') ORDER BY relname`,
  );
  return Object.fromEntries(rows.map(({ name, read }) => [name, read]));
}

async function wishes(): Promise<DeploymentRow[]> {
  const targets = [];
  for (let index = 0; index < TOGETHER; index += 1) targets.push(await newTarget(store));
  return Promise.all(
    targets.map((target) => {
      const key = randomUUID();
      return accepted(store, wishFor(target, { idempotency: { key, requestHash: key } }));
    }),
  );
}

function facts(rows: readonly { readonly id: string; readonly target: { readonly id: string } }[]) {
  return Promise.all(
    rows.map(({ id, target }) =>
      store.deployments.acceptFacts({
        projectId: 'default',
        target: { id: target.id },
        artifactId: undefined,
        idempotencyKey: id,
      }),
    ),
  );
}

function slots() {
  const lanes = [{ lane: 'ordinary', spacingMs: 1 }] as const;
  return Promise.all(
    Array.from({ length: TOGETHER }, (_, n) =>
      store.callBudget.reserve({ accountId: `${n}`.padStart(12, '0'), region: 'eu-west-1' }, lanes, 1, 60_000),
    ),
  );
}

async function walk(rows: readonly DeploymentRow[]): Promise<void> {
  const begun = await Promise.all(
    rows.map(async (row) => {
      const event = { type: 'Started', at: row.readAt } as const;
      await store.deployments.start(row, event, moved(row.state, event), 'test');
      return loaded(store, row.id);
    }),
  );
  const failed: RolloutEvent = {
    type: 'PreparationFailed',
    at: 2,
    reason: { code: 'update_failed', sentence: 'No.' },
  };
  await Promise.all(begun.map((row) => store.deployments.rearm(row, row.readAt + 1_000)));
  await Promise.all(
    begun.map((row) =>
      store.deployments.record(row, failed, moved(row.state, failed), { actor: 'test', nextAt: undefined }),
    ),
  );
}

/** More than the planner tries before it keeps a plan, on each connection. */
const ROUNDS = 12;

async function fill(): Promise<void> {
  const one = await accepted(store, wishFor(await newTarget(store)));
  await store.pool.query(
    `INSERT INTO deployments (id, project_id, target_id, kind, phase, sequence, state, requested_by, last_hash, ended_at)
     SELECT gen_random_uuid(), 'default', target_id, kind, 'failed', 1, state, 'others', '', clock_timestamp()
     FROM deployments, generate_series(1, $2) WHERE id = $1`,
    [one.id, OTHERS],
  );
  await store.pool.query(
    `INSERT INTO idempotency_keys (project_id, key, request_hash, deployment_id)
     SELECT 'default', id::text, '', id FROM deployments WHERE requested_by = 'others'`,
  );
  await store.pool.query(
    `INSERT INTO call_budgets (account_id, region, lane, next_slot)
     SELECT n, 'eu-west-1', 'ordinary', clock_timestamp() FROM generate_series(1, $1) n`,
    [OTHERS],
  );
}

test('statements that several share find their rows by key, whatever the planner believes of the tables', async () => {
  const nobody = Array.from({ length: TOGETHER }, () => ({ id: randomUUID(), target: { id: randomUUID() } }));
  for (let round = 0; round < ROUNDS; round += 1) await facts(nobody);
  await fill();
  const everything = async () => {
    const rows = await wishes();
    await facts(rows);
    await walk(rows);
    await slots();
  };
  for (let round = 0; round < ROUNDS; round += 1) await everything();
  const before = await readWhole();
  for (let round = 0; round < 3; round += 1) await everything();
  expect(await readWhole()).toEqual(before);
});
