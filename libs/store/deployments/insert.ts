import type { RolloutState } from '#rollout';
import type { AcceptInput, AcceptResult, DeploymentRow } from '../api.js';
import type { Executor } from '../database.js';
import type { StoredPayloads } from '../sealed-request.js';
import { URGENT } from './record.js';
import { chainHash, ms, project } from './row.js';

/**
 * One statement: the idempotency row, the deployment and its first event, or none of them. With a key that is known
 * nothing is inserted and the known deployment comes back. A restore amid a rollout begins as a rollback, and is told
 * of like one: see `isToldWithItsWrite`.
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
  RETURNING id, project_id, phase, created_at
), event AS (
  INSERT INTO events (deployment_id, seq, project_id, type, data, actor, hash)
  SELECT id, 1, project_id, 'Accepted', $11, $9, $10 FROM deployment
), probes AS (
  INSERT INTO probe_payloads (deployment_id, payloads) SELECT id, $17 FROM deployment WHERE $17::jsonb IS NOT NULL
)
SELECT (SELECT ${ms('created_at')} FROM deployment) AS inserted_at,
  (SELECT pg_notify('sluice_changed', id || ' 1 ' || phase) FROM deployment WHERE phase = '${URGENT}') AS told,
  (SELECT deployment_id FROM known) AS known_id,
  (SELECT request_hash FROM known) AS known_hash`;

/** A deployment that is about to be. */
export interface Insert {
  readonly id: string;
  readonly projectId: string;
  readonly targetId: string;
  readonly artifactId: string | undefined;
  readonly kind: 'rollout' | 'restore';
  readonly state: RolloutState;
  readonly request: object;
  readonly probePayloads?: StoredPayloads | undefined;
  readonly requestedBy: string;
  readonly traceParent?: string | undefined;
  readonly idempotency: AcceptInput['idempotency'];
  readonly at: number;
}

export type Inserted = Extract<AcceptResult, { kind: 'accepted' | 'replayed' | 'idempotency_conflict' }>;

export async function insert(executor: Executor, input: Insert): Promise<Inserted> {
  const event = acceptedEvent(input);
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

/** The first event of every deployment. */
export function acceptedEvent({ at, requestedBy: by }: Insert) {
  return { type: 'Accepted', at, by };
}

/** The row as the statement has just written it: showing it needs no second look. */
export function acceptedRow(input: Insert, lastHash: string, createdAt: number): Omit<DeploymentRow, 'target'> {
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
