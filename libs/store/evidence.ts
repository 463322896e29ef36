import type { Executor } from './database.js';

/** The evidence blocks of one deployment in the order the judge was fed. */
export async function evidenceBlocks(executor: Executor, deploymentId: string): Promise<unknown[]> {
  const { rows } = await executor.query<{ block: unknown }>(
    'SELECT block FROM evidence_blocks WHERE deployment_id = $1 ORDER BY start_ms',
    [deploymentId],
  );
  return rows.map((row) => row.block);
}

export interface RecordedEvidence {
  readonly deploymentId: string;
  readonly phase: string;
  readonly blocks: unknown[];
}

/** The latest ended deployments of a target that left evidence, newest first. */
export async function recordedEvidence(
  executor: Executor,
  targetId: string,
  limit: number,
): Promise<RecordedEvidence[]> {
  const { rows } = await executor.query<RecordedEvidence>(
    `SELECT d.id AS "deploymentId", d.phase, jsonb_agg(b.block ORDER BY b.start_ms) AS blocks
     FROM deployments d JOIN evidence_blocks b ON b.deployment_id = d.id
     WHERE d.target_id = $1 AND d.ended_at IS NOT NULL
     GROUP BY d.id, d.phase, d.created_at ORDER BY d.created_at DESC LIMIT $2`,
    [targetId, limit],
  );
  return rows;
}
