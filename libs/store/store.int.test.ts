import { randomBytes } from 'node:crypto';
import type { RolloutEvent } from '#rollout';
import { silentLogger } from '#runtime';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { accepted as accept, loaded, newTarget as makeTarget, moved, wishFor } from '../../test/world/rollouts.js';
import type { AcceptInput, DeploymentRow, TargetRow } from './api.js';
import { verifyChain } from './events.js';
import { createStore, type Store } from './store.js';

let opened: FreshStore;
let store: Store;

beforeAll(async () => {
  opened = await freshStore();
  store = opened.store;
});
afterAll(() => opened.close());

const newTarget = (functionName?: string) => makeTarget(store, functionName ? { functionName } : {});
const load = (id: string) => loaded(store, id);
const accepted = (target: TargetRow, change?: Partial<AcceptInput>) => accept(store, wishFor(target, change));

async function started(row: DeploymentRow): Promise<DeploymentRow> {
  const event = { type: 'Started', at: row.readAt } as const;
  await store.deployments.start(row, event, moved(row.state, event), 'worker');
  return load(row.id);
}

async function apply(row: DeploymentRow, event: RolloutEvent, leaseMs?: number) {
  const options = { actor: 'test', nextAt: row.readAt, ...(leaseMs === undefined ? {} : { leaseMs }) };
  return store.deployments.record(row, event, moved(row.state, event), options);
}

describe('accepting', () => {
  test('the same key and body is the same deployment, however many ask at once', async () => {
    const target = await newTarget();
    const idempotency = { key: 'once', requestHash: 'a' };
    const results = await Promise.all(
      Array.from({ length: 20 }, () => store.deployments.accept(wishFor(target, { idempotency }))),
    );
    const ids = new Set(results.map((result) => ('deploymentId' in result ? result.deploymentId : '')));
    expect(ids.size).toBe(1);
    expect(results.filter((result) => result.kind === 'accepted')).toHaveLength(1);
    expect(await store.deployments.list('default', { targetId: target.id }, 50)).toHaveLength(1);
  });

  test('the same key with another body is refused and records nothing', async () => {
    const target = await newTarget();
    await accepted(target, { idempotency: { key: 'other', requestHash: 'a' } });
    const second = await store.deployments.accept(wishFor(target, { idempotency: { key: 'other', requestHash: 'b' } }));
    expect(second.kind).toBe('idempotency_conflict');
    expect(await store.deployments.list('default', { targetId: target.id }, 50)).toHaveLength(1);
  });

  test('the policy "refuse" names the deployment that holds the target and does not use up the key', async () => {
    const target = await newTarget();
    const first = await accepted(target);
    const idempotency = { key: 'refused', requestHash: 'a' };
    const second = await store.deployments.accept(wishFor(target, { policy: 'refuse', idempotency }));
    expect(second).toEqual({ kind: 'target_busy', activeDeploymentId: first.id });
    const other = await newTarget();
    expect((await store.deployments.accept(wishFor(other, { idempotency }))).kind).toBe('accepted');
  });

  test('the policy "supersede" ends what waits and leaves what is active', async () => {
    const target = await newTarget();
    const active = await started(await accepted(target));
    const waiting = await accepted(target);
    const result = await store.deployments.accept(wishFor(target, { policy: 'supersede' }));
    expect(result).toMatchObject({ kind: 'accepted', superseded: [waiting.id] });
    expect((await load(waiting.id)).phase).toBe('superseded');
    expect((await load(active.id)).phase).toBe('preparing');
  });
});

