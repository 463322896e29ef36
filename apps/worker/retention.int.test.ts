import { randomBytes } from 'node:crypto';
import { openBucket } from '#aws';
import { silentLogger, systemClock } from '#runtime';
import type { Store } from '#store';
import { type FreshStore, freshStore } from '../../test/world/fresh-store.js';
import { accepted, newTarget, wishFor } from '../../test/world/rollouts.js';
import { TinyS3 } from '../../test/world/tiny-s3.js';
import { Retention } from './retention.js';

const policy = { historyDays: 0, keepPerTarget: 2, evidenceDays: 0, artifactDays: 5, idempotencyHours: 48 };
const credentials = { accessKeyId: 'test', secretAccessKey: 'not-a-secret' };

let opened: FreshStore;
let store: Store;
let s3: TinyS3;
let endpoint: string;
beforeEach(async () => {
  opened = await freshStore(4);
  store = opened.store;
  s3 = new TinyS3();
  endpoint = await s3.listen();
});
afterEach(async () => {
  s3.close();
  await opened.close();
});

const ours = {
  bucket: 'ours',
  open: () => openBucket({ bucket: 'ours', region: 'us-east-1', endpoint, credentials }),
};

/** What a worker's round does; `known` is the store as that worker sees it. */
function round(pruned: typeof ours | null = ours, known: Store = store): Promise<void> {
  const stopping = new AbortController().signal;
  return new Retention(
    { store: known, clock: systemClock, logger: silentLogger },
    policy,
    stopping,
    pruned ?? undefined,
  ).run();
}

/** Code in the bucket that was last used so many days ago; its object is there. */
async function uploaded(days: number, storage: Record<string, string> = {}, kind: 'zip' | 's3' = 'zip') {
  const sha256 = randomBytes(32).toString('hex');
  const place = { bucket: 'ours', key: `artifacts/${sha256}.zip`, ...storage };
  const { id } = await store.artifacts.create('default', { kind, sha256: undefined, storage: place });
  await store.artifacts.complete(id, sha256, 3);
  await store.pool.query(`UPDATE artifacts SET last_used_at = now() - $2 * interval '1 day' WHERE id = $1`, [id, days]);
  const path = `/${place.bucket}/${place.key}`;
  s3.objects.set(path, Buffer.from('zip'));
  return { id, path };
}

const laterBy = (days: number) =>
  store.pool.query(`UPDATE pruned_objects SET remove_at = remove_at - $1 * interval '1 day'`, [days]);
const rows = async () => (await store.pool.query<{ id: string }>('SELECT id FROM artifacts')).rows.map(({ id }) => id);
const marked = async () => (await store.pool.query('SELECT FROM pruned_objects')).rowCount;

test('code that nothing refers to goes: its row at once, its object a week later, and nothing else', async () => {
  const unused = await uploaded(6);
  const referred = await uploaded(400);
  const kept = [referred, await uploaded(4), await uploaded(400, { bucket: 'another' })];
  const named = await uploaded(400, { key: 'built/by-ci.zip' }, 's3');
  await accepted(store, wishFor(await newTarget(store), { artifactId: referred.id }));
  await round();
  expect((await rows()).sort()).toEqual(kept.map(({ id }) => id).sort());
  await laterBy(6);
  await round();
  expect(s3.removals).toEqual([]);
  await laterBy(1.1);
  await round();
  expect(s3.removals).toEqual([unused.path]);
  expect([...s3.objects.keys()].sort()).toEqual([...kept, named].map(({ path }) => path).sort());
  expect(await marked()).toBe(0);
});

test('nothing in a bucket is touched unless that is wished', async () => {
  const { id, path } = await uploaded(400);
  await round(null);
  expect([await rows(), await marked(), s3.objects.has(path)]).toEqual([[id], 0, true]);
});

test('a deployment that is accepted while its code is pruned keeps it', async () => {
  const { id, path } = await uploaded(400);
  const target = await newTarget(store);
  const other = await accepted(store, wishFor(target));
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO deployments (id, project_id, target_id, artifact_id, kind, phase, sequence, state, requested_by, last_hash)
     SELECT gen_random_uuid(), project_id, target_id, $2, kind, phase, sequence, state, requested_by, last_hash
     FROM deployments WHERE id = $1`,
    [other.id, id],
  );
  await round();
  await client.query('COMMIT');
  client.release();
  await round();
  expect([await rows(), await marked(), s3.objects.has(path)]).toEqual([[id], 0, true]);
});

test('whoever dies before the object is removed, or before that is written down, leaves it to the next one', async () => {
  const { path } = await uploaded(6);
  await round();
  await laterBy(8);
  const objects = { ...store.retention.objects, removed: () => Promise.reject(new Error('It died.')) };
  const dying = { ...store, retention: { ...store.retention, objects } };
  await expect(round(ours, dying)).rejects.toThrow('It died.');
  expect([s3.objects.has(path), await marked()]).toEqual([false, 1]);
  await round();
  expect([s3.removals, await marked()]).toEqual([[path, path], 0]);
});

test('what S3 refuses to remove is put off for a day, stands in nobody’s way, and ends a round early', async () => {
  const locked = await uploaded(6);
  const free: { path: string }[] = [];
  await round();
  for (let n = 0; n < 4; n += 1) free.push(await uploaded(6));
  await round();
  await laterBy(8);
  s3.denies = (path) => path === locked.path;
  await round();
  expect([...s3.objects.keys()]).toEqual([locked.path]);
  expect(await store.retention.objects.kept()).toEqual([{ bucket: 'ours', count: 1, problem: 'AccessDenied' }]);
  await round();
  expect(s3.removals.filter((path) => path === locked.path)).toHaveLength(1);
  s3.denies = () => false;
  await laterBy(1.1);
  await round();
  expect([s3.objects.size, await marked()]).toEqual([0, 0]);

  s3.denies = () => true;
  for (let n = 0; n < 5; n += 1) await uploaded(6);
  await round();
  await laterBy(8);
  s3.removals.length = 0;
  await round();
  expect(s3.removals).toHaveLength(3);
});
