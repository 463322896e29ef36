import type { RolloutEvent } from '#rollout';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { accepted as accept, loaded, newTarget as makeTarget, moved, wishFor } from '../../test/world/rollouts.js';
import type { DeploymentRow, TargetRow } from './api.js';
import type { RecordOptions } from './deployments/record.js';
import { rearmTogether, recordTogether, startTogether } from './deployments/record-together.js';
import { verifyChain } from './events.js';
import type { Store } from './store.js';

let opened: FreshStore;
let store: Store;

beforeAll(async () => {
  opened = await freshStore(6);
  store = opened.store;
});
afterAll(() => opened.close());

const captured = {
  point: { version: '1' },
  aliasRevisionId: 'r1',
  latestRevisionId: 'l1',
  codeSha256: 'code',
  needsCode: false,
  highestVersion: 1,
};
const captures: RolloutEvent = {
  type: 'RollbackPointCaptured',
  at: 1,
  captured,
  needsConfiguration: false,
  nothingToDo: false,
};
const fails: RolloutEvent = { type: 'PreparationFailed', at: 2, reason: { code: 'update_failed', sentence: 'No.' } };

const newTarget = (functionName?: string) => makeTarget(store, functionName ? { functionName } : {});
const load = (id: string) => loaded(store, id);
const accepted = (target: TargetRow) => accept(store, wishFor(target));

function entry(row: DeploymentRow, event: RolloutEvent, more: Partial<RecordOptions> = {}) {
  return { row, event, next: moved(row.state, event), options: { actor: 'test', nextAt: row.readAt, ...more } };
}

function beginning(row: DeploymentRow) {
  const event = { type: 'Started', at: row.readAt } as const;
  return { row, event, next: moved(row.state, event), actor: 'test' };
}

async function preparing(target?: TargetRow): Promise<DeploymentRow> {
  const row = await accepted(target ?? (await newTarget()));
  const { event, next } = beginning(row);
  await store.deployments.start(row, event, next, 'test');
  return load(row.id);
}

const some = (many: number) => Promise.all(Array.from({ length: many }, () => preparing()));

async function chainOf(id: string) {
  return verifyChain(await store.events.after(id, 0, 100));
}

