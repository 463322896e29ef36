import { nextWakeAt, type RolloutEvent } from '#rollout';
import {
  type AcceptInput,
  type DeploymentRow,
  type QueuePolicy,
  type Store,
  type TargetRow,
  verifyChain,
} from '#store';
import { accepted as acceptNew, loaded, moved, planOf, wishFor } from '../world/rollouts.js';

type Deployments = Pick<
  Store['deployments'],
  | 'accept'
  | 'acceptRestore'
  | 'load'
  | 'record'
  | 'start'
  | 'rearm'
  | 'extendLease'
  | 'probePayloads'
  | 'overdue'
  | 'rollbacks'
  | 'abandoned'
  | 'takeForReconciling'
>;

/** A store to be held to its promises: the one on Postgres, or the one the simulator believes in. */
export interface StoreUnderTest {
  readonly deployments: Deployments;
  readonly highestVersion: Store['highestVersion'];
  readonly events: Pick<Store['events'], 'after'>;
  target(functionName: string, aliasName: string): Promise<TargetRow>;
  /** Lets database time pass. */
  elapse(milliseconds: number): Promise<void>;
}

const LEASE_MS = 400;
const captured = {
  point: { version: '1' },
  aliasRevisionId: 'r1',
  latestRevisionId: 'l1',
  codeSha256: 'code',
  needsCode: false,
  highestVersion: 1,
};

