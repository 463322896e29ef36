import { readdir } from 'node:fs/promises';
import type { Executor } from './database.js';
import { ACTIVE } from './figures.js';
import { parseState, UnreadableRow } from './rollout-state.js';

/** A deployment that needs somebody's eye, with what a sentence about it needs. */
export interface TroubledRow {
  readonly deploymentId: string;
  readonly target: string;
  readonly phase: string;
  /** How late its wake-up is, milliseconds; 0 when it is not. */
  readonly lateMs: number;
  /** How long its source of evidence has been silent, milliseconds; absent when it answers. */
  readonly silentMs?: number;
  /** How long looking at it has been failing, milliseconds; absent when it does not. */
  readonly stuckMs?: number;
  /** What the judge said last. */
  readonly evidence?: string;
}

const LATE = `GREATEST(0, COALESCE(round(extract(epoch FROM clock_timestamp() - d.next_at) * 1000), 0))::float8 AS "lateMs"`;
/** Rows whose inside must be read to know whether something is wrong with them: so many are looked at, no more. */
const LOOKS_AT = 1_000;
const ABOUT = `d.id AS "deploymentId", t.name AS target, d.phase, ${LATE}`;
const LIVE = `deployments d JOIN targets t ON t.id = d.target_id`;

export function troubleRows(executor: Executor) {
  const ask = async (sql: string, values: unknown[]) => (await executor.query<TroubledRow>(sql, values)).rows;
  return {
    /** With more live deployments than this, `silent` and `unreadable` have not looked at all of them. */
    looksAt: LOOKS_AT,
    /** Most overdue first, without those that stand still for a reason of their own and those in `except`. */
    overdue: (projectId: string, lateMs: number, except: readonly string[], limit: number) =>
      ask(
        `SELECT ${ABOUT} FROM ${LIVE} WHERE d.project_id = $1 AND d.stuck_since IS NULL AND d.id <> ALL ($4::uuid[])
           AND d.next_at < statement_timestamp() - $2 * interval '1 millisecond' ORDER BY d.next_at LIMIT $3`,
        [projectId, lateMs, limit, except],
      ),
    /** Those that wait for a person: drifted, or with a restore that was refused. */
    held: (projectId: string, limit: number) =>
      ask(
        `SELECT ${ABOUT} FROM ${LIVE} WHERE d.project_id = $1 AND d.phase IN ('drifted', 'needs_human')
         ORDER BY d.updated_at LIMIT $2`,
        [projectId, limit],
      ),
    /** Canaries whose source of evidence does not answer, longest first; looked for among so many as `looksAt` says. */
    silent: (projectId: string, limit: number) =>
      ask(
        `SELECT * FROM (
           SELECT ${ABOUT}, d.evidence ->> 'sentence' AS evidence, extract(epoch FROM clock_timestamp())::float8 * 1000
             - (d.evidence -> 'judge' ->> 'silentSinceMs')::float8 AS "silentMs"
           FROM ${LIVE} WHERE d.project_id = $1 AND d.phase IN ('baking', 'gated', 'paused')
           ORDER BY d.reconcile_at LIMIT ${LOOKS_AT}
         ) watched WHERE "silentMs" IS NOT NULL ORDER BY "silentMs" DESC LIMIT $2`,
        [projectId, limit],
      ),
    /** Those that failed for a reason of their own when they were looked at, and are looked at ever more seldom. */
    stuck: (projectId: string, except: readonly string[], limit: number) =>
      ask(
        `SELECT ${ABOUT}, (extract(epoch FROM clock_timestamp() - d.stuck_since) * 1000)::float8 AS "stuckMs"
         FROM ${LIVE} WHERE d.project_id = $1 AND d.stuck_since IS NOT NULL AND d.ended_at IS NULL
           AND d.id <> ALL ($3::uuid[]) ORDER BY d.stuck_since LIMIT $2`,
        [projectId, limit, except],
      ),
    /**
     * Rows that have not ended and that this release cannot read, among those next in line, those that wait for a
     * person and those longest stuck, so many of each as `looksAt` says.
     */
    unreadable: (projectId: string) => unreadableRows(executor, projectId),
  };
}

async function unreadableRows(executor: Executor, projectId: string): Promise<TroubledRow[]> {
  const { rows } = await executor.query<TroubledRow & { state: unknown }>(
    `(SELECT ${ABOUT}, d.state FROM ${LIVE} WHERE d.project_id = $1 AND d.next_at IS NOT NULL AND d.ended_at IS NULL
     ORDER BY d.next_at LIMIT ${LOOKS_AT})
     UNION ALL
     (SELECT ${ABOUT}, d.state FROM (SELECT * FROM deployments WHERE ${ACTIVE}) d JOIN targets t ON t.id = d.target_id
     WHERE d.project_id = $1 AND d.next_at IS NULL LIMIT ${LOOKS_AT})
     UNION ALL
     (SELECT ${ABOUT}, d.state FROM ${LIVE} WHERE d.project_id = $1 AND d.stuck_since IS NOT NULL AND d.ended_at IS NULL
     ORDER BY d.stuck_since LIMIT ${LOOKS_AT})`,
    [projectId],
  );
  const unreadable = rows.filter(({ state, deploymentId }) => !canRead(state, deploymentId));
  return [...new Map(unreadable.map((row) => [row.deploymentId, row])).values()];
}

function canRead(state: unknown, deploymentId: string): boolean {
  try {
    parseState(state, deploymentId);
    return true;
  } catch (error) {
    if (error instanceof UnreadableRow) return false;
    throw error;
  }
}

export interface MigrationsSeen {
  /** In this checkout, not in the database. */
  readonly missing: readonly string[];
  /** In the database, not in this checkout: a newer release has been here. */
  readonly unknown: readonly string[];
}

export async function compareMigrations(executor: Executor, folder: string): Promise<MigrationsSeen> {
  const entries = await readdir(folder, { withFileTypes: true });
  const ours = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const { rows } = await executor.query<{ name: string }>(
    `SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
  );
  const applied = rows.map(({ name }) => name);
  return {
    missing: ours.filter((name) => !applied.includes(name)).sort(),
    unknown: applied.filter((name) => !ours.includes(name)).sort(),
  };
}