describe('starting', () => {
  test('one deployment per target is active; the end of it wakes the oldest in line', async () => {
    const target = await newTarget();
    const first = await started(await accepted(target));
    const second = await accepted(target);
    const third = await accepted(target);
    expect((await started(second)).phase).toBe('queued');
    await store.deployments.rearm(second, second.readAt + 3_600_000);
    const reason = { code: 'aborted', sentence: 'x' } as const;
    const end = await apply(first, { type: 'PreparationFailed', at: 1, reason });
    expect(end).toMatchObject({ kind: 'recorded', woken: [{ deploymentId: second.id, sequence: 1 }] });
    expect((await started(third)).phase).toBe('queued');
    expect((await started(await load(second.id))).phase).toBe('preparing');
  });

  test('two aliases of one function never change $LATEST at once', async () => {
    const [left, right] = [await newTarget('shared-fn'), await newTarget('shared-fn')];
    const first = await started(await accepted(left));
    const second = await accepted(right);
    expect((await started(second)).phase).toBe('queued');
    await apply(first, { type: 'PreparationFailed', at: 1, reason: { code: 'aborted', sentence: 'x' } });
    expect((await started(await load(second.id))).phase).toBe('preparing');
  });

  test('of twenty workers that start two targets of one function at once, one gets the lock', async () => {
    const [left, right] = [await newTarget('raced-fn'), await newTarget('raced-fn')];
    const rows = [await accepted(left), await accepted(right)];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => started(rows[index % 2] as DeploymentRow).catch(() => undefined)),
    );
    const phases = (await Promise.all(rows.map((row) => load(row.id)))).map((row) => row.phase);
    expect(phases.sort()).toEqual(['preparing', 'queued']);
  });
});

describe('recording', () => {
  test('of two writers that saw the same sequence one wins', async () => {
    const row = await started(await accepted(await newTarget()));
    const event = { type: 'PreparationFailed', at: 1, reason: { code: 'aborted', sentence: 'x' } } as const;
    const results = await Promise.all([apply(row, event), apply(row, event)]);
    expect(results.map((result) => result.kind).sort()).toEqual(['lost', 'recorded']);
  });

  test('a claim is not taken while another one is alive, and is once it has expired', async () => {
    const row = await started(await accepted(await newTarget()));
    const captured = {
      point: { version: '1' },
      aliasRevisionId: 'a',
      latestRevisionId: 'l',
      codeSha256: 's',
      needsCode: true,
      highestVersion: 1,
    };
    const nothing = { needsConfiguration: false, nothingToDo: false };
    await apply(row, { type: 'RollbackPointCaptured', at: 1, captured, ...nothing });
    const claim = { type: 'ClaimTaken', at: 2, command: 'UpdateCode', token: 'l' } as const;
    await apply(await load(row.id), claim, 60_000);
    const held = await load(row.id);
    expect(held.leaseUntil).toBeGreaterThan(held.readAt + 50_000);
    const unknown = moved(held.state, { type: 'OutcomeUnknown', at: 3, sentence: 'x' });
    const event = { type: 'OutcomeUnknown', at: 3, sentence: 'x' } as const;
    const stolen = await store.deployments.record(held, event, unknown, { actor: 'b', nextAt: 1, leaseMs: 5000 });
    expect(stolen.kind).toBe('lost');
    expect(await store.deployments.record(held, event, unknown, { actor: 'a', nextAt: 1 })).toMatchObject({
      kind: 'recorded',
    });
  });

  test('the history is gap-free, chained, and survives a round trip through the database', async () => {
    const row = await started(await accepted(await newTarget()));
    await apply(row, { type: 'PreparationFailed', at: 1.5, reason: { code: 'aborted', sentence: 'ünï "x"' } });
    const events = await store.events.after(row.id, 0, 100);
    expect(events.map((event) => event.seq)).toEqual([1, 2, 3]);
    expect(verifyChain(events)).toEqual({ ok: true });
    const forged = events.map((event, index) => (index === 1 ? { ...event, data: { ...event.data, at: 9 } } : event));
    expect(verifyChain(forged as typeof events)).toEqual({ ok: false, seq: 2 });
  });

  test('a listener hears of every change', async () => {
    const heard: string[] = [];
    const stop = await store.changes.subscribe((change) => heard.push(`${change.deploymentId} ${change.phase}`));
    const row = await accepted(await newTarget());
    let current = row;
    // The feed connects in the background: change the row until it is heard.
    for (let tries = 0; tries < 200 && heard.length === 0; tries += 1) {
      await store.deployments.rearm(current, current.readAt, {
        verdict: 'continue',
        sentence: '',
        numbers: {},
        judge: null,
        at: 1,
      });
      current = await load(row.id);
    }
    await stop();
    expect(heard[0]).toBe(`${row.id} queued`);
  });
});

