import type { FindingView } from '#contracts';
import type { QueueState } from '#queue';
import type { WorkerReport } from '#store';
import { checkout, factsUntilBaking, startTestApi, type TestApi } from '../../../test/world/api.js';
import { healthyQueue, healthyWorker } from '../../../test/world/healthy.js';

let queue: QueueState | undefined;
/** How far the API's own clock is off, milliseconds. */
let skewMs: number;
let api: TestApi;
beforeEach(async () => {
  queue = healthyQueue;
  skewMs = 0;
  const inspect = async () => queue ?? Promise.reject(new Error('The queue did not answer in time.'));
  api = await startTestApi({
    parts: (parts) => ({
      ...parts,
      queue: { add: async () => undefined, inspect },
      clock: { ...parts.clock, now: () => parts.clock.now() + skewMs },
    }),
  });
  await api.client.createTarget(checkout);
  await worker();
});
afterEach(() => api.close());

const worker = (change: Partial<WorkerReport> = {}, name = 'worker:here:1') =>
  api.store.workerReports.write(name, { ...healthyWorker, ...change });
const sql = (text: string, ...values: unknown[]) => api.store.pool.query(text, values);

async function trouble(): Promise<FindingView[]> {
  const { findings } = await api.client.doctor();
  return findings.filter(({ state }) => state !== 'ok');
}

async function accept(): Promise<string> {
  const strategy = { type: 'canary', weightPercent: 10, bake: '1h' } as const;
  return (await api.client.createDeployment({ target: 'checkout', configuration: { memorySize: 256 }, strategy })).id;
}

/** Exactly one thing is wrong, and it is explained: what, why, what to do. */
async function expectOne(expected: { name: string; state: string; sentence: RegExp; remedy: RegExp }): Promise<void> {
  const found = await trouble();
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ name: expected.name, state: expected.state });
  expect(found[0]?.sentence).toMatch(expected.sentence);
  expect(found[0]?.remedy).toMatch(expected.remedy);
  expect(found[0]?.why).toMatch(/^[A-Z].{20,}\.$/s);
}

test('when all is well every part is named and nothing else is said', async () => {
  const { findings } = await api.client.doctor();
  const names = 'workers overdue rows held evidence aws budget queue clocks schema retention';
  expect(findings.map(({ name }) => name).join(' ')).toBe(names);
  expect(await trouble()).toEqual([]);
});

test('overdue work', async () => {
  const id = await accept();
  await api.tell(id, ...factsUntilBaking());
  await sql("UPDATE deployments SET next_at = now() - interval '280 seconds' WHERE id = $1", id);
  const sentence = /^Overdue by 4m4\ds: it is baking and nobody went on\.$/;
  await expectOne({
    name: 'deployment of checkout',
    state: 'bad',
    sentence,
    remedy: /look for [0-9a-f-]{36} in its log/,
  });
});

test('no worker at all, and one that died alone or beside another', async () => {
  await api.store.workerReports.remove('worker:here:1');
  await expectOne({ name: 'workers', state: 'bad', sentence: /^No worker has ever/, remedy: /npm start/ });
  await worker({}, 'worker:gone:2');
  await sql("UPDATE worker_reports SET seen_at = now() - interval '4 minutes'");
  const sentence = /^worker:gone:2 has said nothing for 4m/;
  await expectOne({
    name: 'workers',
    state: 'bad',
    sentence,
    remedy: /aws command that "sluice status TARGET" prints/,
  });
  await worker();
  await expectOne({ name: 'workers', state: 'warning', sentence, remedy: /do nothing/ });
});

test('without a worker nothing is claimed that only a worker can know', async () => {
  await api.store.workerReports.remove('worker:here:1');
  const { findings } = await api.client.doctor();
  expect(findings.map(({ name }) => name).join(' ')).toBe(
    'workers overdue rows held evidence queue clocks schema retention',
  );
});

