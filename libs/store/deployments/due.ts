import type { Executor } from '../database.js';

export interface Due {
  readonly deploymentId: string;
  readonly sequence: number;
  readonly phase: string;
}

/**
 * Rows whose time has come and that nobody holds, most overdue first. `graceMs` leaves the queue the time to deliver
 * by itself.
 */
export async function findOverdue(executor: Executor, graceMs: number, limit: number): Promise<Due[]> {
  const { rows } = await executor.query<Due>(
    `SELECT id AS "deploymentId", sequence, phase FROM deployments
     WHERE next_at <= clock_timestamp() - $1 * interval '1 millisecond'
       AND (lease_until IS NULL OR lease_until <= clock_timestamp())
     ORDER BY next_at LIMIT $2`,
    [graceMs, limit],
  );
  return rows;
}

export interface Armed {
  readonly deploymentId: string;
  readonly sequence: number;
  /** Until its time comes; 0 when that is past. */
  readonly delayMs: number;
}

/** Every row that wants to be looked at some time, in order of id, a page at a time: for a queue that lost everything. */
export async function listArmed(executor: Executor, after: string | undefined, limit: number): Promise<Armed[]> {
  const { rows } = await executor.query<Armed>(
    `SELECT id AS "deploymentId", sequence,
       GREATEST(0, extract(epoch FROM next_at - clock_timestamp()) * 1000)::float8 AS "delayMs"
     FROM deployments WHERE next_at IS NOT NULL AND phase <> 'queued' AND ($1::uuid IS NULL OR id > $1)
     ORDER BY id LIMIT $2`,
    [after ?? null, limit],
  );
  return rows;
}

/** The rollback lane: due rollbacks, by an index that holds nothing else. */
export async function findRollbacks(executor: Executor, limit: number): Promise<Due[]> {
  const { rows } = await executor.query<Due>(
    `SELECT id AS "deploymentId", sequence, phase FROM deployments
     WHERE phase = 'rolling_back' AND next_at <= clock_timestamp()
       AND (lease_until IS NULL OR lease_until <= clock_timestamp())
     ORDER BY next_at LIMIT $1`,
    [limit],
  );
  return rows;
}

/**
 * Takes live canaries that were not compared with the real alias for `ageMs`, longest ago first. Two reconcilers never
 * take the same row.
 */
export async function takeForReconciling(executor: Executor, ageMs: number, limit: number): Promise<string[]> {
  const { rows } = await executor.query<{ id: string }>(
    `UPDATE deployments SET reconciled_at = clock_timestamp() WHERE id IN (
       SELECT id FROM deployments WHERE phase IN ('baking', 'gated', 'paused')
         AND (reconciled_at IS NULL OR reconciled_at < clock_timestamp() - $1 * interval '1 millisecond')
       ORDER BY reconciled_at NULLS FIRST LIMIT $2 FOR UPDATE SKIP LOCKED)
     RETURNING id`,
    [ageMs, limit],
  );
  return rows.map((row) => row.id);
}

export interface Backlog {
  /** Deployments that should have been looked at more than `lateMs` ago. */
  readonly overdue: number;
  readonly oldestOverdueMs: number;
  readonly active: number;
  readonly queued: number;
  readonly held: number;
}

/** What `/ready` and the metrics say: overdue work, not a green Redis. */
export async function readBacklog(executor: Executor, lateMs: number): Promise<Backlog> {
  const { rows } = await executor.query<Backlog>(
    `SELECT
       count(*) FILTER (WHERE next_at < clock_timestamp() - $1 * interval '1 millisecond')::int AS overdue,
       COALESCE(round(extract(epoch FROM max(clock_timestamp() - next_at)) * 1000)::float8, 0) AS "oldestOverdueMs",
       count(*) FILTER (WHERE phase <> 'queued')::int AS active,
       count(*) FILTER (WHERE phase = 'queued')::int AS queued,
       count(*) FILTER (WHERE phase IN ('drifted', 'needs_human'))::int AS held
     FROM deployments WHERE ended_at IS NULL`,
    [lateMs],
  );
  return rows[0] ?? { overdue: 0, oldestOverdueMs: 0, active: 0, queued: 0, held: 0 };
}
