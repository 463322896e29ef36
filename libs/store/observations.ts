import type pg from 'pg';
import { countLive, readFigures } from './figures.js';
import { compareMigrations, troubleRows } from './troubles.js';
import { workerReportRows } from './worker-reports.js';

/** What metrics, `/ready` and the doctor ask of the store; nothing here changes a deployment. */
export function observations(pool: pg.Pool, poolSize: number, migrationsDir: string) {
  return {
    workerReports: workerReportRows(pool),
    /** What a person should look at, project by project. */
    troubles: troubleRows(pool),
    /** This checkout's migrations against the database's. */
    migrations: () => compareMigrations(pool, migrationsDir),
    /** Everything the metrics say about the truth; a wake-up is overdue when it is more than `lateMs` late. */
    figures: (lateMs: number) => readFigures(pool, lateMs),
    /** Deployments that have not ended, by phase. Costs as much as there are: `figures` is for looking often. */
    countLive: () => countLive(pool),
    /** The connections of this process: how many there may be, are open, are idle, and how many callers wait for one. */
    connections: () => ({ max: poolSize, open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
  };
}
