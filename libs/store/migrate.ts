import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** Only one process migrates at a time; the others wait here and then find nothing to do. */
const MIGRATION_LOCK = 7_146_180_023;

/** The history table that `prisma migrate deploy` keeps, so that both can be used on one database. */
const HISTORY_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

/** The database cannot be brought to this release's schema; `message` says which migration and what to do. */
export class MigrationError extends Error {}

interface Migration {
  readonly name: string;
  readonly sql: string;
}

/**
 * Applies what is missing of `migrationsDir`, offline, each migration in a transaction of its own together with its
 * line in the history. Prisma's WebAssembly engine is not used for this: it splits scripts at every semicolon, those
 * in function bodies and comments included. Returns the names applied. A database that a newer release has upgraded is
 * refused when that release said so; else `onNewer` is told what this release does not know.
 */
export async function migrate(
  databaseUrl: string,
  migrationsDir: string,
  onNewer: (names: readonly string[]) => void = () => undefined,
): Promise<string[]> {
  const migrations = await readMigrations(migrationsDir);
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'sluice-migrate' });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(HISTORY_TABLE);
    const missing = await findMissing(client, migrations);
    const newer = await findNewer(client, migrations);
    for (const migration of missing) await apply(client, migration);
    if (newer.length > 0) onNewer(newer);
    return missing.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => ({ name, sql: await readFile(join(folder, name, 'migration.sql'), 'utf8') })),
  );
}

async function findMissing(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ migration_name: string; checksum: string; finished_at: Date | null }>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  const known = new Map(rows.map((row) => [row.migration_name, row]));
  return migrations.filter((migration) => {
    const row = known.get(migration.name);
    if (!row) return true;
    if (!row.finished_at) {
      throw new MigrationError(
        `Migration ${migration.name} was begun by another tool and not finished. Mend it with "prisma migrate resolve", then start again.`,
      );
    }
    if (row.checksum !== checksum(migration)) {
      throw new MigrationError(
        `Migration ${migration.name} differs from the one this database was made with: the database belongs to another build of Sluice.`,
      );
    }
    return false;
  });
}

/**
 * What was applied that this release does not know. Migrations only add, so that a release may be rolled out, and back,
 * while both run; one that does not leaves its name in `schema_floor`, and releases that do not know it stop here.
 */
async function findNewer(client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  const own = new Set(migrations.map(({ name }) => name));
  const applied = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL
     ORDER BY migration_name`,
  );
  const newer = applied.rows.map(({ name }) => name).filter((name) => !own.has(name));
  const hasFloor = await client.query<{ there: boolean }>(`SELECT to_regclass('schema_floor') IS NOT NULL AS there`);
  if (newer.length === 0 || !hasFloor.rows[0]?.there) return newer;
  const { rows } = await client.query<{ migration: string }>('SELECT migration FROM schema_floor');
  const floor = rows[0]?.migration;
  if (floor === undefined || own.has(floor)) return newer;
  throw new MigrationError(
    `This database was upgraded by a newer release of Sluice (migration ${floor}), and this release cannot work with it. Start the newer release again; to go back for good, restore a backup from before the upgrade (docs/operations.md).`,
  );
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, clock_timestamp(), $3, 1)`,
      [randomUUID(), checksum(migration), migration.name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    const text = error instanceof Error ? error.message : String(error);
    throw new MigrationError(`Migration ${migration.name} failed and was undone: ${text}`, { cause: error });
  }
}

function checksum(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}
