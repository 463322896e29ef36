import { fileURLToPath } from 'node:url';
import type { RolloutEvent, RolloutState } from '#rollout';
import { type Clock, type Logger, systemClock } from '#runtime';
import { alarmPushRows } from './alarm-pushes.js';
import type { AcceptInput, DeploymentFilter, DeploymentRow, EvidenceRecord, PageCursor, RestoreInput } from './api.js';
import { apiKeyRows } from './api-keys.js';
import { artifactRows } from './artifacts.js';
import { callBudgetRows } from './call-budget.js';
import { ChangeTeller } from './change-teller.js';
import { type Change, ChangeFeed, type ChangeListener } from './changes.js';
import { type Database, openDatabase } from './database.js';
import { acceptRestore, acceptRollout } from './deployments/accept.js';
import { acceptFacts } from './deployments/accept-facts.js';
import {
  type DueCursor,
  findAbandoned,
  findOverdue,
  findRollbacks,
  listArmed,
  takeForReconciling,
} from './deployments/due.js';
import { type HeldWork, holdDeployment } from './deployments/hold.js';
import { insertsTogether } from './deployments/insert-together.js';
import {
  activeIdOn,
  activeOn,
  databaseTime,
  getDeployment,
  listDeployments,
  lookAtDeployment,
  probePayloads,
} from './deployments/read.js';
import { extendLease, isToldWithItsWrite, type Recorded, type RecordOptions } from './deployments/record.js';
import { readRow } from './deployments/row.js';
import { noteUnreadable, retrySetAside, setAside } from './deployments/set-aside.js';
import { sharedStatements } from './deployments/shared-statements.js';
import { eventsAfter } from './events.js';
import { evidenceBlocks, recordedEvidence } from './evidence.js';
import { sharedLook } from './look-together.js';
import { migrate } from './migrate.js';
import { observations } from './observations.js';
import { queryRows } from './queries.js';
import { retentionRounds } from './retention.js';
import { highestVersion, previousVersion, rollbackPoints } from './rollback-points.js';
import { createRequestSeal, type RequestSeal } from './sealed-request.js';
import { storable } from './storable.js';
import { targetRows } from './targets.js';

export interface StoreOptions {
  readonly databaseUrl: string;
  readonly poolSize: number;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Seal environment variables and payloads of probes, 32 bytes each; the first seals, all open. None: stored readable. */
  readonly secretsKeys?: readonly Uint8Array[];
}

export type Store = ReturnType<typeof createStore>;

/** `prisma/migrations` of this checkout: beside `libs/`, or two levels up from `dist/libs/`. */
function migrationsDir(): string {
  const here = import.meta.url;
  const up = here.includes('/dist/libs/') ? '../../../prisma/migrations' : '../../prisma/migrations';
  return fileURLToPath(new URL(up, here));
}

/** What has happened. Opens no connection before the first use; `migrate()` comes first. */
export function createStore(options: StoreOptions) {
  const { logger } = options;
  const database = openDatabase({
    url: options.databaseUrl,
    poolSize: options.poolSize,
    onError: (error) => logger.warn({ error: error.message }, 'A database connection was lost.'),
  });
  const { pool } = database;
  const clock = options.clock ?? systemClock;
  const changes = new ChangeFeed(options.databaseUrl, clock, logger);
  const teller = new ChangeTeller(pool, clock);
  return {
    deployments: deploymentRows(database, createRequestSeal(options.secretsKeys), teller),
    events: {
      after: (deploymentId: string, seq: number, limit: number) => eventsAfter(pool, deploymentId, seq, limit),
    },
    /** How long things are kept; called by the worker's retention round. */
    retention: retentionRounds(pool),
    alarmPushes: alarmPushRows(pool),
    queries: queryRows(pool),
    targets: targetRows(database),
    artifacts: artifactRows(database),
    apiKeys: apiKeyRows(database),
    rollbackPoints: (targetId: string) => rollbackPoints(pool, targetId),
    previousVersion: (targetId: string) => previousVersion(pool, targetId),
    highestVersion: (fn: { accountId: string; region: string; functionName: string }) => highestVersion(pool, fn),
    changes: {
      subscribe: (listener: ChangeListener) => changes.subscribe(listener),
      /** In place of a wake-up that the queue did not take; never throws, never waits, and may get lost like any notice. */
      tellUnqueued: (deploymentId: string, sequence: number) =>
        teller.tell({ deploymentId, sequence, phase: '-', unqueued: true }),
    },
    /** Milliseconds of database time. */
    now: () => databaseTime(pool),
    /** The slots of Lambda's control plane, shared by all workers. */
    callBudget: callBudgetRows(pool),
    ...observations(pool, options.poolSize, migrationsDir()),
    /** For statements that only a test or a migration needs. */
    pool,
    migrate: () =>
      migrate(options.databaseUrl, migrationsDir(), (names) =>
        logger.warn(
          { migrations: names },
          'A newer release of Sluice has upgraded this database; this one goes on and leaves alone what it does not know.',
        ),
      ),
    async close(): Promise<void> {
      await changes.close();
      await teller.close();
      await database.close();
    },
  };
}

