import { randomUUID } from 'node:crypto';
import { silentLogger } from '#runtime';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { newTarget, wishFor } from '../../test/world/rollouts.js';
import type { AcceptInput, AcceptResult, TargetRow } from './api.js';
import { verifyChain } from './events.js';
import { createStore, type Store } from './store.js';

let opened: FreshStore;
let store: Store;
let target: TargetRow;
/** What was sent to the database through the pool, by the name of its prepared statement. */
let sent: string[];

beforeAll(async () => {
  opened = await freshStore();
  store = opened.store;
  target = await newTarget(store, { name: 'checkout', settings: { strategy: 'canary' } });
  const query = store.pool.query.bind(store.pool) as (...args: unknown[]) => unknown;
  store.pool.query = ((first: { name?: string }, ...rest: unknown[]) => {
    sent.push(first.name ?? String(first));
    return query(first, ...rest);
  }) as never;
});
beforeEach(() => {
  sent = [];
});
afterAll(() => opened.close());

function wish(change: Partial<AcceptInput> = {}): AcceptInput {
  return wishFor(target, {
    request: { message: 'It’s “done”\n\\ \u{1f680}' },
    idempotency: { key: randomUUID(), requestHash: 'a' },
    at: 1_700_000_000_000,
    ...change,
  });
}

const accept = (input: AcceptInput) => store.deployments.accept(input);
const idOf = (result: AcceptResult) => ('deploymentId' in result ? result.deploymentId : result.kind);
const together = () => sent.filter((name) => name === 'sluice_accept_together').length;

test('accepts of one moment share a statement, and each is written whole', async () => {
  const probed = wish({ probePayloads: [{ ping: 1 }], idempotency: undefined, traceParent: '00-trace' });
  const results = await Promise.all([...Array.from({ length: 19 }, () => wish()), probed].map(accept));
  expect(sent).toEqual(['sluice_accept_together']);
  expect(new Set(results.map(idOf)).size).toBe(20);
  for (const result of results) {
    if (result.kind !== 'accepted' || !result.row) throw new Error(result.kind);
    const { target: _, readAt, ...loaded } = (await store.deployments.load(result.deploymentId)) ?? fail();
    const { readAt: writtenAt, ...written } = result.row;
    expect({ ...written, nextAt: 0 }).toEqual({ ...loaded, nextAt: 0, traceParent: undefined });
    expect(loaded.nextAt).toBeGreaterThanOrEqual(written.createdAt);
    const events = await store.events.after(result.deploymentId, 0, 10);
    expect(events).toMatchObject([{ seq: 1, type: 'Accepted', actor: 'ann' }]);
    expect(verifyChain(events)).toEqual({ ok: true });
  }
  const last = idOf(results[19] as AcceptResult);
  expect(await store.deployments.probePayloads(last)).toEqual([{ ping: 1 }]);
  expect(await store.deployments.load(last)).toMatchObject({ traceParent: '00-trace' });
  expect(await store.deployments.probePayloads(idOf(results[0] as AcceptResult))).toBeUndefined();
});

test('one that the database refuses does not take the others of its moment with it', async () => {
  const bad = wish({ artifactId: randomUUID() });
  const results = await Promise.allSettled([wish(), bad, wish()].map(accept));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(together()).toBe(1);
  // Nothing of it was kept: its key is free.
  const again = await accept({ ...bad, artifactId: undefined });
  expect(again.kind).toBe('accepted');
});

test('a known key, a key that comes twice and new keys each get their own answer from one moment', async () => {
  const known = wish();
  const first = await accept(known);
  const twice = wish();
  const other = { ...known, idempotency: { key: known.idempotency?.key ?? '', requestHash: 'b' } };
  const results = await Promise.all([known, other, twice, { ...twice }, wish()].map(accept));
  expect(results[0]).toEqual({ kind: 'replayed', deploymentId: idOf(first) });
  expect(results[1]).toEqual({ kind: 'idempotency_conflict', deploymentId: idOf(first) });
  expect([results[2]?.kind, results[3]?.kind].sort()).toEqual(['accepted', 'replayed']);
  expect(idOf(results[2] as AcceptResult)).toBe(idOf(results[3] as AcceptResult));
  expect(results[4]?.kind).toBe('accepted');
});

