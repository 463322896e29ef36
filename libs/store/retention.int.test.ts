import type { RolloutEvent } from '#rollout';
import { silentLogger, systemClock } from '#runtime';
import { Retention } from '../../apps/worker/retention.js';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { accepted as accept, loaded, newTarget as makeTarget, moved, wishFor } from '../../test/world/rollouts.js';
import type { AcceptInput, TargetRow } from './api.js';
import { verifyChain } from './events.js';
import type { RetentionPolicy } from './retention.js';
import type { Store } from './store.js';

let opened: FreshStore;
let store: Store;

const policy: RetentionPolicy = {
  historyDays: 30,
  keepPerTarget: 2,
  evidenceDays: 10,
  artifactDays: 5,
  idempotencyHours: 48,
};

beforeEach(async () => {
  opened = await freshStore();
  store = opened.store;
});
afterEach(async () => {
  await opened.close();
});

const newTarget = () => makeTarget(store);

async function accepted(target: TargetRow, change?: Partial<AcceptInput>): Promise<string> {
  return (await accept(store, wishFor(target, change))).id;
}

async function record(id: string, event: RolloutEvent): Promise<void> {
  const row = await loaded(store, id);
  const options = { actor: 'ann', nextAt: undefined };
  const recorded = await store.deployments.record(row, event, moved(row.state, event), options);
  expect(recorded.kind).toBe('recorded');
}

async function ageBy(id: string, days: number): Promise<void> {
  await store.pool.query(
    `UPDATE deployments SET created_at = created_at - $2 * interval '1 day', ended_at = ended_at - $2 * interval '1 day'
     WHERE id = $1`,
    [id, days],
  );
}

/** A deployment that ended `days` ago; promoted from one version to the next, or cancelled in line. */
async function ended(target: TargetRow, days: number, versions?: [string, string]): Promise<string> {
  const id = await accepted(target);
  await record(id, { type: 'CancelRequested', at: 1, by: 'ann' });
  if (versions) {
    const [from, to] = versions;
    const { plan } = (await loaded(store, id)).state;
    const state = { phase: 'succeeded', kind: 'rollout', plan, result: 'promoted', point: { version: from } };
    await store.pool.query(
      `UPDATE deployments SET phase = 'succeeded', state = $2, canary_version = $3, rollback_version = $4 WHERE id = $1`,
      [id, JSON.stringify({ ...state, canary: to, value: { version: to } }), to, from],
    );
  }
  await ageBy(id, days);
  return id;
}

async function remaining(): Promise<string[]> {
  const { rows } = await store.pool.query<{ id: string }>('SELECT id FROM deployments ORDER BY created_at');
  return rows.map(({ id }) => id);
}

const round = () =>
  new Retention({ store, clock: systemClock, logger: silentLogger }, policy, new AbortController().signal).run();

test('an old history goes and leaves its line; what is live, late, or the way back stays', async () => {
  const target = await newTarget();
  const promoted = [
    await ended(target, 100, ['1', '2']),
    await ended(target, 90, ['2', '3']),
    await ended(target, 80, ['3', '4']),
  ];
  const old = await ended(target, 70);
  const young = await ended(target, 20);
  const waiting = await accepted(target);
  await ageBy(waiting, 200);
  const last = [await ended(target, 60), await ended(target, 50)];
  const points = await store.rollbackPoints(target.id);
  const previous = await store.previousVersion(target.id);
  const hash = (await store.deployments.load(old))?.lastHash;

  await round();

  const stay = [promoted[1], promoted[2], young, waiting, last[1]];
  expect((await remaining()).sort()).toEqual(stay.sort());
  expect(await store.retention.pruned('default', old)).toMatchObject({ id: old, phase: 'cancelled' });
  expect(await store.events.after(old, 0, 10)).toEqual([]);
  const { rows } = await store.pool.query('SELECT events, last_hash FROM pruned_deployments WHERE id = $1', [old]);
  expect(rows).toEqual([{ events: 2, last_hash: hash }]);
  expect(await store.rollbackPoints(target.id)).toEqual(points);
  expect(await store.previousVersion(target.id)).toEqual(previous);
  expect(await store.retention.report()).toMatchObject({ policy, deployments: 3, events: 6 });
  for (const id of stay) expect(verifyChain(await store.events.after(id as string, 0, 10))).toEqual({ ok: true });
});