/** One look at the database's clock for all who ask while it is under way. */
function sharedTime(pool: Database['pool']): () => Promise<number> {
  const look = sharedLook(async (askers: readonly undefined[]) => {
    const now = await databaseTime(pool);
    return askers.map(() => now);
  });
  return () => look(undefined);
}

/** The rows that are state and outbox at once. */
function deploymentRows(database: Database, seal: RequestSeal, teller: ChangeTeller) {
  const { pool } = database;
  const timeNow = sharedTime(pool);
  const insertTogether = insertsTogether(pool);
  const tell = (change: Change) => teller.tell(change);
  const { find, write, begin, armAgain } = sharedStatements(pool);
  /** What a write did is told once it is there. */
  const told = async <T extends Recorded | { readonly kind: 'lost' | 'busy' }>(
    { id: deploymentId }: DeploymentRow,
    { phase }: RolloutState,
    write: Promise<T>,
  ): Promise<T> => {
    const result = await write;
    if (result.kind === 'recorded' && !isToldWithItsWrite(phase))
      tell({ deploymentId, sequence: result.sequence, phase });
    return result;
  };
  return {
    /** What a request to deploy stands on, before it is accepted. */
    acceptFacts: acceptFacts(pool),
    accept: async (input: AcceptInput) =>
      acceptRollout(database, input, input.at ?? (await timeNow()), seal, tell, insertTogether),
    acceptRestore: async (input: RestoreInput) => acceptRestore(database, input, await timeNow(), tell),
    /** What a deployment asked for, with its secrets: for the worker, and for nobody to keep. */
    openRequest: (row: Pick<DeploymentRow, 'id' | 'request'>) => seal.open(row.request, row.id),
    get: (projectId: string, id: string) => getDeployment(pool, projectId, id),
    /** For an act that lost every race for its row. */
    hold: <T>(projectId: string, id: string, work: HeldWork<T>) => holdDeployment(pool, projectId, id, work, tell),
    look: (projectId: string, id: string) => lookAtDeployment(pool, projectId, id),
    /** For the worker, which acts for every project. Throws `UnreadableRow` when this release does not know its form. */
    load: async (id: string) => {
      const { raw } = await find(id);
      return raw && readRow(raw);
    },
    activeOn: (targetId: string) => activeOn(pool, targetId),
    activeIdOn: (targetId: string) => activeIdOn(pool, targetId),
    list: (projectId: string, filter: DeploymentFilter, limit: number, cursor?: PageCursor) =>
      listDeployments(pool, projectId, filter, limit, cursor),
    /** Sentences in it may be somebody else's, cut off anywhere: that must never keep a rollback from being recorded. */
    record: (row: DeploymentRow, event: RolloutEvent, next: RolloutState, recordOptions: RecordOptions) =>
      told(row, next, write({ row, ...storable({ event, next, options: recordOptions }) })),
    start: (row: DeploymentRow, event: RolloutEvent, next: RolloutState, actor: string) =>
      told(row, next, begin({ row, event, next, actor })),
    rearm: async (
      row: Pick<DeploymentRow, 'id' | 'sequence'>,
      nextAt: number | undefined,
      evidence?: EvidenceRecord,
      blocks?: readonly object[],
    ) => {
      const { phase } = await armAgain({ row, nextAt, ...storable({ evidence, blocks }) });
      if (phase !== undefined && evidence) tell({ deploymentId: row.id, sequence: row.sequence, phase });
      return phase !== undefined;
    },
    extendLease: (row: Pick<DeploymentRow, 'id' | 'sequence'>, leaseMs: number) => extendLease(pool, row, leaseMs),
    /** What its probes are to send, opened: for the worker, and for nobody to keep. */
    probePayloads: (deploymentId: string) => probePayloads(pool, deploymentId, seal),
    setAside: (id: string, sequence: number | undefined, why: string) => setAside(pool, id, sequence, why),
    noteUnreadable: (id: string, sequence: number, why: string) => noteUnreadable(pool, id, sequence, why),
    retrySetAside: () => retrySetAside(pool),
    evidenceBlocks: (deploymentId: string) => evidenceBlocks(pool, deploymentId),
    recordedEvidence: (targetId: string, limit: number) => recordedEvidence(pool, targetId, limit),
    overdue: (graceMs: number, limit: number, after?: DueCursor) => findOverdue(pool, graceMs, limit, after),
    armed: (after: DueCursor | undefined, limit: number) => listArmed(pool, after, limit),
    rollbacks: (limit: number) => findRollbacks(pool, limit),
    abandoned: (limit: number) => findAbandoned(pool, limit),
    takeForReconciling: (ageMs: number, limit: number, spacingMs: number, except: readonly string[] = []) =>
      takeForReconciling(pool, ageMs, limit, spacingMs, except),
  };
}
