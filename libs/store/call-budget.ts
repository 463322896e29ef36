import { type Executor, prepared } from './database.js';
import { together } from './together.js';

/** Lambda counts control-plane calls per account and region. */
export interface CallBudgetKey {
  readonly accountId: string;
  readonly region: string;
}

export interface CallBudgetLane {
  readonly lane: 'ordinary' | 'rollback';
  /** Distance between two calls of this lane. */
  readonly spacingMs: number;
}

export type CallBudgetReservation =
  | {
      readonly granted: true;
      /** The database's clock, milliseconds since 1970; `startMs` too. */
      readonly nowMs: number;
      readonly startMs: number;
      readonly count: number;
      readonly spacingMs: number;
    }
  | { readonly granted: false; readonly waitMs: number };

interface GrantRow {
  granted: number;
  spacing_ms: number;
  now_ms: number;
  start_in_ms: number;
}

/** One request, with everything that `reserve` is told. */
interface Wish {
  readonly key: CallBudgetKey;
  readonly lanes: readonly CallBudgetLane[];
  readonly count: number;
  readonly horizonMs: number;
  readonly leadMs: number;
}

/** The slots of all workers: what the call budget of `libs/aws` asks of its store. */
export function callBudgetRows(executor: Executor) {
  const take = together({
    alone: ({ key, lanes, count, horizonMs, leadMs }: Wish) => reserve(executor, key, lanes, count, horizonMs, leadMs),
    together: (wishes) => reserveTogether(executor, wishes),
    // A rollback wants the earlier of two lanes, and waits for nobody.
    mayShare: ({ lanes }) => lanes.length === 1 && lanes[0]?.lane === 'ordinary',
  });
  return {
    /**
     * Takes up to `count` slots from the earliest of `lanes`: the first at `max(next_slot, now + leadMs)`, each further
     * one spacing later, none more than `horizonMs` ahead of now. One statement locks, looks and takes, on the database's clock, so
     * all workers share one pace whatever their own clocks say.
     */
    reserve: (key: CallBudgetKey, lanes: readonly CallBudgetLane[], count: number, horizonMs: number, leadMs = 0) =>
      take({ key, lanes, count, horizonMs, leadMs }),
  };
}

async function reserve(
  executor: Executor,
  key: CallBudgetKey,
  lanes: readonly CallBudgetLane[],
  count: number,
  horizonMs: number,
  leadMs: number,
): Promise<CallBudgetReservation> {
  const names = lanes.map(({ lane }) => lane);
  const values = [key.accountId, key.region, names, lanes.map(({ spacingMs }) => spacingMs), count, horizonMs, leadMs];
  const found = (await executor.query<GrantRow>(TAKE_SLOTS(values))).rows[0];
  if (!found || found.granted === MISSING) {
    await executor.query(MAKE_LANES, [key.accountId, key.region, names]);
    return reserve(executor, key, lanes, count, horizonMs, leadMs);
  }
  return answerOf(found, horizonMs);
}

function answerOf(found: GrantRow, horizonMs: number): CallBudgetReservation {
  if (found.granted < 1) return { granted: false, waitMs: Math.max(1, found.start_in_ms - horizonMs) };
  const { granted: taken, now_ms: nowMs, start_in_ms: startInMs, spacing_ms: spacingMs } = found;
  return { granted: true, nowMs, startMs: nowMs + startInMs, count: taken, spacingMs };
}

/** Says that a lane has no row yet: the first call of this account and region. */
const MISSING = -1;

/**
 * The lanes are locked in one order, so that two rollbacks cannot wait for each other, and the clock is read after the
 * locks are held: a statement that waited must not take slots that have passed.
 */
const TAKE_SLOTS = prepared(
  'take_slots',
  `
  WITH wanted AS (
    SELECT * FROM unnest($3::text[], $4::float8[]) WITH ORDINALITY AS w(lane, spacing_ms, rank)
  ), locked AS MATERIALIZED (
    SELECT lane, next_slot FROM call_budgets
    WHERE account_id = $1 AND region = $2 AND lane = ANY ($3::text[])
    ORDER BY lane
    FOR UPDATE
  ), moment AS MATERIALIZED (
    SELECT now, now + make_interval(secs => $7::float8 / 1000) AS earliest, lanes
    FROM (SELECT clock_timestamp() AS now, count(*) AS lanes FROM locked) AS reading
  ), earliest AS MATERIALIZED (
    SELECT w.lane, w.spacing_ms, m.now, GREATEST(l.next_slot, m.earliest) AS start, m.lanes
    FROM locked l JOIN wanted w USING (lane) CROSS JOIN moment m
    ORDER BY GREATEST(l.next_slot, m.earliest), w.rank
    LIMIT 1
  ), decided AS MATERIALIZED (
    SELECT lane, spacing_ms, start, extract(epoch FROM now)::float8 * 1000 AS now_ms,
      extract(epoch FROM start - now)::float8 * 1000 AS start_in_ms,
      CASE WHEN lanes < cardinality($3::text[]) THEN ${MISSING}
        ELSE LEAST($5::int, floor(($6::float8 - extract(epoch FROM start - now)::float8 * 1000) / spacing_ms)::int + 1)
      END AS granted
    FROM earliest
  ), taken AS (
    UPDATE call_budgets b SET next_slot = d.start + make_interval(secs => d.granted * d.spacing_ms / 1000),
      slots_taken = b.slots_taken + d.granted
    FROM decided d
    WHERE b.account_id = $1 AND b.region = $2 AND b.lane = d.lane AND d.granted > 0
  )
  SELECT granted, spacing_ms, now_ms, start_in_ms FROM decided`,
);