test('a list that is longer than what is told one by one says how long it is', async () => {
  const ids: string[] = [];
  for (let row = 0; row < 52; row += 1) ids.push(await accept());
  const some = (from: number, count: number) => ids.slice(from, from + count);
  await sql("UPDATE deployments SET next_at = now() + interval '1 hour'");
  await sql("UPDATE deployments SET next_at = now() - interval '1 hour' WHERE id = ANY($1)", some(0, 13));
  await sql(`UPDATE deployments SET state = '{"phase": "queued"}' WHERE id = ANY($1)`, some(13, 25));
  await sql("UPDATE deployments SET stuck_since = now() - interval '1 hour' WHERE id = ANY($1)", some(38, 11));
  for (let n = 0; n < 12; n += 1) await worker({ clockSkewMs: 600_000, rounds: {} }, `worker:late:${n}`);
  for (let n = 0; n < 14; n += 1) await worker({}, `worker:gone:${n}`);
  await sql("UPDATE worker_reports SET seen_at = now() - interval '4 minutes' WHERE name LIKE 'worker:gone:%'");
  const told = (await trouble()).filter(({ sentence }) => /: \d+ more\.$/.test(sentence));
  const dead = (await trouble()).filter(({ sentence }) => sentence.includes('goodbye'));
  expect(dead.map(({ sentence }) => sentence)).toEqual([
    expect.stringMatching(
      /^14 workers have said nothing.*: (worker:gone:\d+ for 4m\d*s?, ){9}worker:gone:\d+ for 4m\d*s?, and 4 more\.$/,
    ),
  ]);
  expect(told.map(({ name, state, sentence }) => [name, state, sentence])).toEqual([
    ['overdue', 'bad', 'Overdue as well, by less: 3 more.'],
    ['rows', 'bad', 'Unreadable as well: 15 more.'],
    ['stuck', 'bad', 'Stuck as well, for a shorter time: 1 more.'],
    ['clocks', 'bad', 'Processes with a clock that is off as well: 2 more.'],
  ]);
});

test('what is counted ends at a thousand, and says so', async () => {
  const id = await accept();
  await sql("UPDATE deployments SET next_at = now() - interval '1 hour' WHERE id = $1", id);
  await sql(
    `INSERT INTO deployments (id, project_id, target_id, kind, phase, sequence, state, requested_by, next_at, last_hash)
     SELECT gen_random_uuid(), project_id, target_id, kind, phase, sequence, state, 'others', next_at, ''
     FROM deployments, generate_series(1, 1100) WHERE id = $1`,
    id,
  );
  const overdue = (await trouble()).filter(({ sentence }) => /[Oo]verdue/.test(sentence));
  expect(overdue).toHaveLength(11);
  expect(overdue.at(-1)?.sentence).toBe('Overdue as well, by less: at least 990 more.');
});

test('a worker whose rounds fail, and one that is short of breath', async () => {
  await worker({ rounds: { sweep: { agoMs: 1, tookMs: 1, problem: 'ECONNREFUSED' } } });
  const failed = /last round of sweep failed with ECONNREFUSED\.$/;
  await expectOne({ name: 'workers', state: 'bad', sentence: failed, remedy: /A round failed/ });
  await worker({ eventLoopLagMs: 900 });
  await expectOne({ name: 'workers', state: 'warning', sentence: /event loop is 900 ms late/, remedy: /more CPU/ });
});

test('a call budget that is too small', async () => {
  const lane = { accountId: '000000000000', region: 'us-east-1', lane: 'ordinary' };
  await worker({ refusals: [{ ...lane, count: 19 }] });
  expect(await trouble()).toEqual([]);
  await worker({ refusals: [{ ...lane, count: 15 }] });
  await worker({ refusals: [{ ...lane, count: 15 }] }, 'worker:here:2');
  const sentence = /^000000000000 us-east-1, ordinary calls: 30 calls/;
  await expectOne({ name: 'budget', state: 'warning', sentence, remedy: /SLUICE_LAMBDA_CALLS_PER_SECOND/ });
});

