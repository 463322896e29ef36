import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '#runtime';

const CONNECTIONS = 16;

export interface RawInserts {
  readonly perSecond: number;
  /** How it was measured, for whoever reads the table. */
  readonly what: string;
}

/** One-row inserts by 16 connections: with pgbench where it is installed, else from one Node process (which is slower). */
export async function rawInserts(databaseUrl: string, folder: string, seconds: number): Promise<RawInserts> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  try {
    await pool.query('CREATE TABLE IF NOT EXISTS raw_rows (id bigserial PRIMARY KEY, note text NOT NULL)');
    const measured = pgbench(databaseUrl, folder, seconds);
    if (measured !== undefined) return { perSecond: measured, what: 'pgbench, one-row inserts, 16 clients' };
    return {
      perSecond: await loop(pool, seconds),
      what: 'one-row inserts from one Node process, 16 connections (no pgbench here)',
    };
  } finally {
    await pool.end();
  }
}

async function loop(pool: pg.Pool, seconds: number): Promise<number> {
  const start = systemClock.monotonic();
  const end = start + seconds * 1000;
  let rows = 0;
  const hand = async () => {
    while (systemClock.monotonic() < end) {
      await pool.query({ name: 'insert', text: 'INSERT INTO raw_rows (note) VALUES ($1)', values: ['a short note'] });
      rows += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, hand));
  return (rows / (systemClock.monotonic() - start)) * 1000;
}

function pgbench(databaseUrl: string, folder: string, seconds: number): number | undefined {
  if (spawnSync('pgbench', ['--version']).status !== 0) return undefined;
  const script = join(folder, 'insert.sql');
  writeFileSync(script, "INSERT INTO raw_rows (note) VALUES ('a short note');\n");
  const flags = ['-n', '-M', 'prepared', '-c', String(CONNECTIONS), '-j', '2', '-T', String(seconds), '-f', script];
  const { stdout } = spawnSync('pgbench', [...flags, databaseUrl], { encoding: 'utf8' });
  const found = /tps = ([\d.]+)/.exec(stdout);
  return found ? Number(found[1]) : undefined;
}