describe('records that share a statement', () => {
  test('write for each row exactly what a statement of its own writes', async () => {
    const [own, shared, other] = (await some(3)) as [DeploymentRow, DeploymentRow, DeploymentRow];
    const blocks = [{ startMs: 0, endMs: 1000, stable: {}, canary: {} }];
    const evidence = { verdict: 'continue', sentence: 'x', numbers: {}, judge: {}, at: 1 } as const;
    const more = { nextAt: own.readAt + 5_000, evidence, blocks };
    const alone = entry(own, captures, more);
    expect((await store.deployments.record(own, captures, alone.next, alone.options)).kind).toBe('recorded');
    const answers = await recordTogether(store.pool, [entry(shared, captures, more), entry(other, captures)]);
    expect(answers).toMatchObject([
      { kind: 'recorded', sequence: 3, woken: [] },
      { kind: 'recorded', sequence: 3 },
    ]);
    const [left, right] = [await load(own.id), await load(shared.id)];
    const same = ['phase', 'sequence', 'kind', 'nextAt', 'leaseUntil', 'evidence', 'request'] as const;
    for (const name of same) expect(right[name]).toEqual(left[name]);
    expect({ ...right.state, deadlineAt: 0 }).toEqual({ ...left.state, deadlineAt: 0 });
    expect(right.lastHash).toBe(answers[0]?.lastHash);
    expect(await chainOf(shared.id)).toEqual(await chainOf(own.id));
    expect(await store.deployments.evidenceBlocks(shared.id)).toEqual(await store.deployments.evidenceBlocks(own.id));
    expect(await store.highestVersion(shared.target)).toBe(1);
  });

  test('a claim has its lease, and a live one lets nobody else claim', async () => {
    const rows = await some(2);
    const ready = await Promise.all(
      rows.map(async (row) => {
        await store.deployments.record(row, captures, moved(row.state, captures), { actor: 'a', nextAt: 1 });
        return load(row.id);
      }),
    );
    const claim: RolloutEvent = { type: 'ClaimTaken', at: 2, command: 'PublishVersion', token: 'l1' };
    const claims = ready.map((row) => entry(row, claim, { leaseMs: 5_000 }));
    expect(await recordTogether(store.pool, claims)).toMatchObject([{ kind: 'recorded' }, { kind: 'recorded' }]);
    const held = await load(ready[0]?.id ?? '');
    expect((held.leaseUntil ?? 0) - held.readAt).toBeGreaterThan(3_000);
    expect(held.nextAt).toBe(held.leaseUntil);
    const unknown: RolloutEvent = { type: 'OutcomeUnknown', at: 3, sentence: '?' };
    expect(await recordTogether(store.pool, [entry(held, unknown, { leaseMs: 5_000 })])).toEqual([undefined]);
    // An act during the write leaves the write its lease.
    expect(
      await recordTogether(store.pool, [entry(held, { type: 'VersionPublished', at: 4, version: '2' })]),
    ).toMatchObject([{ kind: 'recorded' }]);
  });

  test('of two for the same row one wins, and a stale one changes nothing', async () => {
    const [row, other] = (await some(2)) as [DeploymentRow, DeploymentRow];
    const stale = { ...other, sequence: other.sequence - 1 };
    const answers = await recordTogether(store.pool, [entry(row, captures), entry(row, fails), entry(stale, captures)]);
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
    expect(answers[2]).toBeUndefined();
    const kept = await load(row.id);
    expect(kept.lastHash).toBe(answers.find((answer) => answer)?.lastHash);
    expect(await chainOf(row.id)).toMatchObject({ ok: true });
    expect((await load(other.id)).sequence).toBe(other.sequence);
  });

  test('a row that somebody holds is left out, and holds up nobody', async () => {
    const [held, free] = (await some(2)) as [DeploymentRow, DeploymentRow];
    const client = await store.pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM deployments WHERE id = $1 FOR UPDATE', [held.id]);
    const answers = await recordTogether(store.pool, [entry(held, captures), entry(free, captures)]);
    expect(answers).toMatchObject([undefined, { kind: 'recorded' }]);
    expect(await rearmTogether(store.pool, [{ row: held, nextAt: 1 }])).toEqual([undefined]);
    await client.query('ROLLBACK');
    client.release();
    expect(await recordTogether(store.pool, [entry(held, captures)])).toMatchObject([{ kind: 'recorded' }]);
  });

  test('an end gives the function back, and one that others wait for is left to a statement that wakes them', async () => {
    const target = await newTarget();
    const [first, lonely] = [await preparing(target), await preparing()];
    const next = await accepted(target);
    const answers = await recordTogether(store.pool, [entry(first, fails), entry(lonely, fails)]);
    expect(answers).toMatchObject([undefined, { kind: 'recorded' }]);
    expect((await load(lonely.id)).endedAt).toBeDefined();
    const { rows } = await store.pool.query('SELECT FROM function_locks WHERE deployment_id = $1', [lonely.id]);
    expect(rows).toHaveLength(0);
    const end = await store.deployments.record(first, fails, moved(first.state, fails), {
      actor: 'a',
      nextAt: undefined,
    });
    expect(end).toMatchObject({ kind: 'recorded', woken: [{ deploymentId: next.id }] });
  });

  test('forty at once through the store keep every chain whole, a poisoned one fails alone', async () => {
    const rows = await some(20);
    /** Beyond what Postgres takes for a time. */
    const poisoned = 1e300;
    const ends = await Promise.allSettled(
      rows.map((row, index) => {
        const nextAt = index === 7 ? poisoned : 1;
        return store.deployments.record(row, captures, moved(row.state, captures), { actor: 'a', nextAt });
      }),
    );
    expect(ends.map(({ status }) => status)).toEqual(
      rows.map((_row, index) => (index === 7 ? 'rejected' : 'fulfilled')),
    );
    for (const row of rows) expect(await chainOf(row.id)).toMatchObject({ ok: true });
    const loaded = await Promise.allSettled([
      ...rows.map(({ id }) => store.deployments.load(id)),
      store.deployments.load('x'),
    ]);
    expect(loaded.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  });
});

describe('beginnings that share a statement', () => {
  test('each target and each function is taken once, by the first in line', async () => {
    const [left, right] = [await newTarget('shared-function'), await newTarget('shared-function')];
    const free = await newTarget();
    const [a, b, c] = [await accepted(left), await accepted(right), await accepted(free)];
    const behind = await accepted(free);
    const answers = await startTogether(store.pool, [a, b, c, behind].map(beginning));
    expect(answers[2]).toMatchObject({ kind: 'recorded', sequence: 2 });
    expect(answers[3]).toBeUndefined();
    expect([answers[0], answers[1]].filter((answer) => answer)).toHaveLength(1);
    expect(await chainOf(c.id)).toMatchObject({ ok: true });
    // Whoever was left out is told why by the statement of its own.
    const { event, next } = beginning(behind);
    expect(await store.deployments.start(behind, event, next, 'test')).toEqual({ kind: 'busy' });
  });
});

describe('slots that share a statement', () => {
  test('new and known accounts get their slots, and none is given twice', async () => {
    const keys = Array.from({ length: 12 }, (_, index) => ({
      accountId: `${100000000000 + index}`,
      region: 'eu-west-1',
    }));
    const lanes = [{ lane: 'ordinary', spacingMs: 100 }] as const;
    const ask = async () => {
      const twice = [...keys, ...keys];
      const answers = await Promise.all(twice.map((key) => store.callBudget.reserve(key, lanes, 2, 10_000, 5)));
      return answers.map((answer, index) => {
        if (!answer.granted) throw new Error('There was room.');
        expect(answer.startMs - answer.nowMs).toBeGreaterThanOrEqual(4.9);
        return {
          account: twice[index]?.accountId ?? '',
          from: answer.startMs,
          to: answer.startMs + 2 * answer.spacingMs,
        };
      });
    };
    const given = [...(await ask()), ...(await ask())];
    for (const one of given) {
      const clashes = given.filter(
        (other) => other !== one && other.account === one.account && other.from < one.to - 1 && one.from < other.to - 1,
      );
      expect(clashes).toEqual([]);
    }
    const { rows } = await store.pool.query(
      `SELECT DISTINCT slots_taken::int AS taken FROM call_budgets WHERE region = 'eu-west-1'`,
    );
    expect(rows).toEqual([{ taken: 8 }]);
  });

  test('a lane without room says when to come back', async () => {
    const lanes = [{ lane: 'ordinary', spacingMs: 1_000 }] as const;
    const keys = ['a', 'b', 'c', 'd'].map((accountId) => ({ accountId, region: 'full' }));
    const ask = () => Promise.all(keys.map((key) => store.callBudget.reserve(key, lanes, 1, 200, 0)));
    expect((await ask()).every(({ granted }) => granted)).toBe(true);
    for (const answer of await ask()) {
      if (answer.granted) throw new Error('There was no room.');
      expect(answer.waitMs).toBeGreaterThan(300);
      expect(answer.waitMs).toBeLessThanOrEqual(1_000);
    }
  });
});