const MAKE_LANES = `
  INSERT INTO call_budgets (account_id, region, lane, next_slot)
  SELECT $1, $2, lane, clock_timestamp() FROM unnest($3::text[]) AS lane
  ON CONFLICT DO NOTHING`;

/** By their keys, never by reading the table: the planner does not know how few accounts come as JSON. */
const NAMED = 'ANY (ARRAY(SELECT account_id FROM wish))';

/**
 * The same for the ordinary lanes of several accounts. It waits for nobody: a lane that somebody holds is left out. A
 * lane that has no row yet is made with its first slots taken. The clock is read after the locks are held here too.
 */
const TAKE_TOGETHER = prepared(
  'take_slots_together',
  `
  WITH wish AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS w(n int, account_id text, region text, spacing_ms float8, count int,
      horizon_ms float8, lead_ms float8)
  ), locked AS MATERIALIZED (
    SELECT b.account_id, b.region, b.next_slot FROM call_budgets b JOIN wish w USING (account_id, region)
    WHERE b.account_id = ${NAMED} AND b.lane = 'ordinary' FOR UPDATE OF b SKIP LOCKED
  ), known AS MATERIALIZED (
    SELECT account_id, region FROM call_budgets WHERE account_id = ${NAMED} AND lane = 'ordinary'
  ), moment AS MATERIALIZED (
    SELECT clock_timestamp() AS now FROM (SELECT count(*) FROM locked) AS reading
  ), found AS MATERIALIZED (
    SELECT w.*, m.now, l.account_id IS NULL AS is_new,
      GREATEST(l.next_slot, m.now + make_interval(secs => w.lead_ms / 1000)) AS start
    FROM wish w CROSS JOIN moment m LEFT JOIN locked l USING (account_id, region)
    WHERE l.account_id IS NOT NULL OR NOT EXISTS (
      SELECT FROM known k WHERE k.account_id = w.account_id AND k.region = w.region)
  ), decided AS MATERIALIZED (
    SELECT *, extract(epoch FROM start - now)::float8 * 1000 AS start_in_ms,
      LEAST(count, floor((horizon_ms - extract(epoch FROM start - now)::float8 * 1000) / spacing_ms)::int + 1) AS granted
    FROM found
  ), made AS (
    INSERT INTO call_budgets (account_id, region, lane, next_slot, slots_taken)
    SELECT account_id, region, 'ordinary', start + make_interval(secs => granted * spacing_ms / 1000), granted
    FROM decided WHERE is_new AND granted > 0 ORDER BY account_id, region
    ON CONFLICT DO NOTHING RETURNING account_id, region
  ), taken AS (
    UPDATE call_budgets b SET next_slot = d.start + make_interval(secs => d.granted * d.spacing_ms / 1000),
      slots_taken = b.slots_taken + d.granted
    FROM decided d
    WHERE b.account_id = ${NAMED} AND b.account_id = d.account_id AND b.region = d.region AND b.lane = 'ordinary' AND NOT d.is_new AND d.granted > 0
  )
  SELECT n, granted, spacing_ms, extract(epoch FROM now)::float8 * 1000 AS now_ms, start_in_ms FROM decided d
  WHERE NOT is_new OR EXISTS (SELECT FROM made m WHERE m.account_id = d.account_id AND m.region = d.region)`,
);

async function reserveTogether(
  executor: Executor,
  wishes: readonly Wish[],
): Promise<(CallBudgetReservation | undefined)[]> {
  // One wish a lane: a second one for the same would be given the same slots. It is asked for alone, after this.
  const asked = new Set<string>();
  const columns = wishes.flatMap(({ key, lanes, count, horizonMs, leadMs }, n) => {
    const name = `${key.accountId}/${key.region}`;
    if (asked.has(name)) return [];
    asked.add(name);
    const lane = { account_id: key.accountId, region: key.region, spacing_ms: lanes[0]?.spacingMs };
    return [{ n, ...lane, count, horizon_ms: horizonMs, lead_ms: leadMs }];
  });
  const { rows } = await executor.query<GrantRow & { n: number }>(TAKE_TOGETHER([JSON.stringify(columns)]));
  const answers: (CallBudgetReservation | undefined)[] = wishes.map(() => undefined);
  for (const { n, ...found } of rows) answers[n] = answerOf(found, wishes[n]?.horizonMs ?? 0);
  return answers;
}