test('a Redis that may lose wake-ups, and one that does not answer', async () => {
  const sentence = 'REDIS WILL THROW AWAY WAKE-UPS when its memory is full.';
  const policy = { setting: 'maxmemory_policy', found: 'allkeys-lru', sentence };
  queue = { ...healthyQueue, findings: [policy] };
  await expectOne({
    name: 'redis',
    state: 'bad',
    sentence: /^maxmemory_policy is allkeys-lru\./,
    remedy: /noeviction/,
  });
  queue = healthyQueue;
  const aof = { setting: 'aof_enabled', found: '0', sentence: 'Redis forgets.' };
  await worker({ queue: { engine: 'redis', ok: true, findings: [aof] } });
  await expectOne({ name: 'redis', state: 'warning', sentence: /^aof_enabled is 0\./, remedy: /appendonly yes/ });
  await worker({ queue: { engine: 'redis', ok: false, findings: [] } });
  await expectOne({ name: 'queue', state: 'warning', sentence: /does not answer worker:here:1/, remedy: /REDIS_URL/ });
  await worker();
  queue = undefined;
  await expectOne({ name: 'queue', state: 'warning', sentence: /does not answer this process/, remedy: /Redis back/ });
});

test('clocks that disagree with the database', async () => {
  skewMs = -30_000;
  const sentence = /^The clock of this API process is (30|29)s behind the database’s\.$/;
  await expectOne({ name: 'clocks', state: 'warning', sentence, remedy: /NTP/ });
  skewMs = 0;
  await worker({ clockSkewMs: 600_000 });
  const ahead = /^The clock of worker:here:1 is 10m ahead of/;
  await expectOne({ name: 'clocks', state: 'bad', sentence: ahead, remedy: /NTP/ });
});

