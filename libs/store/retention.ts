import type pg from 'pg';
import { PUSHES_KEPT } from './alarm-pushes.js';
import { inTransaction } from './database.js';
import { OBJECT_GRACE, prunedObjectRows } from './pruned-objects.js';

/** How long things are kept; 0 days = for ever. The settings are described in docs/operations.md. */
export interface RetentionPolicy {
  readonly historyDays: number;
  readonly keepPerTarget: number;
  readonly evidenceDays: number;
  readonly artifactDays: number;
  readonly idempotencyHours: number;
  /** Code in this bucket goes as well, and its object after it (`objects`); absent: no bucket is touched. */
  readonly bucket?: string;
}

/** What the workers have been told to keep, and what they have pruned so far. Times in milliseconds of database time. */
export interface RetentionReport {
  readonly policy: RetentionPolicy;
  readonly deployments: number;
  readonly events: number;
  /** When the newest pruned deployment had ended; absent when none was pruned. */
  readonly newestPrunedAt: number | undefined;
  readonly ranAt: number;
}

/** A deployment of which only its last line is left. */
export interface PrunedRow {
  readonly id: string;
  readonly phase: string;
  readonly endedAt: number;
  readonly prunedAt: number;
}

export interface Pruned {
  readonly deployments: number;
  readonly events: number;
}

/** One pruning at a time in the whole database: more would only be in each other's way. */
const PRUNING_LOCK = 7_146_180_024;

/** An upload that has not ended after a day never will. */
const UPLOAD_PATIENCE = "interval '1 day'";

/**
 * The histories of one target that may go, oldest first. What stays: everything that has not ended; the latest
 * `$3` deployments; the latest `$3` promoted ones, which are what a rollback goes back to; and whatever an idempotency
 * key may still answer with.
 */
const MAY_GO = `
WITH kept AS (
  (SELECT id FROM deployments WHERE target_id = $1 ORDER BY created_at DESC, id DESC LIMIT $3)
  UNION
  (SELECT id FROM deployments WHERE target_id = $1 AND phase = 'succeeded' AND state ->> 'result' = 'promoted'
   ORDER BY created_at DESC, id DESC LIMIT $3)
)
SELECT d.id FROM deployments d
WHERE d.target_id = $1 AND d.ended_at < clock_timestamp() - $2 * interval '1 day'
  AND d.created_at < clock_timestamp() - $4 * interval '1 hour' AND d.id NOT IN (SELECT id FROM kept)
ORDER BY d.created_at, d.id LIMIT $5 FOR UPDATE OF d SKIP LOCKED`;

/** The line that stays behind. It comes first: the database lets no event go without it. */
const LEAVE_LINE = `
INSERT INTO pruned_deployments (id, project_id, target_id, kind, phase, canary_version, rollback_version, requested_by,
  events, last_hash, created_at, ended_at)
SELECT id, project_id, target_id, kind, phase, canary_version, rollback_version, requested_by, sequence, last_hash,
  created_at, ended_at
FROM deployments WHERE id = ANY($1::uuid[])`;

const COUNT = `
UPDATE retention SET deployments = deployments + $1, events = events + $2,
  newest_pruned_at = GREATEST(newest_pruned_at, (SELECT max(ended_at) FROM pruned_deployments WHERE id = ANY($3::uuid[])))
WHERE id = 1`;

/**
 * Prunes in small batches, each one transaction: a crash leaves a batch done or not begun. Every call returns how much
 * it did; whoever calls goes on while that is the limit.
 */
