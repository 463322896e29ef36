import type { Executor } from './database.js';

export interface PrunedObject {
  readonly artifactId: string;
  readonly key: string;
}

/** Objects that could not be removed from one bucket. */
export interface KeptObjects {
  readonly bucket: string;
  readonly count: number;
  /** The name of what the latest try failed with, such as `AccessDenied`. */
  readonly problem: string;
}

/**
 * So long an object outlives its row. Nothing of this database needs it from the first moment; a database restored to a
 * moment of the last week does.
 */
export const OBJECT_GRACE = "interval '7 days'";

/** Until an object that could not be removed is tried again. */
const AGAIN = "interval '1 day'";

/**
 * Objects in a bucket that no row names any more. Their keys are never given out twice, so that removing one twice does no
 * harm: whoever dies between removing and `removed` leaves it to the next one.
 */
export function prunedObjectRows(executor: Executor) {
  return {
    /** Those whose time has come, in order of that time. */
    async due(bucket: string, limit: number): Promise<PrunedObject[]> {
      const { rows } = await executor.query<PrunedObject>(
        `SELECT artifact_id AS "artifactId", key FROM pruned_objects
         WHERE bucket = $1 AND remove_at <= statement_timestamp() ORDER BY remove_at LIMIT $2`,
        [bucket, limit],
      );
      return rows;
    },
    async removed(artifactId: string): Promise<void> {
      await executor.query('DELETE FROM pruned_objects WHERE artifact_id = $1', [artifactId]);
    },
    /** Puts it off, so that one that can never be removed does not stand before all others. */
    async failed(artifactId: string, problem: string): Promise<void> {
      await executor.query(
        `UPDATE pruned_objects SET tries = tries + 1, problem = $2, remove_at = clock_timestamp() + ${AGAIN}
         WHERE artifact_id = $1`,
        [artifactId, problem],
      );
    },
    /** What could not be removed so far, bucket by bucket; counted up to a thousand. */
    async kept(): Promise<KeptObjects[]> {
      const { rows } = await executor.query<KeptObjects>(
        `SELECT bucket, count(*)::int AS count, (array_agg(problem ORDER BY remove_at DESC))[1] AS problem
         FROM (SELECT * FROM pruned_objects WHERE tries > 0 LIMIT 1000) tried GROUP BY bucket ORDER BY bucket`,
      );
      return rows;
    },
  };
}
