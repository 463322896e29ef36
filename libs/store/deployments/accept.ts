import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beginRestore, nextWakeAt, queuedState, type RolloutState, transition } from '#rollout';
import type { AcceptInput, AcceptResult, DeploymentRow, RestoreInput } from '../api.js';
import type { Change } from '../changes.js';
import { type Database, type Executor, inTransaction, isUniqueViolation } from '../database.js';
import type { RequestSeal } from '../sealed-request.js';
import { recordEvent } from './record.js';
import { chainHash, ms, project, type RawRow, ROW_COLUMNS, ROW_SOURCE, readRow } from './row.js';

/**
 * One statement: the idempotency row, the deployment and its first event, or none of them. With a key that is known
 * nothing is inserted and the known deployment comes back.
 */
const ACCEPT = `
WITH known AS (
  SELECT deployment_id, request_hash FROM idempotency_keys WHERE project_id = $2 AND key = $12
), key AS (
  INSERT INTO idempotency_keys (project_id, key, request_hash, deployment_id)
  SELECT $2, $12, $13, $1 WHERE $12::text IS NOT NULL AND NOT EXISTS (SELECT FROM known)
  ON CONFLICT DO NOTHING RETURNING deployment_id
), deployment AS (
  INSERT INTO deployments (id, project_id, target_id, artifact_id, kind, phase, sequence, state, request, requested_by,
    canary_version, rollback_version, stable_version, revision_id, next_at, last_hash, trace_parent)
  SELECT $1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $14, $15, $15, $16, clock_timestamp(), $10, $18
  WHERE $12::text IS NULL OR EXISTS (SELECT FROM key)
  RETURNING id, project_id, created_at
), event AS (
  INSERT INTO events (deployment_id, seq, project_id, type, data, actor, hash)
  SELECT id, 1, project_id, 'Accepted', $11, $9, $10 FROM deployment
), probes AS (
  INSERT INTO probe_payloads (deployment_id, payloads) SELECT id, $17 FROM deployment WHERE $17::jsonb IS NOT NULL
)
SELECT (SELECT ${ms('created_at')} FROM deployment) AS inserted_at, (SELECT deployment_id FROM known) AS known_id,
  (SELECT request_hash FROM known) AS known_hash`;

type Tell = (change: Change) => void;

interface Insert {
  readonly id: string;
  readonly projectId: string;
  readonly targetId: string;
  readonly artifactId: string | undefined;
  readonly kind: 'rollout' | 'restore';
  readonly state: RolloutState;
  readonly request: object;
  readonly probePayloads?: readonly unknown[] | undefined;
  readonly requestedBy: string;
  readonly traceParent?: string | undefined;
  readonly idempotency: AcceptInput['idempotency'];
  readonly at: number;
}

type Inserted = Extract<AcceptResult, { kind: 'accepted' | 'replayed' | 'idempotency_conflict' }>;

async function insert(executor: Executor, input: Insert): Promise<Inserted> {
  const event = { type: 'Accepted', at: input.at, by: input.requestedBy };
  const columns = project(input.state);
  const lastHash = chainHash('', 1, event);
  const values = [
    input.id,
    input.projectId,
    input.targetId,
    input.artifactId ?? null,
    input.kind,
    input.state.phase,
    JSON.stringify(input.state),
    JSON.stringify(input.request),
    input.requestedBy,
    lastHash,
    JSON.stringify(event),
    input.idempotency?.key ?? null,
    input.idempotency?.requestHash ?? null,
    columns.canaryVersion,
    columns.rollbackVersion,
    columns.revisionId,
    input.probePayloads ? JSON.stringify(input.probePayloads) : null,
    input.traceParent ?? null,
  ];
  // The second try sees the row of whoever held the key in the same instant.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { rows } = await executor.query<{
      inserted_at: number | null;
      known_id: string | null;
      known_hash: string | null;
    }>({ name: 'accept', text: ACCEPT, values });
    const row = rows[0];
    if (row?.inserted_at) {
      const accepted = acceptedRow(input, lastHash, row.inserted_at);
      return { kind: 'accepted', deploymentId: input.id, sequence: 1, superseded: [], row: accepted };
    }
    if (row?.known_id) {
      const same = row.known_hash === input.idempotency?.requestHash;
      return { kind: same ? 'replayed' : 'idempotency_conflict', deploymentId: row.known_id };
    }
  }
  throw new Error('An idempotency key vanished between two looks.');
}

/** The row as the statement has just written it: showing it needs no second look. */
function acceptedRow(input: Insert, lastHash: string, createdAt: number): Omit<DeploymentRow, 'target'> {
  const { id, projectId, artifactId, kind, state, requestedBy } = input;
  return {
    id,
    projectId,
    artifactId,
    kind,
    phase: state.phase,
    sequence: 1,
    state,
    request: input.request,
    requestedBy,
    nextAt: createdAt,
    leaseUntil: undefined,
    evidence: undefined,
    lastHash,
    createdAt,
    updatedAt: createdAt,
    endedAt: undefined,
    readAt: createdAt,
  };
}