describe('secrets', () => {
  const environment = { TOKEN: 'hunter2-canary', OLD: null };
  const names = { TOKEN: '', OLD: null };
  const ended = async (row: DeploymentRow) => {
    const cancel = { type: 'CancelRequested', at: row.readAt, by: 'ann' } as const;
    const options = { actor: 'ann', nextAt: undefined };
    await store.deployments.record(row, cancel, moved(row.state, cancel), options);
    return load(row.id);
  };

  test('sealed or not, the values are gone once the deployment needs them no more, and the names stay', async () => {
    const keyed = createStore({
      databaseUrl: opened.url,
      poolSize: 2,
      logger: silentLogger,
      secretsKeys: [randomBytes(32)],
    });
    for (const one of [store, keyed]) {
      const asked = await one.deployments.accept(
        wishFor(await newTarget(), { request: { configuration: { environment, timeoutSeconds: 5 } } }),
      );
      if (asked.kind !== 'accepted') throw new Error(asked.kind);
      const row = await load(asked.deploymentId);
      expect(one.deployments.openRequest(row)).toMatchObject({ configuration: { environment, timeoutSeconds: 5 } });
      const after = await ended(row);
      expect(after.request).toEqual({ configuration: { environment: names, timeoutSeconds: 5 } });
    }
    await keyed.close();
  });

  test('a request without variables is left as it is', async () => {
    for (const request of [
      {},
      { message: 'none' },
      { configuration: { memorySize: 256 } },
      { configuration: { environment: {} } },
    ]) {
      expect((await ended(await accepted(await newTarget(), { request }))).request).toEqual(request);
    }
  });
});

describe('restoring', () => {
  test('a restore takes the place of what is active and inherits its token and its writes under way', async () => {
    const target = await newTarget();
    const active = await started(await accepted(target));
    const waiting = await accepted(target);
    const result = await store.deployments.acceptRestore({
      projectId: 'default',
      targetId: target.id,
      version: '3',
      request: { restoreTo: '3' },
      requestedBy: 'bob',
      idempotency: undefined,
    });
    if (result.kind !== 'accepted') throw new Error(result.kind);
    expect([...result.superseded].sort()).toEqual([active.id, waiting.id].sort());
    expect((await load(result.deploymentId)).phase).toBe('preparing');
    expect((await load(active.id)).phase).toBe('superseded');
  });
});

test('a row that cannot be read stops nobody else', async () => {
  const target = await newTarget();
  const bad = await accepted(target);
  const good = await accepted(target);
  await store.pool.query(`UPDATE deployments SET state = '{"phase":"queued","surprise":1}' WHERE id = $1`, [bad.id]);
  await expect(store.deployments.load(bad.id)).rejects.toThrow('a form this release cannot read');
  const page = await store.deployments.list('default', { targetId: target.id }, 10);
  expect(page.map(({ id, state }) => [id, state?.phase])).toEqual([
    [good.id, 'queued'],
    [bad.id, undefined],
  ]);
});

test('a row that cannot be advanced is set aside, ever longer, until somebody records or re-arms it', async () => {
  const row = await accepted(await newTarget());
  // Due a second ago: the column keeps milliseconds, and a moment that is rounded up has not come yet.
  const stuckFor = (time: string | null) =>
    store.pool.query(
      `UPDATE deployments SET stuck_since = now() - $2::interval, next_at = now() - interval '1 second' WHERE id = $1`,
      [row.id, time],
    );
  await stuckFor(null);
  // The trouble of a row that has moved since says nothing about the row of now.
  expect(await store.deployments.setAside(row.id, row.sequence - 1, 'It was odd.')).toBeUndefined();
  expect(await store.deployments.setAside(row.id, row.sequence, 'It is odd.')).toBeCloseTo(5_000, -3);
  expect(await store.deployments.setAside(row.id, row.sequence, 'It is odd.')).toBeUndefined();
  expect((await store.deployments.load(row.id))?.stuck?.why).toBe('It is odd.');
  await stuckFor('10 minutes');
  expect(await store.deployments.setAside(row.id, row.sequence, 'It is odd.')).toBeCloseTo(600_000, -4);
  await stuckFor('1 day');
  expect(await store.deployments.setAside(row.id, row.sequence, 'It is odd.')).toBeCloseTo(3_600_000, -4);
  expect((await store.troubles.stuck('default', [], 100)).map(({ deploymentId }) => deploymentId)).toContain(row.id);
  expect(await store.deployments.retrySetAside()).toBeGreaterThanOrEqual(1);
  await store.deployments.rearm(row, row.readAt);
  expect((await store.deployments.load(row.id))?.stuck).toBeUndefined();
});
