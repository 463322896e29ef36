import { z } from 'zod';
import type { Executor } from './database.js';

/** Upper bounds of the rollback histogram, seconds. A rollback is one write: a second is usual, a minute is an alarm. */
export const ROLLBACK_BUCKETS = [0.25, 0.5, 1, 2, 5, 10, 30, 60, 300] as const;

const count = z.number().nonnegative();
const durations = z.object({ count, sum: count, below: z.record(z.string(), count) });
const totalsSchema = z.object({
  /** Kind → phase → how many. */
  ended: z.record(z.string(), z.record(z.string(), count)),
  /** Kind → from the decision to go back until the alias held the rollback point, seconds. `below` is cumulative. */
  rollbacks: z.record(z.string(), durations),
  /** Requests that failed on canaries that were rolled back. */
  harmed: count,
});

/** Counted over every deployment that ever ended. */
export type Tally = z.infer<typeof totalsSchema>;

interface Ended {
  readonly id: string;
  readonly ended: number;
  readonly settled: boolean;
  readonly kind: string;
  readonly phase: string;
  readonly seconds: number | null;
  readonly harmed: number | null;
}

/**
 * A page of ends after a position, in their order. What decided is the last word before the restore was first claimed;
 * a restore of its own was decided when it was accepted. `settled`: nothing can be committed before it any more, because
 * no statement lives that long.
 */
const PAGE = `
WITH page AS (
  SELECT id, kind, phase, ended_at FROM deployments
  WHERE ended_at IS NOT NULL AND (ended_at, id) > (to_timestamp($1::float8 / 1000), $2::uuid)
  ORDER BY ended_at, id LIMIT $3
)
SELECT d.id, d.kind, d.phase, round(extract(epoch FROM d.ended_at) * 1000)::float8 AS ended,
  d.ended_at < clock_timestamp() - interval '1 minute' AS settled,
  extract(epoch FROM d.ended_at - decided.recorded_at)::float8 AS seconds, seen.harmed
FROM page d
LEFT JOIN LATERAL (
  SELECT e.recorded_at FROM events e
  WHERE e.deployment_id = d.id
    AND e.type IN ('Accepted', 'Watched', 'AbortRequested', 'RestoreRequested', 'WriteRefused')
    AND e.seq < COALESCE((SELECT min(c.seq) FROM events c WHERE c.deployment_id = d.id AND c.type = 'ClaimTaken'
                          AND c.data ->> 'command' = 'Restore'), 2147483647)
  ORDER BY e.seq DESC LIMIT 1
) decided ON d.phase = 'rolled_back' OR (d.kind = 'restore' AND d.phase = 'succeeded')
LEFT JOIN LATERAL (
  SELECT sum(LEAST((b.block -> 'canary' ->> 'errors')::float8, (b.block -> 'canary' ->> 'invocations')::float8)) AS harmed
  FROM evidence_blocks b WHERE b.deployment_id = d.id
) seen ON d.phase = 'rolled_back'
ORDER BY d.ended_at, d.id`;

/** Ends read at a time: a database with years of history is caught up with over several looks. */
const PAGE_SIZE = 2_000;
const NAME = 'ended';
const START = { at: 0, id: '00000000-0000-0000-0000-000000000000' };

interface Kept {
  readonly at: number;
  readonly id: string;
  readonly totals: Tally;
}

/**
 * Totals over every end so far, the same from every process and after every restart. Only what ended since the last
 * look is read; what is settled is added to the kept totals by whoever comes first (a compare-and-swap, so that nothing
 * is counted twice).
 */
export async function readTally(executor: Executor): Promise<Tally> {
  const kept = await load(executor);
  const { rows } = await executor.query<Ended>(PAGE, [kept.at, kept.id, PAGE_SIZE]);
  const settled = rows.filter((row) => row.settled);
  const closed = settled.reduce(add, kept.totals);
  const last = settled.at(-1);
  if (last) await keep(executor, kept, { at: last.ended, id: last.id, totals: closed });
  return rows.filter((row) => !row.settled).reduce(add, closed);
}

async function load(executor: Executor): Promise<Kept> {
  const { rows } = await executor.query<{ at: number; id: string; totals: unknown }>(
    `SELECT round(extract(epoch FROM ended_at) * 1000)::float8 AS at, ended_id AS id, totals FROM tallies WHERE name = $1`,
    [NAME],
  );
  const parsed = totalsSchema.safeParse(rows[0]?.totals);
  // Totals of another release that this one cannot read are counted anew.
  if (!rows[0] || !parsed.success) return { ...START, totals: { ended: {}, rollbacks: {}, harmed: 0 } };
  return { at: rows[0].at, id: rows[0].id, totals: parsed.data };
}

async function keep(executor: Executor, seen: Kept, next: Kept): Promise<void> {
  await executor.query(
    `INSERT INTO tallies (name, ended_at, ended_id, totals) VALUES ($1, to_timestamp($2::float8 / 1000), $3, $4)
     ON CONFLICT (name) DO UPDATE SET ended_at = excluded.ended_at, ended_id = excluded.ended_id, totals = excluded.totals
     WHERE tallies.ended_at = to_timestamp($5::float8 / 1000) AND tallies.ended_id = $6`,
    [NAME, next.at, next.id, JSON.stringify(next.totals), seen.at, seen.id],
  );
}

function add(totals: Tally, row: Ended): Tally {
  const ofKind = totals.ended[row.kind] ?? {};
  return {
    ended: { ...totals.ended, [row.kind]: { ...ofKind, [row.phase]: (ofKind[row.phase] ?? 0) + 1 } },
    rollbacks:
      row.seconds === null
        ? totals.rollbacks
        : { ...totals.rollbacks, [row.kind]: lengthened(totals.rollbacks[row.kind], Math.max(0, row.seconds)) },
    harmed: totals.harmed + (row.harmed ?? 0),
  };
}

function lengthened(known: z.infer<typeof durations> | undefined, seconds: number): z.infer<typeof durations> {
  const { count: times, sum, below } = known ?? { count: 0, sum: 0, below: {} };
  const next = ROLLBACK_BUCKETS.map((bound) => [bound, (below[bound] ?? 0) + (seconds <= bound ? 1 : 0)]);
  return { count: times + 1, sum: sum + seconds, below: Object.fromEntries(next) };
}
