import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beginRestore, nextWakeAt, queuedState, transition } from '#rollout';
import type { AcceptInput, AcceptResult, DeploymentRow, RestoreInput } from '../api.js';
import type { Change } from '../changes.js';
import { type Database, inTransaction, isUniqueViolation } from '../database.js';
import type { RequestSeal } from '../sealed-request.js';
import { type Insert, insert } from './insert.js';
import { recordEvent } from './record.js';
import { type RawRow, ROW_COLUMNS, ROW_SOURCE, readRow } from './row.js';

type Tell = (change: Change) => void;

/** Accepts a rollout. With the policy `queue` this is one statement, shared with others; the other policies must see the line first. */
export async function acceptRollout(
  database: Database,
  input: AcceptInput,
  at: number,
  seal: RequestSeal,
  tell: Tell,
  insertTogether: (wanted: Insert) => Promise<AcceptResult>,
): Promise<AcceptResult> {
  const { plan, policy, at: _, ...rest } = input;
  const id = randomUUID();
  const request = seal.seal(input.request, id);
  const probePayloads = input.probePayloads && seal.sealPayloads(input.probePayloads, id);
  const wanted: Insert = { ...rest, request, probePayloads, id, kind: 'rollout', state: queuedState(plan, at), at };
  if (policy === 'queue') return insertTogether(wanted);
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
      if (error instanceof NotAccepted) return error.answer;
      // A deployment started between the look at the line and the insert: look again, it is part of the line now.
      if (attempt === RESTORE_ATTEMPTS || !isUniqueViolation(error, 'deployments_one_active')) throw error;
    }
  }
}

const RESTORE_ATTEMPTS = 5;

/** Undoes what a restore has ended, because it is not there to take over. */
class NotAccepted extends Error {
  constructor(readonly answer: AcceptResult) {
    super('The key of the restore was taken in this moment.');
  }
}

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
    if (accepted.kind !== 'accepted') throw new NotAccepted(accepted);
    return { ...accepted, superseded: line.map((row) => row.id) };
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