export function retentionRounds(pool: pg.Pool) {
  return {
    /** Writes down what is about to be applied, for `report`. */
    async begin(policy: RetentionPolicy): Promise<void> {
      await pool.query(
        `INSERT INTO retention (id, policy, ran_at) VALUES (1, $1, clock_timestamp())
         ON CONFLICT (id) DO UPDATE SET policy = excluded.policy, ran_at = excluded.ran_at`,
        [JSON.stringify(policy)],
      );
    },
    /** Targets with a history old enough to be looked at, in order of id, for going through them a page at a time. */
    async targets(policy: RetentionPolicy, after: string | undefined, limit: number): Promise<string[]> {
      if (policy.historyDays === 0) return [];
      const { rows } = await pool.query<{ id: string }>(
        `SELECT t.id FROM targets t WHERE ($1::uuid IS NULL OR t.id > $1) AND EXISTS (
           SELECT FROM deployments d WHERE d.target_id = t.id AND d.ended_at < clock_timestamp() - $3 * interval '1 day')
         ORDER BY t.id LIMIT $2`,
        [after ?? null, limit, policy.historyDays],
      );
      return rows.map(({ id }) => id);
    },
    pruneHistories: (targetId: string, policy: RetentionPolicy, limit: number) =>
      policy.historyDays === 0 ? nothing : pruneHistories(pool, targetId, policy, limit),
    pruneEvidence: (policy: RetentionPolicy, limit: number) =>
      policy.evidenceDays === 0 ? zero : pruneEvidence(pool, policy, limit),
    pruneArtifacts: (policy: RetentionPolicy, limit: number) =>
      policy.artifactDays === 0 ? zero : pruneArtifacts(pool, policy, limit),
    /** What is left in a bucket of pruned code. */
    objects: prunedObjectRows(pool),
    pruneKeys: (policy: RetentionPolicy, limit: number) => pruneKeys(pool, policy, limit),
    report: () => readReport(pool),
    async pruned(projectId: string, id: string): Promise<PrunedRow | undefined> {
      const { rows } = await pool.query<PrunedRow>(
        `SELECT id, phase, extract(epoch FROM ended_at)::float8 * 1000 AS "endedAt",
           extract(epoch FROM pruned_at)::float8 * 1000 AS "prunedAt"
         FROM pruned_deployments WHERE id = $1 AND project_id = $2`,
        [id, projectId],
      );
      return rows[0];
    },
  };
}

const nothing: Promise<Pruned> = Promise.resolve({ deployments: 0, events: 0 });
const zero = Promise.resolve(0);

/** Runs `work` when nobody else is pruning; else does nothing. */
async function alone<T>(pool: pg.Pool, otherwise: T, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS mine', [
      PRUNING_LOCK,
    ]);
    return rows[0]?.mine ? work(client) : otherwise;
  });
}

function pruneHistories(pool: pg.Pool, targetId: string, policy: RetentionPolicy, limit: number): Promise<Pruned> {
  return alone(pool, { deployments: 0, events: 0 }, async (client) => {
    const { historyDays, keepPerTarget, idempotencyHours } = policy;
    const values = [targetId, historyDays, keepPerTarget, idempotencyHours, limit];
    const found = await client.query<{ id: string }>(MAY_GO, values);
    const ids = found.rows.map(({ id }) => id);
    if (ids.length === 0) return { deployments: 0, events: 0 };
    await client.query(LEAVE_LINE, [ids]);
    await client.query('DELETE FROM evidence_blocks WHERE deployment_id = ANY($1::uuid[])', [ids]);
    await client.query('DELETE FROM probe_payloads WHERE deployment_id = ANY($1::uuid[])', [ids]);
    const events = await client.query('DELETE FROM events WHERE deployment_id = ANY($1::uuid[])', [ids]);
    await client.query('DELETE FROM deployments WHERE id = ANY($1::uuid[])', [ids]);
    const pruned = { deployments: ids.length, events: events.rowCount ?? 0 };
    await client.query(COUNT, [pruned.deployments, pruned.events, ids]);
    return pruned;
  });
}

/** What the judge was fed, of deployments that ended long ago; its last word stays with the deployment. */
function pruneEvidence(pool: pg.Pool, policy: RetentionPolicy, limit: number): Promise<number> {
  return alone(pool, 0, async (client) => {
    const { rowCount } = await client.query(
      `DELETE FROM evidence_blocks WHERE (deployment_id, start_ms) IN (
         SELECT b.deployment_id, b.start_ms FROM evidence_blocks b JOIN deployments d ON d.id = b.deployment_id
         WHERE d.ended_at < clock_timestamp() - $1 * interval '1 day' LIMIT $2)`,
      [policy.evidenceDays, limit],
    );
    return rowCount ?? 0;
  });
}

