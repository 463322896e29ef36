import { type Executor, prepared } from '../database.js';
import { isDatabaseTrouble } from '../database-trouble.js';
import { sharedLook } from '../look-together.js';
import { acceptedEvent, acceptedRow, type Insert, type Inserted, insert } from './insert.js';
import { chainHash, ms } from './row.js';

/** A statement's parameter stays small: a wish with a large environment has up to 128 KB. */
const MOST_AT_ONCE = 50;

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

type Answer = { readonly inserted: Inserted } | { readonly error: unknown };

/**
 * Inserts queued rollouts, those that come together in one statement and one commit. Each is still accepted or refused
 * by itself: when the statement is refused for the sake of one, they are tried one by one.
 */
export function insertsTogether(executor: Executor): (wanted: Insert) => Promise<Inserted> {
  const ask = sharedLook((wanted: readonly Insert[]) => insertMany(executor, wanted), MOST_AT_ONCE);
  return async (wanted) => {
    const answer = await ask(wanted);
    if ('error' in answer) throw answer.error;
    return answer.inserted;
  };
}

async function insertMany(executor: Executor, wanted: readonly Insert[]): Promise<Answer[]> {
  const [only] = wanted;
  if (only && wanted.length === 1) return [await alone(executor, only)];
  const hashes = wanted.map((one) => chainHash('', 1, acceptedEvent(one)));
  let at: Map<string, number>;
  try {
    const { rows } = await executor.query<{ id: string; inserted_at: number }>(
      ACCEPT_TOGETHER([JSON.stringify(wanted.map((one, index) => recordOf(one, hashes[index] ?? '')))]),
    );
    at = new Map(rows.map((row) => [row.id, row.inserted_at]));
  } catch (error) {
    // Nobody knows what became of a statement whose connection was lost; and a database in trouble is not asked again.
    if (isDatabaseTrouble(error) && !isOneInTheWay(error)) throw error;
    return Promise.all(wanted.map((one) => alone(executor, one)));
  }
  return Promise.all(
    wanted.map((one, index): Answer | Promise<Answer> => {
      const insertedAt = at.get(one.id);
      // Its key was known, or came twice in this moment: by itself it finds out whose it is.
      if (insertedAt === undefined) return alone(executor, one);
      const row = acceptedRow(one, hashes[index] ?? '', insertedAt);
      return { inserted: { kind: 'accepted', deploymentId: one.id, sequence: 1, superseded: [], row } };
    }),
  );
}

/** One of them waited too long for a row that somebody holds, or crosswise with another statement: no trouble of the others. */
function isOneInTheWay(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === '55P03' || code === '40P01';
}

async function alone(executor: Executor, wanted: Insert): Promise<Answer> {
  return insert(executor, wanted).then(
    (inserted) => ({ inserted }),
    (error: unknown) => ({ error }),
  );
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