test('two processes with the same keys in opposite order accept each once and never wait crosswise', async () => {
  const elsewhere = createStore({ databaseUrl: opened.url, poolSize: 4, logger: silentLogger });
  try {
    const wishes = ['a', 'm', 'z'].map((key) => wish({ idempotency: { key: `crosswise-${key}`, requestHash: 'a' } }));
    // Somebody holds the key in the middle, so that both statements are under way before either can end.
    const holder = await store.pool.connect();
    await holder.query('BEGIN');
    await holder.query(
      `INSERT INTO idempotency_keys (project_id, key, request_hash, deployment_id) VALUES ('default', 'crosswise-m', '', $1)`,
      [randomUUID()],
    );
    const results = Promise.all([
      ...wishes.map(accept),
      ...[...wishes].reverse().map((one) => elsewhere.deployments.accept(one)),
    ]);
    while ((await waitingForLocks(elsewhere)) < 2) await new Promise(setImmediate);
    await holder.query('ROLLBACK');
    holder.release();
    expect((await results).map(({ kind }) => kind).sort()).toEqual([
      ...Array.from({ length: 3 }, () => 'accepted'),
      ...Array.from({ length: 3 }, () => 'replayed'),
    ]);
    expect(new Set((await results).map(idOf)).size).toBe(3);
  } finally {
    await elsewhere.close();
  }
});

test('what a request stands on is one look for all that come together, and each gets its own', async () => {
  const artifact = await store.artifacts.create('default', { kind: 'zip', sha256: undefined, storage: {} });
  const unfinished = await store.artifacts.create('default', { kind: 'zip', sha256: undefined, storage: {} });
  await store.artifacts.complete(artifact.id, 'a'.repeat(64), 1);
  const repeated = wish();
  const first = await accept(repeated);
  sent = [];
  const question = { projectId: 'default', artifactId: undefined, idempotencyKey: undefined };
  const key = repeated.idempotency?.key;
  const [byName, byId, elsewhere, unknown, ready, notReady, known, knownAgain] = await Promise.all([
    store.deployments.acceptFacts({ ...question, target: { name: 'checkout' } }),
    store.deployments.acceptFacts({ ...question, target: { id: target.id } }),
    store.deployments.acceptFacts({ ...question, projectId: 'other', target: { id: target.id }, idempotencyKey: key }),
    store.deployments.acceptFacts({ ...question, target: { name: 'nothing' } }),
    store.deployments.acceptFacts({ ...question, target: { name: 'checkout' }, artifactId: artifact.id }),
    store.deployments.acceptFacts({ ...question, target: { name: 'checkout' }, artifactId: unfinished.id }),
    store.deployments.acceptFacts({ ...question, target: { name: 'checkout' }, idempotencyKey: key }),
    store.deployments.acceptFacts({ ...question, target: { name: 'checkout' }, idempotencyKey: key }),
  ]);
  expect(sent).toEqual(['sluice_accept_facts']);
  expect(byName).toMatchObject({ target, artifactId: undefined, repeated: undefined });
  expect(Math.abs(byName.at - Date.now())).toBeLessThan(60_000);
  expect(byId.target).toEqual(await store.targets.get('default', target.id));
  expect(elsewhere).toMatchObject({ target: undefined, repeated: undefined });
  expect(unknown.target).toBeUndefined();
  expect([ready.artifactId, notReady.artifactId]).toEqual([artifact.id, undefined]);
  expect(known.repeated).toMatchObject({ deploymentId: idOf(first), requestHash: 'a', row: { id: idOf(first) } });
  // A storm of one request is read once.
  expect(knownAgain).toBe(known);
});

async function waitingForLocks({ pool }: Store): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows[0]?.count ?? 0;
}

function fail(): never {
  throw new Error('missing');
}
