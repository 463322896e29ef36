import { randomUUID } from 'node:crypto';
import type { Executor } from './database.js';
import { storable } from './storable.js';

/** A question that only a worker can answer, and its answer once there is one. */
export interface QueryRow {
  readonly id: string;
  readonly projectId: string;
  readonly kind: string;
  readonly input: unknown;
  /** Undefined while it waits. */
  readonly result: unknown;
  readonly answered: boolean;
}

/** How long a question is kept, answered or not. */
const KEPT = "interval '1 hour'";
/** How long a worker may take over one answer before another worker may try. */
const LEASE = "interval '30 seconds'";

const COLUMNS = 'id, project_id AS "projectId", kind, input, result, answered_at IS NOT NULL AS answered';

export function queryRows(executor: Executor) {
  return {
    /** Asks; a worker finds it by looking. */
    async ask(projectId: string, kind: string, input: unknown): Promise<string> {
      const id = randomUUID();
      await executor.query(
        `WITH gone AS (DELETE FROM queries WHERE expires_at < now())
         INSERT INTO queries (id, project_id, kind, input, expires_at) VALUES ($1, $2, $3, $4, now() + ${KEPT})`,
        [id, projectId, kind, JSON.stringify(input)],
      );
      return id;
    },
    async get(projectId: string, id: string): Promise<QueryRow | undefined> {
      const { rows } = await executor.query<QueryRow>(
        `SELECT ${COLUMNS} FROM queries WHERE id = $1 AND project_id = $2 AND expires_at > now()`,
        [id, projectId],
      );
      return rows[0];
    },
    /** Takes the oldest open questions for this worker; two workers never take the same one. */
    async take(limit: number): Promise<QueryRow[]> {
      const { rows } = await executor.query<QueryRow>(
        `UPDATE queries SET lease_until = now() + ${LEASE} WHERE id IN (
           SELECT id FROM queries WHERE answered_at IS NULL AND expires_at > now()
             AND (lease_until IS NULL OR lease_until < now())
           ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)
         RETURNING ${COLUMNS}`,
        [limit],
      );
      return rows;
    },
    async answer(id: string, result: unknown): Promise<void> {
      await executor.query('UPDATE queries SET result = $2, answered_at = now(), lease_until = NULL WHERE id = $1', [
        id,
        JSON.stringify(storable(result)),
      ]);
    },
  };
}