/** The object is written down in the statement that lets its row go: none is forgotten, and none goes that a row names. */
const LET_GO = `
WITH gone AS (
  DELETE FROM artifacts a WHERE a.id = ANY($1::uuid[])
    AND NOT EXISTS (SELECT FROM deployments d WHERE d.artifact_id = a.id) RETURNING id, kind, storage
), objects AS (
  INSERT INTO pruned_objects (artifact_id, bucket, key, remove_at)
  SELECT id, storage ->> 'bucket', storage ->> 'key', clock_timestamp() + ${OBJECT_GRACE} FROM gone
  WHERE kind = 'zip' AND storage ? 'bucket'
)
SELECT count(*)::int AS count FROM gone`;

/**
 * Code that no deployment refers to. The rows are locked first and asked once more: a deployment that is accepted in
 * this moment keeps its artifact. Code in a bucket is left alone unless that bucket is the one named: a row must not go
 * when nobody will remove its object. What callers only refer to (kind `s3`) is theirs: its row goes, its object never.
 */
function pruneArtifacts(pool: pg.Pool, policy: RetentionPolicy, limit: number): Promise<number> {
  return alone(pool, 0, async (client) => {
    const found = await client.query<{ id: string }>(
      `SELECT a.id FROM artifacts a
       WHERE (a.kind <> 'zip' OR NOT a.storage ? 'bucket' OR a.storage ->> 'bucket' = $3)
         AND NOT EXISTS (SELECT FROM deployments d WHERE d.artifact_id = a.id) AND (
         a.last_used_at < clock_timestamp() - $1 * interval '1 day'
         OR (a.completed_at IS NULL AND a.created_at < clock_timestamp() - ${UPLOAD_PATIENCE}))
       LIMIT $2 FOR UPDATE OF a SKIP LOCKED`,
      [policy.artifactDays, limit, policy.bucket ?? null],
    );
    const { rows } = await client.query<{ count: number }>(LET_GO, [found.rows.map(({ id }) => id)]);
    const count = rows[0]?.count ?? 0;
    await client.query('UPDATE retention SET artifacts = artifacts + $1 WHERE id = 1', [count]);
    return count;
  });
}

function pruneKeys(pool: pg.Pool, policy: RetentionPolicy, limit: number): Promise<number> {
  return alone(pool, 0, async (client) => {
    const { rowCount } = await client.query(
      `DELETE FROM idempotency_keys WHERE (project_id, key) IN (
         SELECT project_id, key FROM idempotency_keys
         WHERE created_at < clock_timestamp() - $1 * interval '1 hour' ORDER BY created_at LIMIT $2)`,
      [policy.idempotencyHours, limit],
    );
    await client.query('DELETE FROM queries WHERE expires_at < clock_timestamp()');
    // Every push forgets the old ones; after the last push nobody would.
    await client.query(`DELETE FROM alarm_pushes WHERE received_at < clock_timestamp() - ${PUSHES_KEPT}`);
    return rowCount ?? 0;
  });
}

async function readReport(pool: pg.Pool): Promise<RetentionReport | undefined> {
  const { rows } = await pool.query<{
    policy: RetentionPolicy;
    deployments: string;
    events: string;
    newest: number | null;
    ran: number;
  }>(
    `SELECT policy, deployments, events, extract(epoch FROM newest_pruned_at)::float8 * 1000 AS newest,
       extract(epoch FROM ran_at)::float8 * 1000 AS ran FROM retention WHERE id = 1`,
  );
  const row = rows[0];
  if (!row) return undefined;
  const { policy, deployments, events, newest, ran } = row;
  return {
    policy,
    deployments: Number(deployments),
    events: Number(events),
    newestPrunedAt: newest ?? undefined,
    ranAt: ran,
  };
}