test('going back further than the histories kept still finds its way', async () => {
  const target = await newTarget();
  await ended(target, 100, ['1', '2']);
  for (const [days, from, to] of [
    [90, '2', '3'],
    [80, '3', '4'],
    [70, '4', '5'],
  ] as const)
    await ended(target, days, [from, to]);
  const back = await ended(target, 1);
  await store.pool.query(`UPDATE deployments SET kind = 'restore', phase = 'succeeded', state = $2 WHERE id = $1`, [
    back,
    JSON.stringify({
      ...(await store.deployments.load(back))?.state,
      phase: 'succeeded',
      result: 'restored',
      value: { version: '2' },
    }),
  ]);
  await round();
  expect(await store.previousVersion(target.id)).toEqual({ live: '2', previous: '1' });
});

test('"for ever" keeps everything', async () => {
  const target = await newTarget();
  for (const days of [900, 800, 700, 600]) await ended(target, days);
  await store.retention.begin({ ...policy, historyDays: 0 });
  expect(await store.retention.pruneHistories(target.id, { ...policy, historyDays: 0 }, 10)).toMatchObject({
    deployments: 0,
  });
  expect(await remaining()).toHaveLength(4);
});

test('five prunings at the same moment prune everything once, while deployments come and go', async () => {
  const crowd = await Promise.all([newTarget(), newTarget(), newTarget()]);
  for (const target of crowd) for (let days = 100; days < 140; days += 1) await ended(target, days);
  const coming = Promise.all(crowd.map((target) => accepted(target)));
  await Promise.all(Array.from({ length: 5 }, round));
  await round();
  const came = await coming;
  const { rows } = await store.pool.query(
    'SELECT count(*)::int AS lines, sum(events)::int AS events FROM pruned_deployments',
  );
  expect(await store.retention.report()).toMatchObject({ deployments: rows[0].lines, events: rows[0].events });
  // Of each target the newest stays beside the one that came meanwhile.
  expect(rows[0].lines).toBe(crowd.length * 39);
  for (const id of came) expect((await store.deployments.load(id))?.phase).toBe('queued');
  const orphans = await store.pool.query(
    'SELECT FROM events e WHERE NOT EXISTS (SELECT FROM deployments d WHERE d.id = e.deployment_id)',
  );
  expect(orphans.rowCount).toBe(0);
});

