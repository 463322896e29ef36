import type { RollbackPointRow } from './api.js';
import { type Executor, prepared } from './database.js';

/**
 * Every version that carried all of a target's traffic, as far as we know, newest first: what a deployment found
 * (`base`) and what one promoted (`published`). Pruning a history forgets none of them.
 */
export async function rollbackPoints(executor: Executor, targetId: string): Promise<RollbackPointRow[]> {
  const { rows } = await executor.query<RollbackPointRow>(
    `SELECT DISTINCT ON (version) version, "deploymentId", origin, at FROM (
       SELECT canary_version AS version, id AS "deploymentId", 'published' AS origin,
         round(extract(epoch FROM ended_at) * 1000)::float8 AS at
       FROM deployments WHERE target_id = $1 AND kind = 'rollout' AND phase = 'succeeded' AND canary_version IS NOT NULL
       UNION ALL
       SELECT rollback_version, id, 'base', round(extract(epoch FROM created_at) * 1000)::float8
       FROM deployments WHERE target_id = $1 AND kind = 'rollout' AND rollback_version IS NOT NULL
       UNION ALL
       SELECT canary_version, id, 'published', round(extract(epoch FROM ended_at) * 1000)::float8
       FROM pruned_deployments
       WHERE target_id = $1 AND kind = 'rollout' AND phase = 'succeeded' AND canary_version IS NOT NULL
       UNION ALL
       SELECT rollback_version, id, 'base', round(extract(epoch FROM created_at) * 1000)::float8
       FROM pruned_deployments WHERE target_id = $1 AND kind = 'rollout' AND rollback_version IS NOT NULL
     ) points ORDER BY version, origin DESC, at`,
    [targetId],
  );
  return rows.sort((left, right) => right.at - left.at);
}

/**
 * What was live before the version that is live now: the rollback point of the deployment that introduced it. Going
 * back twice therefore goes further back, never forward to what was just left.
 */
export async function previousVersion(
  executor: Executor,
  targetId: string,
): Promise<{ live: string; previous: string | undefined } | undefined> {
  const { rows } = await executor.query<{ live: string; previous: string | null }>(
    `WITH last AS (
       SELECT state -> 'value' ->> 'version' AS live FROM deployments
       WHERE target_id = $1 AND ended_at IS NOT NULL AND state -> 'value' ->> 'version' IS NOT NULL
       ORDER BY ended_at DESC, id DESC LIMIT 1)
     SELECT l.live, (
       SELECT d.rollback_version FROM (
         SELECT target_id, kind, phase, canary_version, rollback_version, ended_at FROM deployments
         WHERE target_id = $1
         UNION ALL
         SELECT target_id, kind, phase, canary_version, rollback_version, ended_at FROM pruned_deployments
         WHERE target_id = $1) d
       WHERE d.kind = 'rollout' AND d.phase = 'succeeded' AND d.canary_version = l.live
         AND d.rollback_version <> l.live
       ORDER BY d.ended_at DESC LIMIT 1) AS previous
     FROM last l`,
    [targetId],
  );
  const row = rows[0];
  return row && { live: row.live, previous: row.previous ?? undefined };
}

const HIGHEST = prepared(
  'highest_version',
  `SELECT COALESCE(max(version::bigint), 0)::float8 AS highest FROM versions
   WHERE account_id = $1 AND region = $2 AND function_name = $3`,
);

/** The highest version number on record for a function; 0 when none is. */
export async function highestVersion(
  executor: Executor,
  fn: { accountId: string; region: string; functionName: string },
): Promise<number> {
  const { rows } = await executor.query<{ highest: number }>(HIGHEST([fn.accountId, fn.region, fn.functionName]));
  return rows[0]?.highest ?? 0;
}