/** Accepts a rollout. With the policy `queue` this is one statement; the other policies must see the line first. */
export async function acceptRollout(
  database: Database,
  input: AcceptInput,
  at: number,
  seal: RequestSeal,
  tell: Tell,
): Promise<AcceptResult> {
  const { plan, policy, ...rest } = input;
  const id = randomUUID();
  const request = seal.seal(input.request, id);
  const wanted: Insert = { ...rest, request, id, kind: 'rollout', state: queuedState(plan, at), at };
  if (policy === 'queue') return insert(database.pool, wanted);
  return tellingAfter(tell, (moved) => acceptBesideLine(database, input, wanted, moved));
}

/** The policies that must see the line: on one target, one after the other. */
function acceptBesideLine(database: Database, input: AcceptInput, wanted: Insert, moved: Tell): Promise<AcceptResult> {
  const { policy } = input;
  return inTransaction(database.pool, async (client) => {
    await lockTarget(client, input.targetId);
    const line = await readLine(client, input.targetId);
    if (policy === 'refuse' && line[0] && !(await isReplay(client, input))) {
      return { kind: 'target_busy', activeDeploymentId: line[0].id };
    }
    const accepted = await insert(client, wanted);
    if (accepted.kind !== 'accepted') return accepted;
    const waiting = policy === 'supersede' ? line.filter((row) => row.phase === 'queued') : [];
    for (const row of waiting)
      await supersede(client, row, accepted.deploymentId, 'A newer deployment took its place.', wanted, moved);
    return { ...accepted, superseded: waiting.map((row) => row.id) };
  });
}

/**
 * Accepts a restore: never queued. Whatever is active on the target ends in the same transaction and hands over its
 * token and its writes under way; what waits in line is superseded, because it was meant for another state of affairs.
 */
export async function acceptRestore(
  database: Database,
  input: RestoreInput,
  at: number,
  tell: Tell,
): Promise<AcceptResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tellingAfter(tell, (moved) => acceptRestoreOnce(database, input, at, moved));
    } catch (error) {
      // A deployment started between the look at the line and the insert: look again, it is part of the line now.
      if (attempt === RESTORE_ATTEMPTS || !isUniqueViolation(error, 'deployments_one_active')) throw error;
    }
  }
}

const RESTORE_ATTEMPTS = 5;

async function acceptRestoreOnce(
  database: Database,
  input: RestoreInput,
  at: number,
  moved: Tell,
): Promise<AcceptResult> {
  return inTransaction(database.pool, async (client) => {
    await lockTarget(client, input.targetId);
    const line = await readLine(client, input.targetId);
    const active = line.find((row) => row.phase !== 'queued');
    const wanted = toInsert(input, active, at);
    if (await isReplay(client, input)) return insert(client, wanted);
    for (const row of line)
      await supersede(client, row, wanted.id, `Version ${input.version} is put back instead.`, wanted, moved);
    const accepted = await insert(client, wanted);
    return accepted.kind === 'accepted' ? { ...accepted, superseded: line.map((row) => row.id) } : accepted;
  });
}

function toInsert(input: RestoreInput, active: DeploymentRow | undefined, at: number): Insert {
  const { version, ...rest } = input;
  const state = beginRestore(version, active?.state, at);
  return { ...rest, id: randomUUID(), artifactId: undefined, kind: 'restore', state, at };
}

/** A transaction's changes are told once it is committed; of one that was rolled back there is nothing to tell. */
async function tellingAfter<T>(tell: Tell, work: (moved: Tell) => Promise<T>): Promise<T> {
  const changes: Change[] = [];
  const result = await work((change) => changes.push(change));
  for (const change of changes) tell(change);
  return result;
}

/** Accepts on one target are taken one after the other where the policy depends on what is already there. */
async function lockTarget(client: pg.PoolClient, targetId: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [targetId]);
}

async function readLine(client: pg.PoolClient, targetId: string): Promise<DeploymentRow[]> {
  const { rows } = await client.query<RawRow>(
    `SELECT ${ROW_COLUMNS} FROM ${ROW_SOURCE} WHERE d.target_id = $1 AND d.ended_at IS NULL
     ORDER BY (d.phase = 'queued'), d.created_at, d.id FOR UPDATE OF d`,
    [targetId],
  );
  return rows.map(readRow);
}

async function isReplay(
  client: pg.PoolClient,
  input: Pick<AcceptInput, 'projectId' | 'idempotency'>,
): Promise<boolean> {
  if (!input.idempotency) return false;
  const { rowCount } = await client.query('SELECT FROM idempotency_keys WHERE project_id = $1 AND key = $2', [
    input.projectId,
    input.idempotency.key,
  ]);
  return (rowCount ?? 0) > 0;
}

async function supersede(
  client: pg.PoolClient,
  row: DeploymentRow,
  deploymentId: string,
  why: string,
  by: { requestedBy: string; at: number },
  moved: Tell,
): Promise<void> {
  const event = { type: 'SupersedeRequested' as const, at: by.at, by: by.requestedBy, deploymentId, why };
  const next = transition(row.state, event);
  if (next.kind !== 'moved') return;
  const options = { actor: by.requestedBy, nextAt: nextWakeAt(next.state, by.at) };
  const recorded = await recordEvent(client, row, event, next.state, options);
  if (recorded.kind === 'recorded')
    moved({ deploymentId: row.id, sequence: recorded.sequence, phase: next.state.phase });
}
