import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { migrate } from '../../libs/store/migrate.js';
import { patiently } from '../world/patiently.js';
import type { Expectation } from './story.js';

/** The database of one release: every row of every table as JSON, one a line, and the schema's history by name. */
export interface Dump {
  readonly migrations: readonly string[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
}

/** What the whole fixture says about itself. */
export interface FixtureHead {
  readonly release: string;
  readonly migrations: readonly string[];
  /** When each deployment was left, in milliseconds of database time: its clocks go on from there. */
  readonly leftAt: Readonly<Record<string, number>>;
  readonly expectations: readonly Expectation[];
}

export const FIXTURES = join('test', 'upgrade', 'fixtures');
/** What the emulator remembers; the rest of its folder it makes anew at every start. */
const LAMBDA = ['state.json', 'code'];
const HISTORY = '_prisma_migrations';

/** The queue's own tables lie in other schemas and are left behind: wake-ups are hints. */
export async function dumpDatabase(databaseUrl: string): Promise<Dump> {
  return patiently(databaseUrl, async (client) => {
    const migrations = await client.query<{ name: string }>(
      `SELECT migration_name AS name FROM ${HISTORY} ORDER BY migration_name`,
    );
    const tables = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1 ORDER BY tablename`,
      [HISTORY],
    );
    const rows: TableRow[] = [];
    for (const { name } of tables.rows) {
      const found = await client.query<{ row: TableRow['row'] }>(`SELECT to_jsonb(t) AS row FROM "${name}" t`);
      rows.push(...found.rows.map(({ row }) => ({ table: name, row })));
    }
    return { migrations: migrations.rows.map(({ name }) => name), rows };
  });
}

/** An empty database becomes the one that the release left behind, at this moment: no time has passed for it since. */
export async function loadDatabase(databaseUrl: string, release: string): Promise<FixtureHead> {
  const folder = join(FIXTURES, release);
  const head = JSON.parse(readFileSync(join(folder, 'fixture.json'), 'utf8')) as FixtureHead;
  await migrateTo(databaseUrl, head.migrations);
  const lines = readFileSync(join(folder, 'database.jsonl'), 'utf8').trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as TableRow);
  await patiently(databaseUrl, async (client) => {
    // What all stories share, such as the project and the call budget, is there once for each: the first stays.
    // Rows come in no order that foreign keys would like, and the first migration's own row is among them.
    await client.query('SET session_replication_role = replica');
    const tables = [...new Set(rows.map(({ table }) => table))];
    for (const table of tables) {
      const own = rows.filter((row) => row.table === table).map(({ row }) => row);
      await client.query(`DELETE FROM "${table}"`);
      await client.query(
        `INSERT INTO "${table}" SELECT * FROM jsonb_populate_recordset(NULL::"${table}", $1) ON CONFLICT DO NOTHING`,
        [JSON.stringify(own)],
      );
    }
    for (const [id, leftAt] of Object.entries(head.leftAt)) await wakeUpNow(client, id, leftAt);
  });
  return head;
}

/** Brings a database to the schema that knows these migrations and no others: what an older release would do. */
export async function migrateTo(databaseUrl: string, names: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-migrations-'));
  for (const name of names) cpSync(join('prisma', 'migrations', name), join(folder, name), { recursive: true });
  await migrate(databaseUrl, folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

const CLOCKS = ['since', 'deadlineAt', 'bakeStartedAt', 'bakeUntil', 'confirmedAt'] as const;

/** Moves a deployment's clocks by the time the fixture has lain in its file; its history stays as it was written. */
async function wakeUpNow(client: pg.Client, id: string, leftAt: number): Promise<void> {
  const { rows } = await client.query<{ state: Record<string, unknown>; now: number }>(
    `SELECT state, round(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
     FROM deployments WHERE id = $1 AND ended_at IS NULL`,
    [id],
  );
  const found = rows[0];
  if (!found) return;
  const byMs = found.now - leftAt;
  const state = { ...found.state };
  for (const clock of CLOCKS) if (typeof state[clock] === 'number') state[clock] = (state[clock] as number) + byMs;
  await client.query(
    `UPDATE deployments SET state = $2, next_at = next_at + $3 * interval '1 millisecond',
       lease_until = lease_until + $3 * interval '1 millisecond', reconciled_at = NULL WHERE id = $1`,
    [id, JSON.stringify(state), byMs],
  );
}

export function writeFixture(head: FixtureHead, rows: readonly TableRow[], emulatorFolder: string): string {
  const folder = join(FIXTURES, head.release);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'fixture.json'), `${JSON.stringify(head, undefined, 2)}\n`);
  const lines = [...new Set(rows.map((row) => JSON.stringify(row)))];
  writeFileSync(join(folder, 'database.jsonl'), `${lines.join('\n')}\n`);
  for (const part of LAMBDA) cpSync(join(emulatorFolder, part), join(folder, 'emulator', part), { recursive: true });
  return folder;
}

/** The releases there are fixtures of, oldest first. */
export function fixtureReleases(): string[] {
  return readdirSync(FIXTURES).sort();
}

/** Lambda as the release left it, in a folder of its own that may be changed. */
export function copyOfLambda(release: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-upgrade-'));
  cpSync(join(FIXTURES, release, 'emulator'), folder, { recursive: true });
  return folder;
}
