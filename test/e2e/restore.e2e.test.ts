import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createClient, type DeploymentView } from '#contracts';
import { silentLogger } from '#runtime';
import { createStore, verifyChain } from '#store';
import { ACCOUNT, EmulatedLambda, handlerCode, REGION, zip } from '../world/emulated-lambda.js';
import { SluiceProcess } from './sluice-process.js';

/**
 * The restore drill of docs/operations.md: real processes, a backup while rollouts are under way, Lambda moving on, the
 * old backup restored. Lambda is an emulator of the test's own, because Lambda is what a backup does not contain.
 */
const lambda = await EmulatedLambda.start();
const sluice = new SluiceProcess({
  SLUICE_EMULATOR: 'off',
  AWS_ENDPOINT_URL: lambda.url,
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: ACCOUNT,
  AWS_SECRET_ACCESS_KEY: 'not-a-secret',
  SLUICE_LAMBDA_CALLS_PER_SECOND: '1000',
});
const backup = join(mkdtempSync(join(tmpdir(), 'sluice-backup-')), 'postgres');

beforeAll(() => sluice.start(), 90_000);
afterAll(async () => {
  await sluice.dispose();
  await lambda.close();
  rmSync(backup, { recursive: true, force: true });
});

const api = () => createClient({ baseUrl: sluice.url, apiKey: sluice.apiKey });
const clusterDir = () => join(sluice.dataDir, 'postgres');

/** As any backup program would: a connection of its own. */
function databaseUrl(): string {
  const port = readFileSync(join(clusterDir(), 'postmaster.pid'), 'utf8').split('\n')[3];
  const password = readFileSync(join(sluice.dataDir, 'postgres.password'), 'utf8').trim();
  return `postgres://sluice:${password}@127.0.0.1:${port}/postgres`;
}

/** What `pg_basebackup` does: the files of a running server, and the log of what was written meanwhile. */
async function takeBackup(): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl() });
  await client.connect();
  await client.query(`SELECT pg_backup_start('drill', true)`);
  // A file that vanishes while it is copied is one that the log brings back.
  spawnSync('cp', ['-a', clusterDir(), backup]);
  const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop()');
  spawnSync('cp', ['-a', `${join(clusterDir(), 'pg_wal')}/.`, join(backup, 'pg_wal')]);
  const label = join(backup, 'backup_label');
  writeFileSync(label, rows[0]?.labelfile ?? '');
  // When root runs the tests, the server is somebody else and has to read and rename it.
  const { uid, gid } = statSync(join(backup, 'PG_VERSION'));
  chownSync(label, uid, gid);
  rmSync(join(backup, 'postmaster.pid'), { force: true });
  await client.end();
}

async function restoreBackup(): Promise<void> {
  await sluice.stop();
  rmSync(clusterDir(), { recursive: true });
  spawnSync('cp', ['-a', backup, clusterDir()]);
  await sluice.start();
}

async function newTarget(name: string): Promise<void> {
  const functionName = await lambda.newFunction(handlerCode('v1'), name);
  await api().createTarget({
    name,
    accountId: ACCOUNT,
    region: REGION,
    functionName,
    aliasName: 'live',
    policy: 'queue',
  });
}

async function deploy(target: string, body: string, bake: string | number): Promise<string> {
  const bytes = zip(handlerCode(body));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { id: artifactId } = await api().uploadArtifact(bytes, { sha256, sizeBytes: bytes.length });
  const strategy = { type: 'canary', weightPercent: 10, bake } as const;
  return (await api().createDeployment({ target, artifact: { id: artifactId }, strategy, analysis: null })).id;
}

async function until(id: string, phase: DeploymentView['phase']): Promise<DeploymentView> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await api().getDeployment(id);
    if (found.phase === phase) return found;
    if (found.ended) throw new Error(`${id} is ${found.phase}: ${found.headline}`);
    await sleep(50);
  }
  throw new Error(`${id} never came to ${phase}: ${(await api().getDeployment(id)).headline}`);
}

/** Promotes what the person sees now. */
async function promote(id: string): Promise<void> {
  await api().promote(id, (await api().getDeployment(id)).sequence);
}

const aliasWrites = async () => (await lambda.log('UpdateAlias')).filter(({ outcome }) => outcome === 'ok').length;

test('an old backup restored under a Lambda that moved on: nothing is overwritten, and everybody is told', async () => {
  for (const name of ['still', 'undone', 'line', 'later']) await newTarget(name);
  const still = await deploy('still', 'v2', '1h');
  const undone = await deploy('undone', 'v2', '1h');
  const first = await deploy('line', 'v2', '1h');
  for (const id of [still, undone, first]) await until(id, 'baking');
  const second = await deploy('line', 'v3', 1);
  await until(second, 'queued');

  await takeBackup();

  await api().abort(undone);
  await until(undone, 'rolled_back');
  await promote(first);
  await until(second, 'succeeded');
  const later = await deploy('later', 'v2', 1);
  await until(later, 'succeeded');
  const [writes, truth] = [await aliasWrites(), await aliases()];

  await restoreBackup();

  // What is as it was goes on; what moved on is reported, with the difference.
  expect((await until(undone, 'drifted')).headline).toMatch(/version 1/);
  await until(first, 'drifted');
  expect((await api().getDeployment(still)).phase).toBe('baking');
  expect((await api().getDeployment(second)).phase).toBe('queued');
  await expect(api().getDeployment(later)).rejects.toMatchObject({ code: 'not_found' });
  expect([await aliasWrites(), await aliases()]).toEqual([writes, truth]);

  // A person decides; what waited in line was asked for before Lambda moved on, and does not ship its old code.
  for (const id of [undone, first]) await api().acceptAsIs(id);
  const refused = await untilEnded(second);
  expect(refused).toMatchObject({ phase: 'failed', reason: { code: 'alias_moved' } });
  expect([await aliasWrites(), await aliases()]).toEqual([writes, truth]);

  await promote(still);
  await until(still, 'succeeded');
  await until(await deploy('later', 'v3', 1), 'succeeded');
  await until(await deploy('line', 'v4', 1), 'succeeded');
  expect(await aliases()).toEqual({ still: '2', undone: '1', line: '4', later: '3' });
  await chainsHold();
}, 180_000);

async function untilEnded(id: string): Promise<DeploymentView> {
  for (;;) {
    const found = await api().getDeployment(id);
    if (found.ended) return found;
    await sleep(50);
  }
}

/** The version of each alias; a weight is shown as well. */
async function aliases(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of ['still', 'undone', 'line', 'later']) {
    const { version, weights } = await lambda.alias(name);
    found[name] = Object.keys(weights).length > 0 ? `${version} ${JSON.stringify(weights)}` : String(version);
  }
  return found;
}

async function chainsHold(): Promise<void> {
  const store = createStore({ databaseUrl: databaseUrl(), poolSize: 2, logger: silentLogger });
  try {
    const { rows } = await store.pool.query<{ id: string }>('SELECT id FROM deployments');
    expect(rows.length).toBeGreaterThanOrEqual(6);
    for (const { id } of rows) expect(verifyChain(await store.events.after(id, 0, 1_000))).toEqual({ ok: true });
  } finally {
    await store.close();
  }
}
