import { type Executor, prepared } from '../database.js';
import { together } from '../together.js';
import { acceptedEvent, acceptedRow, type Insert, type Inserted, insert } from './insert.js';
import { chainHash, ms } from './row.js';

/**
 * What `ACCEPT` does for one, for many rollouts that were asked for in the same moment: each has its idempotency row,
 * its deployment and its first event, or none of them. A key that is known leaves its rollout out of the answer. Keys are
 * taken in one order, so that two such statements never wait for each other crosswise.
 */
const ACCEPT_TOGETHER = prepared(
  'accept_together',
  `
WITH asked AS (
  SELECT * FROM json_to_recordset($1) AS a(id uuid, project text, target uuid, artifact uuid, state jsonb, request jsonb,
    by text, hash text, event jsonb, key text, body text, trace text, probes jsonb)
), key AS (
  INSERT INTO idempotency_keys (project_id, key, request_hash, deployment_id)
  SELECT project, key, body, id FROM asked WHERE key IS NOT NULL ORDER BY project, key
  ON CONFLICT DO NOTHING RETURNING deployment_id
), deployment AS (
  INSERT INTO deployments (id, project_id, target_id, artifact_id, kind, phase, sequence, state, request, requested_by,
    next_at, last_hash, trace_parent)
  SELECT id, project, target, artifact, 'rollout', 'queued', 1, state, request, by, clock_timestamp(), hash, trace
  FROM asked WHERE key IS NULL OR id IN (SELECT deployment_id FROM key)
  RETURNING id, project_id, created_at, requested_by, last_hash
), event AS (
  INSERT INTO events (deployment_id, seq, project_id, type, data, actor, hash)
  SELECT d.id, 1, d.project_id, 'Accepted', a.event, d.requested_by, d.last_hash
  FROM deployment d JOIN asked a ON a.id = d.id
), probes AS (
  INSERT INTO probe_payloads (deployment_id, payloads)
  SELECT d.id, a.probes FROM deployment d JOIN asked a ON a.id = d.id WHERE a.probes IS NOT NULL
)
SELECT id, ${ms('created_at')} AS inserted_at FROM deployment`,
);

/** Inserts queued rollouts, those that come together in one statement and one commit; each is accepted or refused by itself. */
export function insertsTogether(executor: Executor): (wanted: Insert) => Promise<Inserted> {
  return together({
    alone: (wanted: Insert) => insert(executor, wanted),
    together: (wanted) => insertMany(executor, wanted),
    begins: 'at the end of the turn',
  });
}

/**
 * One that is left out has a key that was known, or came twice in this moment: by itself it finds out whose it is. A key or
 * a target that somebody holds is waited for, up to the connection's `lock_timeout`; then each is on its own.
 */
async function insertMany(executor: Executor, wanted: readonly Insert[]): Promise<(Inserted | undefined)[]> {
  const hashes = wanted.map((one) => chainHash('', 1, acceptedEvent(one)));
  const { rows } = await executor.query<{ id: string; inserted_at: number }>(
    ACCEPT_TOGETHER([JSON.stringify(wanted.map((one, index) => recordOf(one, hashes[index] ?? '')))]),
  );
  const at = new Map(rows.map((row) => [row.id, row.inserted_at]));
  return wanted.map((one, index) => {
    const insertedAt = at.get(one.id);
    if (insertedAt === undefined) return undefined;
    const row = acceptedRow(one, hashes[index] ?? '', insertedAt);
    return { kind: 'accepted', deploymentId: one.id, sequence: 1, superseded: [], row };
  });
}

/** As `json_to_recordset` takes it apart; a member that is not there is null. */
function recordOf(one: Insert, hash: string): object {
  return {
    id: one.id,
    project: one.projectId,
    target: one.targetId,
    artifact: one.artifactId,
    state: one.state,
    request: one.request,
    by: one.requestedBy,
    hash,
    event: acceptedEvent(one),
    key: one.idempotency?.key,
    body: one.idempotency?.requestHash,
    trace: one.traceParent,
    probes: one.probePayloads,
  };
}
