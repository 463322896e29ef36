import type { Executor } from './database.js';
import { readTally, type Tally } from './tally.js';
import { type ReportedWorker, workerReportRows } from './worker-reports.js';

/** Deployments in one phase that has not ended. */
export interface PhaseCount {
  readonly phase: string;
  readonly count: number;
}

export interface OverdueFigures {
  /** Deployments whose wake-up is later than the bound that was asked for, up to ten thousand of them. */
  readonly count: number;
  /** How late the latest wake-up is, milliseconds; 0 when nothing is due. */
  readonly latestMs: number;
}

export interface BudgetFigures {
  readonly accountId: string;
  readonly region: string;
  readonly lane: string;
  readonly slotsTaken: number;
  /** How far ahead the lane's slots are given out, milliseconds. */
  readonly bookedMs: number;
}

export interface EvidenceFigures {
  /** Canaries that are judged, up to a thousand of them. */
  readonly judged: number;
  /** Since the end of the newest period that the judge was given, milliseconds, of the canary where that is longest. */
  readonly oldestMs: number;
  /** Canaries whose source does not answer. */
  readonly silent: number;
}

/** What Postgres knows about the state of everything, read with statements that touch what is due, not what is there. */
export interface Figures {
  readonly overdue: OverdueFigures;
  readonly budgets: readonly BudgetFigures[];
  readonly evidence: EvidenceFigures;
  readonly questionsWaiting: number;
  readonly tally: Tally;
  readonly workers: readonly ReportedWorker[];
}

/** Word for word the condition of the index `deployments_one_active`, so that ended deployments are not even looked at. */
export const ACTIVE = `phase NOT IN ('queued', 'succeeded', 'rolled_back', 'failed', 'cancelled', 'superseded', 'target_gone')`;

/**
 * The head of the line. What stands still for a reason of its own is told as that by doctor, row by row, and is no work
 * that nobody does.
 */
const OVERDUE = `
SELECT count(*) FILTER (WHERE next_at < statement_timestamp() - $1 * interval '1 millisecond')::int AS count,
  GREATEST(0, COALESCE(round(extract(epoch FROM statement_timestamp() - min(next_at)) * 1000), 0))::float8 AS "latestMs"
FROM (SELECT next_at FROM deployments WHERE next_at <= statement_timestamp() AND stuck_since IS NULL
      ORDER BY next_at LIMIT 10000) due`;

const PHASES = `
SELECT phase, count(*)::int AS count
FROM (SELECT phase FROM deployments WHERE ${ACTIVE} UNION ALL SELECT phase FROM deployments WHERE phase = 'queued') live
GROUP BY phase`;

const BUDGETS = `
SELECT account_id AS "accountId", region, lane, slots_taken::float8 AS "slotsTaken",
  GREATEST(0, extract(epoch FROM next_slot - clock_timestamp()) * 1000)::float8 AS "bookedMs"
FROM call_budgets WHERE lane IN ('ordinary', 'rollback') ORDER BY account_id, region, lane LIMIT 500`;

/**
 * A thousand of the watched canaries, those whose comparison with their alias comes next: an index has them in that
 * order. A plan without the judge has no evidence to wait for.
 */
const EVIDENCE = `
SELECT count(*)::int AS judged, count(*) FILTER (WHERE silent)::int AS silent,
  GREATEST(0, COALESCE(max(extract(epoch FROM clock_timestamp()) * 1000 - until), 0))::float8 AS "oldestMs"
FROM (
  SELECT jsonb_typeof(d.state #> '{plan,analysis}') IS DISTINCT FROM 'null' AS judged,
    (d.evidence -> 'judge' -> 'silentSinceMs') IS NOT NULL AS silent,
    GREATEST((d.state ->> 'bakeStartedAt')::float8, COALESCE((SELECT b.end_ms FROM evidence_blocks b
      WHERE b.deployment_id = d.id ORDER BY b.start_ms DESC LIMIT 1), 0)) AS until
  FROM deployments d
  WHERE d.phase IN ('baking', 'gated', 'paused') ORDER BY d.reconcile_at LIMIT 1000
) watched WHERE judged`;

const QUESTIONS = 'SELECT count(*)::int AS waiting FROM queries WHERE answered_at IS NULL AND expires_at > now()';

/** `lateMs`: a wake-up is overdue when its time came longer ago than this. */
export async function readFigures(executor: Executor, lateMs: number): Promise<Figures> {
  const { rows: overdue } = await executor.query<OverdueFigures>(OVERDUE, [lateMs]);
  const { rows: budgets } = await executor.query<BudgetFigures>(BUDGETS);
  const { rows: evidence } = await executor.query<EvidenceFigures>(EVIDENCE);
  const { rows: questions } = await executor.query<{ waiting: number }>(QUESTIONS);
  return {
    overdue: overdue[0] ?? { count: 0, latestMs: 0 },
    budgets,
    evidence: evidence[0] ?? { judged: 0, oldestMs: 0, silent: 0 },
    questionsWaiting: questions[0]?.waiting ?? 0,
    tally: await readTally(executor),
    workers: await workerReportRows(executor).list(),
  };
}

/** Counts every deployment that has not ended, by phase: a quarter of a second for 150,000 of them. */
export async function countLive(executor: Executor): Promise<PhaseCount[]> {
  return (await executor.query<PhaseCount>(PHASES)).rows;
}
