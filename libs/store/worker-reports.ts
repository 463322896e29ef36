import { z } from 'zod';
import type { Executor } from './database.js';

const round = z.object({
  /** Since its last end; null before the first. */
  agoMs: z.number().nullable(),
  tookMs: z.number(),
  /** What the last one failed with; absent when it did not. */
  problem: z.string().optional(),
});

/** What a worker says about itself. Figures, names of operations and Sluice's own sentences: never a value of a user's. */
const workerReport = z.object({
  version: z.string(),
  /** This process's wall clock minus database time, milliseconds. */
  clockSkewMs: z.number(),
  rounds: z.record(z.string(), round),
  /** Deployments being walked at this moment. */
  walks: z.number(),
  eventLoopLagMs: z.number(),
  pool: z.object({ max: z.number(), open: z.number(), idle: z.number(), waiting: z.number() }),
  queue: z.object({
    engine: z.enum(['redis', 'postgres']),
    ok: z.boolean(),
    findings: z.array(z.object({ setting: z.string(), found: z.string(), sentence: z.string() })),
  }),
  /** What AWS answered other than yes during the last ten minutes, by operation and code. */
  faults: z.array(
    z.object({ operation: z.string(), code: z.string(), count: z.number(), agoMs: z.number(), sentence: z.string() }),
  ),
  /** Calls that the budget had no room for during the last minute. */
  refusals: z.array(z.object({ accountId: z.string(), region: z.string(), lane: z.string(), count: z.number() })),
});

export type WorkerReport = z.infer<typeof workerReport>;

export interface ReportedWorker {
  readonly name: string;
  /** Milliseconds of database time. */
  readonly startedAt: number;
  /** How long ago the worker last said something, on the database's clock. */
  readonly silentMs: number;
  readonly report: WorkerReport;
}

/** A worker that said nothing for this long is told of as dead, and forgotten an hour later. */
export const WORKER_SILENT_MS = 30_000;

export function workerReportRows(executor: Executor) {
  return {
    /** Replaces the worker's last word; what nobody has touched for an hour is removed by the way. */
    async write(name: string, report: WorkerReport): Promise<void> {
      await executor.query(
        `WITH gone AS (DELETE FROM worker_reports WHERE seen_at < clock_timestamp() - interval '1 hour' AND name <> $1)
         INSERT INTO worker_reports (name, started_at, seen_at, report)
         VALUES ($1, clock_timestamp(), clock_timestamp(), $2)
         ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, report = excluded.report`,
        [name, JSON.stringify(report)],
      );
    },
    /** A worker that stops in good order leaves no row, so that a row that stands still means a death. */
    async remove(name: string): Promise<void> {
      await executor.query('DELETE FROM worker_reports WHERE name = $1', [name]);
    },
    /** Those heard within the last hour, latest first. A report of another release that cannot be read is left out. */
    async list(limit = 200): Promise<ReportedWorker[]> {
      const { rows } = await executor.query<{ name: string; startedAt: number; silentMs: number; report: unknown }>(
        `SELECT name, round(extract(epoch FROM started_at) * 1000)::float8 AS "startedAt", report,
           GREATEST(0, round(extract(epoch FROM clock_timestamp() - seen_at) * 1000))::float8 AS "silentMs"
         FROM worker_reports WHERE seen_at > clock_timestamp() - interval '1 hour' ORDER BY seen_at DESC LIMIT $1`,
        [limit],
      );
      return rows.flatMap((row) => {
        const parsed = workerReport.safeParse(row.report);
        return parsed.success ? [{ ...row, report: parsed.data }] : [];
      });
    },
  };
}
