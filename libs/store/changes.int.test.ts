import pg from 'pg';
import type { RolloutEvent } from '#rollout';
import { silentLogger } from '#runtime';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { accepted, loaded, newTarget as makeTarget, moved, wishFor } from '../../test/world/rollouts.js';
import type { DeploymentRow, QueuePolicy, TargetRow } from './api.js';
import { recordEvent } from './deployments/record.js';
import { createStore, type Store } from './store.js';

let opened: FreshStore;
let store: Store;
let listening: pg.Client;
let heard: string[] = [];

beforeAll(async () => {
  opened = await freshStore(5);
  store = opened.store;
  listening = new pg.Client({ connectionString: opened.url });
  listening.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await listening.connect();
  await listening.query('LISTEN sluice_changed');
});
beforeEach(() => {
  heard = [];
});
afterAll(async () => {
  await listening.end();
  await opened.close();
});

const newTarget = () => makeTarget(store);
const load = (id: string) => loaded(store, id);
const accept = (target: TargetRow, policy: QueuePolicy = 'queue') => accepted(store, wishFor(target, { policy }));

const value = { version: '1', canary: { version: '2', weightPercent: 10 } };
const captured = {
  point: { version: '1' },
  aliasRevisionId: 'a',
  latestRevisionId: 'l',
  codeSha256: 'code',
  needsCode: true,
  highestVersion: 1,
};
const UNTIL_BAKING: RolloutEvent[] = [
  { type: 'RollbackPointCaptured', at: 1, captured, needsConfiguration: false, nothingToDo: false },
  { type: 'VersionPublished', at: 1, version: '2' },
  { type: 'VersionActivated', at: 1 },
  { type: 'WeightShifted', at: 1, value, revisionId: 'b' },
];
const ABORT: RolloutEvent = { type: 'AbortRequested', at: 1, by: 'ann' };

const options = { actor: 'test', nextAt: undefined };

async function start(row: DeploymentRow): Promise<DeploymentRow> {
  const event: RolloutEvent = { type: 'Started', at: 1 };
  await store.deployments.start(row, event, moved(row.state, event), 'test');
  return load(row.id);
}

/** Notices come in the order of their commits: once this one is there, every earlier one is. */
async function everythingHeard(): Promise<string[]> {
  await store.pool.query(`SELECT pg_notify('sluice_changed', 'end of test')`);
  await until(() => heard.includes('end of test'));
  return heard.filter((payload) => payload !== 'end of test');
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('of a process that dies right after its writes, rollbacks are heard and nothing else', async () => {
  let row = await start(await accept(await newTarget()));
  await until(() => heard.includes(`${row.id} 2 preparing`));
  heard = [];
  // The write alone: whoever made it tells nobody any more.
  for (const event of [...UNTIL_BAKING, ABORT]) {
    expect(await recordEvent(store.pool, row, event, moved(row.state, event), options)).toMatchObject({
      kind: 'recorded',
    });
    row = await load(row.id);
  }
  expect(row.phase).toBe('rolling_back');
  expect(await everythingHeard()).toEqual([`${row.id} ${row.sequence} rolling_back`]);
});

test('a restore amid a rollout is heard of with its accept, and what it takes the place of after it', async () => {
  let row = await start(await accept(await newTarget()));
  for (const event of UNTIL_BAKING) {
    await recordEvent(store.pool, row, event, moved(row.state, event), options);
    row = await load(row.id);
  }
  await until(() => heard.length === 1);
  heard = [];
  const restore = await store.deployments.acceptRestore({
    projectId: 'default',
    targetId: row.target.id,
    version: '1',
    request: {},
    requestedBy: 'ann',
    idempotency: undefined,
  });
  if (restore.kind !== 'accepted') throw new Error(restore.kind);
  await until(() => heard.length === 2);
  expect(heard).toEqual([`${restore.deploymentId} 1 rolling_back`, `${row.id} ${row.sequence + 1} superseded`]);
});

test('of a process that lives, everything is heard, a rollback once', async () => {
  let row = await start(await accept(await newTarget()));
  await until(() => heard.length === 1);
  for (const event of [...UNTIL_BAKING, ABORT]) {
    const to = moved(row.state, event);
    await store.deployments.record(row, event, to, options);
    row = await load(row.id);
    const payload = `${row.id} ${row.sequence} ${to.phase}`;
    await until(() => heard.includes(payload));
  }
  expect(await everythingHeard()).toHaveLength(1 + UNTIL_BAKING.length + 1);
});

test('new evidence is heard of, a look that changes nothing is not', async () => {
  const row = await start(await accept(await newTarget()));
  await until(() => heard.length === 1);
  await store.deployments.rearm(row, 1);
  const evidence = { verdict: 'continue', sentence: '', numbers: {}, judge: null, at: 1 } as const;
  await store.deployments.rearm(row, 1, evidence);
  await until(() => heard.length > 1);
  expect(await everythingHeard()).toEqual([`${row.id} 2 preparing`, `${row.id} 2 preparing`]);
});

test('what an accept supersedes is heard of once it is committed', async () => {
  const target = await newTarget();
  const [first, second] = [await accept(target), await accept(target)];
  await accept(target, 'supersede');
  await until(() => heard.length === 2);
  expect(heard.sort()).toEqual([`${first.id} 2 superseded`, `${second.id} 2 superseded`].sort());
});

test('what was not yet told when the store closes is told before it is closed', async () => {
  const other = createStore({ databaseUrl: opened.url, poolSize: 1, logger: silentLogger });
  const row = await accept(await newTarget());
  const event: RolloutEvent = { type: 'CancelRequested', at: 1, by: 'ann' };
  await other.deployments.record(row, event, moved(row.state, event), options);
  await other.close();
  expect(await everythingHeard()).toEqual([`${row.id} 2 cancelled`]);
});
