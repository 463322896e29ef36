import type { Executor } from '../database.js';

/** Beside the lanes of the call budget, but no lane of it: the calls themselves take ordinary slots. */
const RECONCILER_LANE = 'reconciler';

export interface Due {
  readonly deploymentId: string;
  readonly sequence: number;
  readonly phase: string;
}

/** A place in the list of what is overdue: the row there, and when it was due, as the database writes it. */
export interface DueCursor {
  readonly dueAt: string;
  readonly deploymentId: string;
}

export type Overdue = Due & Pick<DueCursor, 'dueAt'>;

/**
 * Rows whose time has come and that nobody holds, most overdue first, a page at a time. `graceMs` leaves the queue the
 * time to deliver by itself.
 *
 * Here and below an index is entered at `statement_timestamp()`, the time at which the statement arrived: Postgres does
 * not look `clock_timestamp()` up in an index, because it changes from row to row, and reads every live row instead.
 */
export async function findOverdue(
  executor: Executor,
  graceMs: number,
  limit: number,
  after?: DueCursor,
): Promise<Overdue[]> {
  const { rows } = await executor.query<Overdue>(
    `SELECT id AS "deploymentId", sequence, phase, next_at::text AS "dueAt" FROM deployments
     WHERE next_at <= statement_timestamp() - $1 * interval '1 millisecond'
       AND next_at >= COALESCE($3::timestamptz, '-infinity')
       AND ($3::timestamptz IS NULL OR (next_at, id) > ($3::timestamptz, $4::uuid))
       AND (lease_until IS NULL OR lease_until <= clock_timestamp())
     ORDER BY next_at, id LIMIT $2`,
    [graceMs, limit, after?.dueAt ?? null, after?.deploymentId ?? null],
  );
  return rows;
}

export interface Armed {
  readonly deploymentId: string;
  readonly sequence: number;
  /** Until its time comes; 0 when that is past. */
  readonly delayMs: number;
}

/**
 * Every row that wants to be looked at some time, the most urgent first, a page at a time: for a queue that lost
 * everything. What waits in line is woken by the end of the one before it, and looked for by the sweep.
 */
export async function listArmed(
  executor: Executor,
  after: DueCursor | undefined,
  limit: number,
): Promise<(Armed & DueCursor)[]> {
  const { rows } = await executor.query<Armed & DueCursor>(
    `SELECT id AS "deploymentId", sequence, next_at::text AS "dueAt",
       GREATEST(0, extract(epoch FROM next_at - clock_timestamp()) * 1000)::float8 AS "delayMs"
     FROM deployments WHERE next_at >= COALESCE($1::timestamptz, '-infinity') AND phase <> 'queued'
       AND ($1::timestamptz IS NULL OR (next_at, id) > ($1::timestamptz, $2::uuid))
     ORDER BY next_at, id LIMIT $3`,
    [after?.dueAt ?? null, after?.deploymentId ?? null, limit],
  );
  return rows;
}

/** The rollback lane: due rollbacks, by an index that holds nothing else. */
export async function findRollbacks(executor: Executor, limit: number): Promise<Due[]> {
  const { rows } = await executor.query<Due>(
    `SELECT id AS "deploymentId", sequence, phase FROM deployments
     WHERE phase = 'rolling_back' AND next_at <= statement_timestamp()
       AND (lease_until IS NULL OR lease_until <= clock_timestamp())
     ORDER BY next_at LIMIT $1`,
    [limit],
  );
  return rows;
}

/**
 * Claims whose lease ran out: their holder died, or is as good as dead. No wake-up is on its way for them, so there is
 * nothing to leave the queue time for.
 */
export async function findAbandoned(executor: Executor, limit: number): Promise<Due[]> {
  const { rows } = await executor.query<Due>({
    name: 'abandoned',
    text: `SELECT id AS "deploymentId", sequence, phase FROM deployments
      WHERE next_at <= statement_timestamp() AND lease_until <= clock_timestamp() ORDER BY next_at LIMIT $1`,
    values: [limit],
  });
  return rows;
}

