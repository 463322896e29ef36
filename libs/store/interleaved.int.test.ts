import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { queuedState, type RolloutEvent } from '#rollout';
import { systemClock } from '#runtime';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { accepted as accept, loaded, moved, newTarget, planOf, wishFor } from '../../test/world/rollouts.js';
import type { AcceptInput, DeploymentRow, TargetRow } from './api.js';
import type { Insert } from './deployments/insert.js';
import { insertsTogether } from './deployments/insert-together.js';
import { recordEvent } from './deployments/record.js';
import { startTogether } from './deployments/record-together.js';
import type { Store } from './store.js';

/** Statements that meet at their worst moment: each is held by a lock until the other has come to where it hurts. */
let opened: FreshStore;
let store: Store;

beforeAll(async () => {
  opened = await freshStore();
  store = opened.store;
});
afterAll(() => opened.close());

const load = (id: string) => loaded(store, id);
const accepted = (target: TargetRow, change?: Partial<AcceptInput>) => accept(store, wishFor(target, change));
const started = (row: DeploymentRow) => ({ type: 'Started', at: row.readAt }) as const;
const fails: RolloutEvent = { type: 'PreparationFailed', at: 2, reason: { code: 'update_failed', sentence: 'No.' } };
const cancels: RolloutEvent = { type: 'CancelRequested', at: 3, by: 'ann' };

const start = (row: DeploymentRow) =>
  store.deployments.start(row, started(row), moved(row.state, started(row)), 'test');
const record = (row: DeploymentRow, event: RolloutEvent) =>
  store.deployments.record(row, event, moved(row.state, event), { actor: 'test', nextAt: undefined });

async function preparing(target: TargetRow): Promise<DeploymentRow> {
  const row = await accepted(target);
  expect(await start(row)).toMatchObject({ kind: 'recorded' });
  return load(row.id);
}

/** A transaction that holds what `work` locks, for as long as the test likes. */
async function holding(work: (client: pg.PoolClient) => Promise<unknown>) {
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await work(client);
  return {
    async commit() {
      await client.query('COMMIT');
      client.release();
    },
  };
}

/** Resolves once so many statements of this database wait for a lock. */
async function waitersForLock(many = 1): Promise<void> {
  for (;;) {
    const { rows } = await store.pool.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.waiting ?? 0) >= many) return;
    await systemClock.sleep(5);
  }
}

test('a restore whose key turns out to be taken ends nothing: the rollout in its way goes on', async () => {
  const row = await preparing(await newTarget(store));
  const elsewhere = randomUUID();
  const holder = await holding((client) =>
    client.query(
      `INSERT INTO idempotency_keys (project_id, key, request_hash, deployment_id) VALUES ('default', 'twice', 'a', $1)`,
      [elsewhere],
    ),
  );
  const restoring = store.deployments.acceptRestore({
    projectId: 'default',
    targetId: row.target.id,
    version: '1',
    request: { restoreTo: '1' },
    requestedBy: 'ann',
    idempotency: { key: 'twice', requestHash: 'b' },
  });
  await waitersForLock();
  await holder.commit();
  expect(await restoring).toEqual({ kind: 'idempotency_conflict', deploymentId: elsewhere });
  expect(await load(row.id)).toMatchObject({ phase: 'preparing', sequence: row.sequence });
});

test('an end does not wake the next in line that ends in the same moment', async () => {
  const target = await newTarget(store);
  const first = await preparing(target);
  const second = await accepted(target);
  const holder = await holding((client) =>
    recordEvent(client, second, cancels, moved(second.state, cancels), { actor: 'ann', nextAt: undefined }),
  );
  const ending = record(first, fails);
  await waitersForLock();
  await holder.commit();
  expect(await ending).toMatchObject({ kind: 'recorded', woken: [] });
  expect(await load(second.id)).toMatchObject({ phase: 'cancelled', nextAt: undefined });
  const overdue = await store.deployments.overdue(0, 500);
  expect(overdue.map(({ deploymentId }) => deploymentId)).not.toContain(second.id);
});

test.each(['alone', 'together'])(
  'a start %s and the record that sets its function free do not wait for each other',
  async (how) => {
    const functionName = `shared-${how}`;
    const first = await preparing(await newTarget(store, { functionName }));
    const second = await accepted(await newTarget(store, { functionName }));
    await store.pool.query(
      `CREATE OR REPLACE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END';
     CREATE OR REPLACE TRIGGER pauses BEFORE INSERT ON function_locks FOR EACH ROW EXECUTE FUNCTION pause()`,
    );
    const holder = await holding((client) => client.query('SELECT pg_advisory_xact_lock(1)'));
    const event = started(second);
    const entry = { row: second, event, next: moved(second.state, event), actor: 'test' };
    const starting = how === 'alone' ? start(second) : startTogether(store.pool, [entry]);
    await Promise.race([starting, waitersForLock(1)]);
    const freeing = record(first, fails);
    await Promise.race([freeing, waitersForLock(2)]);
    await holder.commit();
    await store.pool.query('DROP TRIGGER pauses ON function_locks');
    expect(await freeing).toMatchObject({ kind: 'recorded' });
    await starting;
    if ((await load(second.id)).phase === 'queued')
      expect(await start(await load(second.id))).toMatchObject({ kind: 'recorded' });
  },
);

test('records that wait for rows somebody holds hold up no others', async () => {
  const [one, two, free] = await Promise.all([1, 2, 3].map(async () => preparing(await newTarget(store))));
  if (!one || !two || !free) throw new Error('There are three.');
  const holder = await holding((client) =>
    client.query('SELECT FROM deployments WHERE id = ANY ($1::uuid[]) FOR UPDATE', [[one.id, two.id]]),
  );
  const held = [record(one, fails), record(two, fails)];
  await waitersForLock(2);
  const ended: string[] = [];
  for (const one of held)
    void one.then(
      () => ended.push('held'),
      () => ended.push('held'),
    );
  await record(free, fails).then(() => ended.push('free'));
  expect(ended).toEqual(['free']);
  await holder.commit();
  expect(await Promise.all(held)).toMatchObject([{ kind: 'recorded' }, { kind: 'recorded' }]);
});

test('an accept that waits for a row somebody holds takes none of those with it that shared its statement', async () => {
  const targets = await Promise.all([1, 2, 3].map(() => newTarget(store)));
  const pool = new pg.Pool({ connectionString: opened.url, max: 4, lock_timeout: 300 });
  const insert = insertsTogether(pool);
  const holder = await holding((client) =>
    client.query('SELECT FROM targets WHERE id = $1 FOR UPDATE', [targets[1]?.id]),
  );
  const wanted = (target: TargetRow): Insert => ({
    id: randomUUID(),
    projectId: 'default',
    targetId: target.id,
    artifactId: undefined,
    kind: 'rollout',
    state: queuedState(planOf('canary'), 1),
    request: {},
    requestedBy: 'ann',
    idempotency: undefined,
    at: 1,
  });
  const order: number[] = [];
  const ended = async (nth: number, asked: Promise<unknown>) => asked.finally(() => order.push(nth));
  const answers = await Promise.allSettled(targets.map((target, nth) => ended(nth, insert(wanted(target)))));
  expect(order.at(-1)).toBe(1);
  await holder.commit();
  await pool.end();
  expect(answers).toMatchObject([
    { status: 'fulfilled', value: { kind: 'accepted' } },
    { status: 'rejected', reason: { code: '55P03' } },
    { status: 'fulfilled', value: { kind: 'accepted' } },
  ]);
});