export function describeStore(open: () => Promise<StoreUnderTest>): void {
  let store: StoreUnderTest;
  let functions = 0;
  beforeAll(async () => {
    store = await open();
  });

  const plan = planOf({ type: 'canary', weightPercent: 10, bake: '5m' }, { analysis: null });
  const wish = (target: TargetRow, change: Partial<AcceptInput>) => wishFor(target, { plan, ...change });
  const freshTarget = () => store.target(`contract-${++functions}`, 'live');

  async function accept(
    target: TargetRow,
    policy: QueuePolicy = 'queue',
    key?: { key: string; requestHash: string },
    probePayloads?: unknown[],
  ) {
    return store.deployments.accept(wish(target, { policy, idempotency: key, probePayloads }));
  }

  const accepted = (target: TargetRow, policy: QueuePolicy = 'queue') => acceptNew(store, wish(target, { policy }));
  const load = (id: string) => loaded(store, id);

  async function record(row: DeploymentRow, event: RolloutEvent, leaseMs?: number) {
    const next = moved(row.state, event);
    const nextAt = nextWakeAt(next, row.readAt);
    const lease = leaseMs === undefined ? {} : { leaseMs };
    return store.deployments.record(row, event, next, { actor: 'w', nextAt, ...lease });
  }

  async function start(row: DeploymentRow) {
    const event = { type: 'Started', at: row.readAt } as const;
    return store.deployments.start(row, event, moved(row.state, event), 'w');
  }

  async function walk(row: DeploymentRow, ...events: RolloutEvent[]): Promise<DeploymentRow> {
    for (const event of events) {
      expect(await record(await load(row.id), event)).toMatchObject({ kind: 'recorded' });
    }
    return load(row.id);
  }

  const facts: RolloutEvent[] = [
    { type: 'RollbackPointCaptured', at: 1, captured, needsConfiguration: false, nothingToDo: false },
    { type: 'VersionPublished', at: 2, version: '2' },
    { type: 'VersionActivated', at: 3 },
  ];

  async function shifting(target: TargetRow): Promise<DeploymentRow> {
    const row = await accepted(target);
    expect(await start(row)).toMatchObject({ kind: 'recorded' });
    return walk(row, ...facts);
  }

  function claim(row: DeploymentRow): RolloutEvent {
    const wanted = { version: '1', canary: { version: '2', weightPercent: 10 } };
    return { type: 'ClaimTaken', at: row.readAt, command: 'ShiftWeight', token: 'r1', wanted };
  }

  const abort = (row: DeploymentRow): RolloutEvent => ({ type: 'AbortRequested', at: row.readAt, by: 'ann' });

  it('keeps an accepted deployment with one event, due at once', async () => {
    const row = await accepted(await freshTarget());
    expect(row).toMatchObject({ phase: 'queued', sequence: 1, leaseUntil: undefined, endedAt: undefined });
    expect(row.nextAt).toBeLessThanOrEqual(row.readAt);
    expect((await store.events.after(row.id, 0, 10)).map(({ seq, type }) => [seq, type])).toEqual([[1, 'Accepted']]);
  });

  it('gives the same deployment for the same key and body, and refuses another body', async () => {
    const target = await freshTarget();
    const key = `key-${functions}`;
    const first = await accept(target, 'queue', { key, requestHash: 'a' });
    const id = 'deploymentId' in first ? first.deploymentId : '';
    expect(await accept(target, 'queue', { key, requestHash: 'a' })).toEqual({ kind: 'replayed', deploymentId: id });
    expect(await accept(target, 'queue', { key, requestHash: 'b' })).toEqual({
      kind: 'idempotency_conflict',
      deploymentId: id,
    });
  });

  it('records for whoever saw the present sequence, and for nobody else', async () => {
    const row = await shifting(await freshTarget());
    expect(await record(row, claim(row))).toMatchObject({ kind: 'recorded', sequence: row.sequence + 1 });
    expect(await record(row, abort(row))).toEqual({ kind: 'lost' });
    expect((await load(row.id)).sequence).toBe(row.sequence + 1);
    expect(verifyChain(await store.events.after(row.id, 0, 100))).toEqual({ ok: true });
  });

  it('lets nobody claim while a lease lives, and anybody once it has run out', async () => {
    const row = await shifting(await freshTarget());
    await record(row, claim(row), LEASE_MS);
    const held = await load(row.id);
    expect(held.leaseUntil).toBeGreaterThan(held.readAt);
    expect(held.nextAt).toBe(held.leaseUntil);
    const again = { actor: 'w2', nextAt: undefined, leaseMs: LEASE_MS };
    const event = { type: 'Outcome', at: 1, of: 'ShiftWeight', sentence: 'Taken over.' } as const;
    expect(await store.deployments.record(held, event, held.state, again)).toEqual({ kind: 'lost' });
    await store.elapse(LEASE_MS + 50);
    expect(await store.deployments.record(held, event, held.state, again)).toMatchObject({ kind: 'recorded' });
  });

  it('leaves a write its lease when somebody asks for a pause, and takes it away for an abort', async () => {
    const row = await shifting(await freshTarget());
    await record(row, claim(row), 60_000);
    const paused = await walk(row, { type: 'PauseRequested', at: 5, by: 'ann' });
    expect(paused.leaseUntil).toBeGreaterThan(paused.readAt);
    const aborted = await walk(row, { type: 'AbortRequested', at: 6, by: 'ann' });
    expect(aborted).toMatchObject({ phase: 'rolling_back', leaseUntil: undefined });
  });

  it('starts the oldest in line, one on a target at a time', async () => {
    const target = await freshTarget();
    const first = await accepted(target);
    await store.elapse(5);
    const second = await accepted(target);
    expect(await start(second)).toEqual({ kind: 'busy' });
    expect(await start(first)).toMatchObject({ kind: 'recorded', sequence: 2 });
    expect(await start(first)).toEqual({ kind: 'busy' });
    expect(await start(second)).toEqual({ kind: 'busy' });
    await walk(first, ...facts);
    expect(await start(second)).toEqual({ kind: 'busy' });
  });

  it('lets one deployment at a time change a function, until its version is published', async () => {
    const name = `contract-${++functions}`;
    const [live, beta] = [await store.target(name, 'live'), await store.target(name, 'beta')];
    const [first, second] = [await accepted(live), await accepted(beta)];
    await start(first);
    expect(await start(second)).toEqual({ kind: 'busy' });
    await store.deployments.rearm(second, second.readAt + 60_000, undefined);
    await walk(first, facts[0] as RolloutEvent);
    const published = await record(await load(first.id), facts[1] as RolloutEvent);
    expect(published).toMatchObject({ woken: [{ deploymentId: second.id, sequence: 1 }] });
    const woken = await load(second.id);
    expect(woken.nextAt).toBeLessThanOrEqual(woken.readAt);
    expect(await start(woken)).toMatchObject({ kind: 'recorded' });
    expect(await store.highestVersion({ ...live, functionName: name })).toBe(2);
  });

  it('wakes the oldest in line when the one before it ends', async () => {
    const target = await freshTarget();
    const first = await accepted(target);
    await start(first);
    const second = await accepted(target);
    await store.deployments.rearm(second, undefined, undefined);
    const row = await load(first.id);
    const ended = await record(row, abort(row));
    expect(ended).toMatchObject({ kind: 'recorded', woken: [{ deploymentId: second.id, sequence: 1 }] });
    expect(await load(first.id)).toMatchObject({ phase: 'cancelled', nextAt: undefined });
    expect((await load(first.id)).endedAt).toBeDefined();
    expect((await load(second.id)).nextAt).toBeDefined();
  });

  it('supersedes what waits, or refuses, as the policy says', async () => {
    const target = await freshTarget();
    const waiting = await accepted(target);
    expect(await accept(target, 'refuse')).toEqual({ kind: 'target_busy', activeDeploymentId: waiting.id });
    expect(await accept(target, 'supersede')).toMatchObject({ kind: 'accepted', superseded: [waiting.id] });
    expect((await load(waiting.id)).phase).toBe('superseded');
  });

  it('lets a restore take over token and intents, and ends everything in its way', async () => {
    const target = await freshTarget();
    const row = await shifting(target);
    await record(row, claim(row), 60_000);
    const waiting = await accepted(target);
    const answer = await store.deployments.acceptRestore({
      projectId: 'default',
      targetId: target.id,
      version: '1',
      request: { restoreTo: '1' },
      requestedBy: 'ann',
      idempotency: undefined,
    });
    if (answer.kind !== 'accepted') throw new Error(answer.kind);
    expect(answer.superseded).toEqual([row.id, waiting.id]);
    expect((await load(row.id)).phase).toBe('superseded');
    const restore = await load(answer.deploymentId);
    expect(restore).toMatchObject({ kind: 'restore', phase: 'rolling_back', leaseUntil: undefined });
    const before = (await load(row.id)).sequence;
    expect(before).toBe(row.sequence + 2);
    expect(restore.state).toMatchObject({ revisionId: 'r1', point: { version: '1' } });
    expect('intents' in restore.state && restore.state.intents).toHaveLength(2);
  });

  it('re-arms without an event, and only the sequence that was seen', async () => {
    const row = await accepted(await freshTarget());
    expect(await store.deployments.rearm(row, row.readAt + 5_000, undefined)).toBe(true);
    expect((await load(row.id)).nextAt).toBe(row.readAt + 5_000);
    expect(await store.deployments.rearm({ ...row, sequence: 9 }, undefined, undefined)).toBe(false);
    expect((await store.events.after(row.id, 0, 10)).length).toBe(1);
  });

  it('lets the holder of a lease keep it, until the row has moved on', async () => {
    const row = await shifting(await freshTarget());
    expect(await store.deployments.extendLease(row, 60_000)).toBe(false);
    await record(row, claim(row), LEASE_MS);
    const held = await load(row.id);
    expect(await store.deployments.extendLease(held, 60_000)).toBe(true);
    const kept = await load(row.id);
    expect(kept.sequence).toBe(held.sequence);
    expect(kept.leaseUntil).toBeGreaterThan(held.leaseUntil ?? 0);
    expect(kept.nextAt).toBe(kept.leaseUntil);
    await record(kept, abort(kept));
    expect(await store.deployments.extendLease(kept, 60_000)).toBe(false);
  });

  it('gives nobody a lease back that has run out: another may be about to act', async () => {
    const row = await shifting(await freshTarget());
    await record(row, claim(row), LEASE_MS);
    const held = await load(row.id);
    await store.elapse(LEASE_MS + 50);
    expect(await store.deployments.extendLease(held, 60_000)).toBe(false);
    expect((await load(row.id)).leaseUntil).toBe(held.leaseUntil);
  });

  it('keeps the payloads of probes until they were sent or all is over', async () => {
    const target = await freshTarget();
    const answer = await accept(target, 'queue', undefined, [{ secret: 1 }, null]);
    if (answer.kind !== 'accepted') throw new Error(answer.kind);
    const row = await load(answer.deploymentId);
    expect(await store.deployments.probePayloads(row.id)).toEqual([{ secret: 1 }, null]);
    expect(JSON.stringify([row, await store.events.after(row.id, 0, 10)])).not.toContain('secret');
    await record(row, { type: 'CancelRequested', at: row.readAt, by: 'ann' });
    expect(await store.deployments.probePayloads(row.id)).toBeUndefined();
  });

  it('finds what is overdue and not held, and rollbacks apart', async () => {
    const row = await shifting(await freshTarget());
    await store.elapse(30);
    const ids = async (found: Promise<readonly { deploymentId: string }[]>) =>
      (await found).map(({ deploymentId }) => deploymentId);
    expect(await ids(store.deployments.overdue(10, 500))).toContain(row.id);
    expect(await ids(store.deployments.overdue(60_000, 500))).not.toContain(row.id);
    await record(row, claim(row), 60_000);
    expect(await ids(store.deployments.overdue(0, 500))).not.toContain(row.id);
    expect(await ids(store.deployments.rollbacks(500))).not.toContain(row.id);
    const held = await load(row.id);
    await record(held, abort(held));
    await store.elapse(5);
    expect(await ids(store.deployments.rollbacks(500))).toContain(row.id);
  });

  it('finds a claim once its lease has run out, and nothing that somebody holds or that nobody claimed', async () => {
    const row = await shifting(await freshTarget());
    await store.elapse(5);
    const found = async () => (await store.deployments.abandoned(500)).map(({ deploymentId }) => deploymentId);
    expect(await found()).not.toContain(row.id);
    await record(row, claim(row), 60);
    expect(await found()).not.toContain(row.id);
    await store.elapse(100);
    expect(await found()).toContain(row.id);
  });

  it('leaves a live canary that is due to whoever walks it', async () => {
    const row = await shifting(await freshTarget());
    const value = { version: '1', canary: { version: '2', weightPercent: 10 } };
    await walk(row, claim(row), { type: 'WeightShifted', at: row.readAt, value, revisionId: 'r2' });
    const { readAt, sequence } = await load(row.id);
    await store.deployments.rearm({ id: row.id, sequence }, readAt);
    await store.elapse(5);
    expect(await store.deployments.takeForReconciling(60_000, 500, 1)).not.toContain(row.id);
    await store.deployments.rearm({ id: row.id, sequence }, readAt + 60_000);
    expect(await store.deployments.takeForReconciling(60_000, 500, 1)).toContain(row.id);
  });

  it('gives a live canary to one reconciler at a time', async () => {
    const row = await shifting(await freshTarget());
    const value = { version: '1', canary: { version: '2', weightPercent: 10 } };
    await walk(row, claim(row), { type: 'WeightShifted', at: row.readAt, value, revisionId: 'r2' });
    const { sequence } = await load(row.id);
    const except = [`${row.id}-${sequence}`];
    expect(await store.deployments.takeForReconciling(60_000, 500, 1, except)).not.toContain(row.id);
    expect(await store.deployments.takeForReconciling(60_000, 500, 1)).toContain(row.id);
    expect(await store.deployments.takeForReconciling(60_000, 500, 1)).not.toContain(row.id);
  });
}
