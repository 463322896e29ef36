import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../../test/world/database.js';
import { patiently } from '../../test/world/patiently.js';
import { migrate } from './migrate.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

async function folderWith(migrations: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-migrations-'));
  for (const [name, sql] of Object.entries(migrations)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'migration.sql'), sql);
  }
  return folder;
}

async function select(sql: string): Promise<unknown[]> {
  return patiently(database.url, async (client) => (await client.query(sql)).rows);
}

test('two processes that start at once migrate once', async () => {
  const runs = [migrate(database.url, 'prisma/migrations'), migrate(database.url, 'prisma/migrations')];
  const applied = await Promise.all(runs);
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
  expect(await migrate(database.url, 'prisma/migrations')).toEqual([]);
});

test('a migration that fails is undone as a whole and named', async () => {
  const folder = await folderWith({ '1_bad': 'CREATE TABLE half (id int); CREATE TABLE half (id int);' });
  await expect(migrate(database.url, folder)).rejects.toThrow('Migration 1_bad failed and was undone');
  expect(await select(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }]);
});

test('a database made by another build is refused, not changed', async () => {
  await migrate(database.url, await folderWith({ '1_one': 'CREATE TABLE one (id int)' }));
  const other = await folderWith({ '1_one': 'CREATE TABLE one (id text)' });
  await expect(migrate(database.url, other)).rejects.toThrow('another build of Sluice');
});

describe('a database that a newer release has upgraded', () => {
  const upgraded = async (floor?: string) => {
    await migrate(database.url, 'prisma/migrations');
    const newer = await folderWith({ '99990101000000_newer': 'CREATE TABLE newer (id int)' });
    await cp('prisma/migrations', newer, { recursive: true });
    await migrate(database.url, newer);
    if (floor) await select(`UPDATE schema_floor SET migration = '${floor}'`);
  };

  test('is worked on by an older one as long as migrations only add, and it says so', async () => {
    await upgraded();
    const told: string[] = [];
    expect(await migrate(database.url, 'prisma/migrations', (names) => told.push(...names))).toEqual([]);
    expect(told).toEqual(['99990101000000_newer']);
  });

  test('is refused by an older one when the newer one says that it cannot, with what to do', async () => {
    await upgraded('99990101000000_newer');
    const refusal = migrate(database.url, 'prisma/migrations');
    await expect(refusal).rejects.toThrow(
      'This database was upgraded by a newer release of Sluice (migration 99990101000000_newer), and this release cannot work with it. Start the newer release again; to go back for good, restore a backup from before the upgrade (docs/operations.md).',
    );
  });
});

test('history rows cannot be changed', async () => {
  await migrate(database.url, 'prisma/migrations');
  await expect(select(`UPDATE events SET type = 'x'`)).resolves.toEqual([]);
  const [trigger] = await select(`SELECT tgname FROM pg_trigger WHERE tgname = 'events_append_only'`);
  expect(trigger).toEqual({ tgname: 'events_append_only' });
});