/**
 * Takes live canaries whose turn it is to be compared with the real alias. Each account and region has a line of its own,
 * `spacingMs` between two turns, kept beside the lanes of its call budget: whoever is taken goes to the end of the line.
 * So every canary gets its turn, an account with many does not keep another's waiting, all workers together keep to the
 * pace, and a row whose turn is far away costs nothing. None comes round sooner than after `ageMs`. A row that is new
 * joins the line, and is compared at once only where the line is empty: its own shift has just confirmed it. Rows named
 * in `except`, as `<id>-<sequence>`, keep their turn for somebody else. One that is due keeps its turn as well: whoever
 * walks it is about to look, and the alias is seen by its next write.
 */
export async function takeForReconciling(
  executor: Executor,
  ageMs: number,
  limit: number,
  spacingMs: number,
  except: readonly string[] = [],
): Promise<string[]> {
  const { rows } = await executor.query<{ id: string | null }>(TAKE_TURNS, [ageMs, limit, spacingMs, except]);
  return rows.flatMap(({ id }) => id ?? []);
}

const TAKE_TURNS = `
WITH fresh AS (
  SELECT id, target_id FROM deployments WHERE phase IN ('baking', 'gated', 'paused') AND reconcile_at IS NULL AND stuck_since IS NULL
    AND (next_at IS NULL OR next_at > statement_timestamp())
    AND id || '-' || sequence <> ALL ($4::text[])
  LIMIT $2 FOR UPDATE SKIP LOCKED
), due AS (
  SELECT id, target_id FROM deployments
  WHERE phase IN ('baking', 'gated', 'paused') AND reconcile_at <= statement_timestamp() AND stuck_since IS NULL
    AND (next_at IS NULL OR next_at > statement_timestamp())
    AND id || '-' || sequence <> ALL ($4::text[])
  ORDER BY reconcile_at LIMIT $2 FOR UPDATE SKIP LOCKED
), taken AS (
  SELECT r.id, r.is_due, t.account_id, t.region,
    row_number() OVER (PARTITION BY t.account_id, t.region ORDER BY r.is_due DESC, r.id) AS turn
  FROM (SELECT id, target_id, true AS is_due FROM due UNION ALL SELECT id, target_id, false FROM fresh) r
  JOIN targets t ON t.id = r.target_id
), lines AS (
  INSERT INTO call_budgets AS line (account_id, region, lane, next_slot)
  SELECT account_id, region, '${RECONCILER_LANE}', statement_timestamp() + count(*) * $3::float8 * interval '1 millisecond'
  FROM taken GROUP BY account_id, region ORDER BY account_id, region
  ON CONFLICT (account_id, region, lane) DO UPDATE
    SET next_slot = GREATEST(line.next_slot, statement_timestamp()) + (EXCLUDED.next_slot - statement_timestamp())
  RETURNING account_id, region, next_slot
), turns AS (
  SELECT k.id, k.is_due, l.next_slot - (m.many - k.turn + 1) * $3::float8 * interval '1 millisecond' AS slot
  FROM taken k JOIN lines l USING (account_id, region)
  JOIN (SELECT account_id, region, count(*) AS many FROM taken GROUP BY 1, 2) m USING (account_id, region)
), chosen AS (
  SELECT id, slot, is_due OR slot <= statement_timestamp() AS now FROM turns
)
UPDATE deployments d SET
  reconcile_at = CASE WHEN c.now THEN GREATEST(c.slot, statement_timestamp() + $1::float8 * interval '1 millisecond') ELSE c.slot END,
  reconciled_at = CASE WHEN c.now THEN statement_timestamp() ELSE d.reconciled_at END
FROM chosen c WHERE d.id = c.id
RETURNING CASE WHEN c.now THEN d.id END AS id`;
