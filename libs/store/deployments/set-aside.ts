import type { Executor } from '../database.js';
import { storableText } from '../storable.js';

/** Looked at again after this long at first; then after as long as it has been stuck, so twice as late each time. */
const FIRST_MS = 5_000;
/** And never later than this: an hour for a row that only another release can read. */
const LONGEST_MS = 3_600_000;
/** A rollback is tried again soon, whatever is in its way. */
const LONGEST_ROLLBACK_MS = 10_000;

const SET_ASIDE = `
UPDATE deployments SET stuck_since = COALESCE(stuck_since, clock_timestamp()), stuck_why = $2,
  next_at = clock_timestamp() + LEAST(
    GREATEST(clock_timestamp() - COALESCE(stuck_since, clock_timestamp()), ${FIRST_MS} * interval '1 millisecond'),
    CASE WHEN phase = 'rolling_back' THEN ${LONGEST_ROLLBACK_MS} ELSE ${LONGEST_MS} END * interval '1 millisecond')
WHERE id = $1 AND ($3::int IS NULL OR sequence = $3) AND ended_at IS NULL AND next_at <= clock_timestamp()
  AND (lease_until IS NULL OR lease_until <= clock_timestamp())
RETURNING round(extract(epoch FROM next_at - clock_timestamp()) * 1000)::float8 AS "againInMs"`;

/**
 * Takes a due deployment out of everybody's way for a while, because looking at it failed for a reason of its own: one
 * row must not keep the sweep busy and the log full. `sequence` is that of the row which made the trouble: one that has
 * moved since, because somebody aborts it say, is not held up by that; `undefined` when it could not even be read. Says
 * in how many milliseconds it will be looked at again; `undefined` when it has moved, is not due or somebody holds it,
 * so that of many who stumble over it one is told. Whoever records or re-arms it clears this.
 */
export async function setAside(
  executor: Executor,
  id: string,
  sequence: number | undefined,
  why: string,
): Promise<number | undefined> {
  const { rows } = await executor.query<{ againInMs: number }>(SET_ASIDE, [
    id,
    storableText(why.slice(0, 2_000)),
    sequence,
  ]);
  return rows[0]?.againInMs;
}

/**
 * Puts on record that a due deployment is stored in a form that a worker cannot read, and leaves its time alone: a worker
 * of the release that can read it takes it, and by recording or re-arming it clears this.
 */
export async function noteUnreadable(executor: Executor, id: string, sequence: number, why: string): Promise<void> {
  await executor.query(
    `UPDATE deployments SET stuck_since = COALESCE(stuck_since, clock_timestamp()), stuck_why = $3
     WHERE id = $1 AND sequence = $2 AND ended_at IS NULL AND next_at <= clock_timestamp()
       AND (lease_until IS NULL OR lease_until <= clock_timestamp())`,
    [id, sequence, storableText(why.slice(0, 2_000))],
  );
}

/** A worker that starts may be of the release that can read what the one before could not. Returns how many there are. */
export async function retrySetAside(executor: Executor): Promise<number> {
  const { rowCount } = await executor.query(
    'UPDATE deployments SET next_at = clock_timestamp() WHERE stuck_since IS NOT NULL AND ended_at IS NULL',
  );
  return rowCount ?? 0;
}
