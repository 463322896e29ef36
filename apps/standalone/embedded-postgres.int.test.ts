import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#runtime';
import { patiently } from '../../test/world/patiently.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';

let folder: string;
const started: EmbeddedPostgres[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-embedded-'));
  // Root's database runs as another user and has to pass through.
  chmodSync(folder, 0o711);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(dataDir = folder, signal?: AbortSignal, durable = false): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataDir,
    clock: systemClock,
    durable,
    ...(signal ? { signal } : {}),
  });
  started.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  return patiently(url, async (client) => (await client.query(sql)).rows);
}

test('what was committed is there after a restart', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.close();
  const second = await start();
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  await second.close();
});

test('a server that outlived its killed owner is stopped and its data taken over', async () => {
  const orphan = await start();
  await query(orphan.url, 'CREATE TABLE kept AS SELECT 1 AS n');
  const heir = await start();
  await orphan.ended;
  expect(await query(heir.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  await heir.close();
});

test('after a kill -9 of the database the next start recovers, even when its process id belongs to a stranger now', async () => {
  const first = await start(folder, undefined, true);
  await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS n');
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  const pidFile = join(folder, 'postgres', 'postmaster.pid');
  const stranger = spawn('sleep', ['60']);
  await once(stranger, 'spawn');
  writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(stranger.pid)));
  const second = await start(folder, undefined, true);
  expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  expect(stranger.exitCode).toBeNull();
  stranger.kill();
  await second.close();
});

test('the password differs from folder to folder, and without it nobody gets in', async () => {
  const postgres = await start();
  const url = new URL(postgres.url);
  url.password = 'password';
  await expect(query(url.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  await postgres.close();
});

test('a folder that holds something else is named, with the remedy', async () => {
  mkdirSync(join(folder, 'postgres'));
  await expect(start()).rejects.toThrow(/not a Postgres data folder.*Move it away/);
});

test('a data folder of another major version is named as such', async () => {
  const postgres = await start();
  await postgres.close();
  writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '12\n');
  await expect(start()).rejects.toThrow(/written by Postgres 12/);
});

test('a damaged data folder is reported in the words of Postgres, with the remedy', async () => {
  const postgres = await start();
  await postgres.close();
  rmSync(join(folder, 'postgres', 'global'), { recursive: true });
  await expect(start()).rejects.toThrow(/did not start[\s\S]*damaged, move it away/);
});

test('a start that is given up leaves no server behind', async () => {
  const stop = new AbortController();
  const starting = start(folder, stop.signal);
  stop.abort(new Error('Ctrl-C'));
  await expect(starting).rejects.toThrow('Ctrl-C');
  expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(false);
});

const asRoot = process.getuid?.() === 0 ? test : undefined;
asRoot?.('below a folder that only root can enter, the data goes where the database can reach it', async () => {
  chmodSync(folder, 0o700);
  const inside = join(folder, 'clone', '.sluice');
  const postgres = await start(inside);
  expect(await query(postgres.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  const elsewhere = readFileSync(join(inside, 'postgres.location'), 'utf8').trim();
  expect(existsSync(join(elsewhere, 'PG_VERSION'))).toBe(true);
  await postgres.close();
  rmSync(inside, { recursive: true });
  const empty = await start(inside);
  expect(await query(empty.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  await empty.close();
  rmSync(join(elsewhere, '..'), { recursive: true, force: true });
});