test('a pruning that dies in the middle leaves every history whole', async () => {
  const target = await newTarget();
  for (const days of [100, 90, 80, 70, 60]) await ended(target, days);
  await store.retention.begin(policy);
  const holder = await store.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM retention FOR UPDATE');
  const pruning = store.retention.pruneHistories(target.id, policy, 10);
  const died = expect(pruning).rejects.toThrow();
  // By the time it waits for the last row it needs, it has deleted everything else.
  for (;;) {
    const { rowCount } = await store.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE retention%'
         AND datname = current_database()`,
    );
    if (rowCount) break;
  }
  await died;
  await holder.query('ROLLBACK');
  holder.release();
  const ids = await remaining();
  expect(ids).toHaveLength(5);
  for (const id of ids) expect(verifyChain(await store.events.after(id, 0, 10))).toEqual({ ok: true });
  await round();
  expect(await remaining()).toHaveLength(2);
});

describe('by hand, the database refuses', () => {
  const refuses = (sql: string, values: unknown[], why: string) =>
    expect(store.pool.query(sql, values)).rejects.toThrow(why);

  test('to delete, change or empty events', async () => {
    const id = await ended(await newTarget(), 100);
    await refuses('DELETE FROM events WHERE deployment_id = $1', [id], 'append-only');
    await refuses(`UPDATE events SET actor = 'eve' WHERE deployment_id = $1`, [id], 'append-only');
    await refuses('TRUNCATE events', [], 'append-only');
  });

  const line = `INSERT INTO pruned_deployments (id, project_id, target_id, kind, phase, requested_by, events, last_hash,
      created_at, ended_at)
    SELECT id, project_id, target_id, kind, phase, requested_by, sequence, last_hash, created_at, now()
    FROM deployments WHERE id = $1`;

  test('a line for a deployment that has not ended, and a line that lies', async () => {
    const target = await newTarget();
    await refuses(line, [await accepted(target)], 'has not ended');
    await refuses(line.replace('sequence', 'sequence + 1'), [await ended(target, 1)], 'has not ended');
  });

  test('to keep half a history, or to change what is left of one', async () => {
    const target = await newTarget();
    const id = await ended(target, 100);
    const client = await store.pool.connect();
    await client.query('BEGIN');
    await client.query(line, [id]);
    await client.query('DELETE FROM events WHERE deployment_id = $1 AND seq = 2', [id]);
    await expect(client.query('COMMIT')).rejects.toThrow('whole or not at all');
    client.release();
    expect(verifyChain(await store.events.after(id, 0, 10))).toEqual({ ok: true });
    for (const days of [90, 80]) await ended(target, days);
    await round();
    await refuses('DELETE FROM pruned_deployments', [], 'never changed');
    await refuses(`UPDATE pruned_deployments SET phase = 'succeeded'`, [], 'never changed');
  });
});

test('code goes when nothing refers to it and nobody has asked for it; used code stays', async () => {
  const artifact = async (days: number, sha256: string, storage: object = {}) => {
    const created = await store.artifacts.create('default', {
      kind: 'zip',
      sha256: undefined,
      storage: storage as never,
    });
    await store.artifacts.appendChunk(created.id, 0, Buffer.from(sha256));
    await store.artifacts.complete(created.id, sha256, sha256.length);
    await store.pool.query(`UPDATE artifacts SET last_used_at = now() - $2 * interval '1 day' WHERE id = $1`, [
      created.id,
      days,
    ]);
    return created.id;
  };
  const unused = await artifact(6, 'unused');
  const referred = await artifact(400, 'referred');
  const asked = await artifact(400, 'asked');
  const inBucket = await artifact(400, 'in a bucket', { bucket: 'ours', key: 'x' });
  const young = await artifact(4, 'young');
  await accepted(await newTarget(), { artifactId: referred });
  expect((await store.artifacts.find('default', 'zip', 'asked'))?.id).toBe(asked);
  const broken = await store.artifacts.create('default', { kind: 'zip', sha256: undefined, storage: {} });
  await store.pool.query(`UPDATE artifacts SET created_at = now() - interval '2 days' WHERE id = $1`, [broken.id]);
  await round();
  const { rows } = await store.pool.query<{ id: string }>('SELECT id FROM artifacts');
  expect(rows.map(({ id }) => id).sort()).toEqual([referred, asked, inBucket, young].sort());
  expect((await store.pool.query('SELECT FROM artifact_chunks WHERE artifact_id = $1', [unused])).rowCount).toBe(0);
});

test('an idempotency key answers for as long as it promises, and its deployment stays as long', async () => {
  const target = await newTarget();
  const idempotency = { key: 'k', requestHash: 'h' };
  const id = await accepted(target, { idempotency });
  await record(id, { type: 'CancelRequested', at: 1, by: 'ann' });
  for (const days of [1, 1]) await ended(target, days);
  const short = { ...policy, historyDays: 1, keepPerTarget: 1, idempotencyHours: 72 };
  await store.pool.query(`UPDATE idempotency_keys SET created_at = now() - interval '2 days'`);
  await ageBy(id, 2);
  await store.retention.pruneKeys(short, 10);
  await store.retention.pruneHistories(target.id, short, 10);
  expect(await store.deployments.accept(wishFor(target, { idempotency }))).toEqual({
    kind: 'replayed',
    deploymentId: id,
  });
  await store.pool.query(`UPDATE idempotency_keys SET created_at = now() - interval '4 days'`);
  await store.retention.pruneKeys(short, 10);
  expect((await store.deployments.accept(wishFor(target, { idempotency }))).kind).toBe('accepted');
});

test('the evidence of a deployment that ended goes before its history does', async () => {
  const target = await newTarget();
  const [old, young] = [await ended(target, 15), await ended(target, 5)];
  for (const id of [old, young]) {
    await store.pool.query(`INSERT INTO evidence_blocks VALUES ($1, 1, 2, '{}')`, [id]);
  }
  await round();
  expect(await store.deployments.evidenceBlocks(old)).toEqual([]);
  expect(await store.deployments.evidenceBlocks(young)).toHaveLength(1);
});

/** What hangs on a deployment: pruned with it, or kept on purpose (why stands in docs/operations.md). */
const HANGS_ON_A_DEPLOYMENT = [
  'events',
  'evidence_blocks',
  'function_locks',
  'idempotency_keys',
  'probe_payloads',
  'versions',
];

test('retention knows every table that hangs on a deployment', async () => {
  const { rows } = await store.pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'deployment_id' ORDER BY 1`,
  );
  expect(rows.map(({ name }) => name)).toEqual(HANGS_ON_A_DEPLOYMENT);
});

test('pushes of alarms are forgotten after a week, also when no other push comes', async () => {
  const insert = (id: string, age: string) =>
    store.pool.query(
      `INSERT INTO alarm_pushes (id, account_id, region, alarm_name, state, changed_at, received_at)
       VALUES ($1, '000000000000', 'us-east-1', 'errors', 'ALARM', now(), now() - $2::interval)`,
      [id, age],
    );
  await insert('old', '8 days');
  await insert('young', '6 days');
  await new Retention({ store, clock: systemClock, logger: silentLogger }, policy, new AbortController().signal).run();
  const { rows } = await store.pool.query('SELECT id FROM alarm_pushes');
  expect(rows).toEqual([{ id: 'young' }]);
});