test('a schema that is older or newer than this release', async () => {
  await sql("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name LIKE '%evidence_blocks'");
  const older = /^The database lacks \d+_evidence_blocks\.$/;
  await expectOne({ name: 'schema', state: 'bad', sentence: older, remedy: /every process brings the schema/ });
  await sql('UPDATE _prisma_migrations SET rolled_back_at = NULL');
  await sql(
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
     VALUES ('x', 'x', now(), '29991231000000_from_the_future', 1)`,
  );
  const newer = /29991231000000_from_the_future, which this process does not know/;
  await expectOne({ name: 'schema', state: 'warning', sentence: newer, remedy: /newer release/ });
});

test('a deployment that drifted, and one whose restore was refused', async () => {
  const id = await accept();
  const observed = { version: '1' };
  const expected = { version: '1', canary: { version: '2', weightPercent: 10 } };
  await api.tell(id, ...factsUntilBaking(), { type: 'AliasDrifted', expected, observed, observedRevisionId: 'r' });
  const remedy = /sluice resolve checkout/;
  await expectOne({ name: 'deployment of checkout', state: 'bad', sentence: /^It drifted: somebody/, remedy });
  await api.tell(
    id,
    { type: 'RestoreRequested', by: 'somebody' },
    { type: 'ClaimTaken', command: 'Restore', token: 'r', wanted: { version: '1' } },
    { type: 'WriteRefused', reason: { code: 'write_refused', sentence: 'No.' } },
  );
  await expectOne({ name: 'deployment of checkout', state: 'bad', sentence: /^It needs a person/, remedy });
});

test('a row that no release can read is named, stops nothing else, and is not called overdue', async () => {
  const id = await accept();
  await sql(
    `UPDATE deployments SET state = '{"phase": "queued"}', next_at = now() - interval '1 hour' WHERE id = $1`,
    id,
  );
  const sentence = new RegExp(`^Deployment ${id} of checkout is stored in a form`);
  await expectOne({ name: 'rows', state: 'bad', sentence, remedy: /sluice status [0-9a-f-]{36}" prints the aws/ });
});

test('many rows that cannot be read hide neither one that is stuck nor one that is overdue, nor count as more of them', async () => {
  const ids: string[] = [];
  for (let row = 0; row < 24; row += 1) ids.push(await accept());
  const [stuck = '', overdue = '', ...unreadable] = ids;
  await sql("UPDATE deployments SET next_at = now() - interval '1 hour'");
  await sql(
    `UPDATE deployments SET state = '{"phase": "queued"}', next_at = now() - interval '2 hours'
    WHERE id = ANY($1)`,
    unreadable,
  );
  await sql(
    `UPDATE deployments SET stuck_since = now() - interval '2 hours', next_at = now() + interval '1 hour'
    WHERE id = ANY($1)`,
    unreadable.slice(0, 11),
  );
  await sql(
    `UPDATE deployments SET stuck_since = now() - interval '1 hour', next_at = now() + interval '1 hour'
    WHERE id = $1`,
    stuck,
  );
  const named = (await trouble()).filter(({ name }) => name !== 'rows');
  expect(named.map(({ sentence }) => sentence.slice(0, 14))).toEqual(['Overdue by 1h:', 'Looking at it ']);
  expect(named[0]?.remedy).toContain(overdue);
  expect(named[1]?.remedy).toContain(stuck);
});

test('a source of evidence that does not answer', async () => {
  const id = await accept();
  await api.tell(id, ...factsUntilBaking());
  const silentSinceMs = (await api.store.now()) - 120_000;
  const sentence = 'The evidence could not be read: it timed out';
  await api.evidence(id, { verdict: 'inconclusive', sentence, judge: { silentSinceMs } });
  await expectOne({
    name: 'evidence of checkout',
    state: 'bad',
    sentence: /^Its source has not answered for 2m\d*s?\. The evidence could not be read/,
    remedy: /docs\/metrics\.md/,
  });
});

test('code that could not be removed from a bucket, as long as that bucket is pruned', async () => {
  const keep = { historyDays: 0, keepPerTarget: 1, evidenceDays: 0, artifactDays: 30, idempotencyHours: 24 };
  await api.store.retention.begin({ ...keep, bucket: 'ours' });
  await sql(
    `INSERT INTO pruned_objects (artifact_id, bucket, key, remove_at, tries, problem) VALUES
     (gen_random_uuid(), 'ours', 'a', now(), 1, 'AccessDenied'), (gen_random_uuid(), 'ours', 'b', now(), 0, NULL),
     (gen_random_uuid(), 'before', 'c', now(), 3, 'NoSuchBucket')`,
  );
  const sentence = /removed from the bucket ours, one object so far: AccessDenied\.$/;
  await expectOne({ name: 'retention', state: 'warning', sentence, remedy: /DeleteObject on arn:aws:s3:::ours/ });
  await api.store.retention.begin(keep);
  expect(await trouble()).toEqual([]);
});

test('credentials that lack a right, and somebody else who eats the quota', async () => {
  const fault = { operation: 'UpdateAlias', count: 2, agoMs: 4_000, sentence: 'The credentials are not allowed.' };
  await worker({ faults: [{ ...fault, code: 'access_denied' }] });
  const sentence = /^UpdateAlias: access_denied, 2 times within 10 minutes, last 4s ago\. The credentials/;
  await expectOne({ name: 'credentials', state: 'bad', sentence, remedy: /policy in the README/ });
  await worker({ faults: [{ ...fault, code: 'wrong_account' }] });
  await expectOne({ name: 'credentials', state: 'bad', sentence: /^UpdateAlias: wrong_account/, remedy: /account/ });
  await worker({ faults: [{ ...fault, code: 'throttled', count: 1 }] });
  const once = /^UpdateAlias: throttled, once within/;
  await expectOne({ name: 'throttling', state: 'warning', sentence: once, remedy: /SLUICE_LAMBDA_CALLS_PER_SECOND/ });
});

test('deployments are named to keys of their own project only, and nothing is told without a key', async () => {
  const id = await accept();
  await sql("UPDATE deployments SET next_at = now() - interval '1 hour' WHERE id = $1", id);
  await sql("INSERT INTO projects (id, name) VALUES ('other', 'other')");
  const { key } = await api.keyWith(['read'], { projectId: 'other' });
  const answer = await api.call('GET', '/v1/doctor', undefined, { key });
  expect(answer.status).toBe(200);
  expect(JSON.stringify(answer.body)).not.toMatch(new RegExp(`checkout|${id}`));
  expect((await api.call('GET', '/v1/doctor', undefined, { key: null })).status).toBe(401);
});
