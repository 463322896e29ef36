import { isEnd, type Phase, type RolloutEvent, type RolloutState } from '#rollout';
import type { DeploymentRow, EvidenceRecord } from '../api.js';
import { type Executor, isUniqueViolation, prepared } from '../database.js';
import { chainHash, project } from './row.js';

export interface RecordOptions {
  readonly actor: string;
  /** When to look again, in milliseconds of database time; `undefined`: only a person wakes it. */
  readonly nextAt: number | undefined;
  /** For a claim: how long the holder may act before somebody takes over. */
  readonly leaseMs?: number;
  readonly evidence?: EvidenceRecord;
  /** The evidence blocks behind it, kept once each. */
  readonly blocks?: readonly object[];
}

/** The request once nobody needs the values of its environment variables any more: sealed or not, only names are left. */
export const FORGOTTEN = `CASE WHEN jsonb_typeof(request #> '{configuration,environment}') = 'object'
      THEN jsonb_set(request - 'sealed', '{configuration,environment}', COALESCE(
        (SELECT jsonb_object_agg(key, CASE WHEN value = 'null' THEN value ELSE '""' END)
         FROM jsonb_each(request #> '{configuration,environment}')), '{}'))
      ELSE request END`;

/**
 * A rollback is told of inside its own write, so that no crash comes between the two: it is urgent and rare. Everything
 * else is told after the write, by `ChangeTeller`.
 */
export const URGENT: Phase = 'rolling_back';

export function isToldWithItsWrite(phase: Phase): boolean {
  return phase === URGENT;
}

/**
 * One statement: compare-and-swap of the row, its event, and what hangs on it: the function lock is given up with the
 * version published or the end, and an end wakes the oldest deployment waiting for the target (and those waiting for
 * `$LATEST`), unless that one has itself moved on meanwhile. `$2` is the sequence that was seen; a row that has moved on
 * makes the whole statement do nothing.
 */
const RECORD = prepared(
  'record',
  `
WITH moved AS (
  UPDATE deployments SET
    phase = $3, state = $4, sequence = sequence + 1, stable_version = $5, canary_version = $6, rollback_version = $7,
    revision_id = $8, weight_percent = $9,
    next_at = CASE WHEN $11::float8 IS NOT NULL THEN clock_timestamp() + $11 * interval '1 millisecond'
                   ELSE to_timestamp($10::float8 / 1000) END,
    lease_until = CASE WHEN $21 THEN lease_until ELSE clock_timestamp() + $11 * interval '1 millisecond' END,
    evidence = COALESCE($12, evidence), last_hash = $13, updated_at = clock_timestamp(),
    stuck_since = NULL, stuck_why = NULL,
    ended_at = CASE WHEN $14 THEN COALESCE(ended_at, clock_timestamp()) END,
    request = CASE WHEN $18 THEN ${FORGOTTEN} ELSE request END
  WHERE id = $1 AND sequence = $2 AND ($11::float8 IS NULL OR lease_until IS NULL OR lease_until <= clock_timestamp())
  RETURNING id, project_id, target_id, sequence
), event AS (
  INSERT INTO events (deployment_id, seq, project_id, type, data, actor, hash)
  SELECT id, sequence, project_id, $15, $16, $17, $13 FROM moved
), unlocked AS (
  DELETE FROM function_locks WHERE deployment_id = $1 AND $18 AND EXISTS (SELECT FROM moved)
  RETURNING account_id, region, function_name
), next_in_line AS (
  SELECT target_id FROM moved WHERE $14
  UNION
  SELECT t.id FROM unlocked u JOIN targets t USING (account_id, region, function_name)
), woken AS (
  UPDATE deployments SET next_at = clock_timestamp() WHERE phase = 'queued' AND id IN (
    SELECT first.id FROM next_in_line n, LATERAL (
      SELECT d.id FROM deployments d WHERE d.target_id = n.target_id AND d.phase = 'queued' AND d.id <> $1
      ORDER BY d.created_at, d.id LIMIT 1) first)
  RETURNING id, sequence
), provenance AS (
  INSERT INTO versions (account_id, region, function_name, version, project_id, deployment_id, origin)
  SELECT t.account_id, t.region, t.function_name, $19, m.project_id, m.id, $20
  FROM moved m JOIN targets t ON t.id = m.target_id WHERE $19::text IS NOT NULL
  ON CONFLICT DO NOTHING
), kept AS (
  INSERT INTO evidence_blocks (deployment_id, start_ms, end_ms, block)
  SELECT m.id, (b ->> 'startMs')::float8::bigint, (b ->> 'endMs')::float8::bigint, b
  FROM moved m, jsonb_array_elements($22::jsonb) b ON CONFLICT DO NOTHING
), forgotten AS (
  DELETE FROM probe_payloads WHERE deployment_id = $1 AND ($14 OR $15 = 'Probed') AND EXISTS (SELECT FROM moved)
)
SELECT m.sequence,
  CASE WHEN $3 = '${URGENT}' THEN pg_notify('sluice_changed', m.id || ' ' || m.sequence || ' ' || $3) END AS told,
  (SELECT json_agg(json_build_array(id, sequence)) FROM woken) AS woken
FROM moved m`,
);

export interface Recorded {
  readonly kind: 'recorded';
  readonly sequence: number;
  /** The row's new link in the chain: the next record follows from it. */
  readonly lastHash: string;
  /** Deployments that may start now. */
  readonly woken: readonly { readonly deploymentId: string; readonly sequence: number }[];
}

/** What is to be written: the row as it was seen, the event, and the state it leads to. */
export interface Entry {
  readonly row: Pick<DeploymentRow, 'id' | 'sequence' | 'lastHash'>;
  readonly event: RolloutEvent;
  readonly next: RolloutState;
  readonly options: RecordOptions;
}

/** Writes what happened, if the row is still the one that was read. */
export async function recordEvent(
  executor: Executor,
  row: Entry['row'],
  event: RolloutEvent,
  next: RolloutState,
  options: RecordOptions,
): Promise<Recorded | { readonly kind: 'lost' }> {
  const lastHash = chainHash(row.lastHash, row.sequence + 1, event);
  const entry = entryColumns({ row, event, next, options }, lastHash);
  const { rows } = await executor.query<{ sequence: number; woken: [string, number][] | null }>(
    RECORD([
      row.id,
      row.sequence,
      next.phase,
      JSON.stringify(next),
      entry.stable,
      entry.canary,
      entry.rollback,
      entry.revision,
      entry.weight,
      entry.next_at,
      entry.lease_ms,
      entry.evidence ? JSON.stringify(entry.evidence) : null,
      lastHash,
      entry.ended,
      event.type,
      JSON.stringify(event),
      options.actor,
      entry.frees,
      entry.version,
      entry.origin,
      entry.keeps_lease,
      JSON.stringify(entry.blocks),
    ]),
  );
  const recorded = rows[0];
  if (!recorded) return { kind: 'lost' };
  const woken = (recorded.woken ?? []).map(([deploymentId, sequence]) => ({ deploymentId, sequence }));
  return { kind: 'recorded', sequence: recorded.sequence, lastHash, woken };
}

/** What is written for an entry, by the names that the shared statement knows. */
export function entryColumns({ row, event, next, options }: Entry, hash: string) {
  const columns = project(next);
  const ended = isEnd(next);
  const version = versionToKeep(event);
  return {
    id: row.id,
    sequence: row.sequence,
    phase: next.phase,
    state: next,
    stable: columns.stableVersion,
    canary: columns.canaryVersion,
    rollback: columns.rollbackVersion,
    revision: columns.revisionId,
    weight: columns.weightPercent,
    next_at: options.nextAt ?? null,
    lease_ms: options.leaseMs ?? null,
    keeps_lease: options.leaseMs === undefined && hasLiveClaim(next),
    evidence: options.evidence ?? null,
    hash,
    ended,
    frees: ended || event.type === 'VersionPublished',
    type: event.type,
    data: event,
    actor: options.actor,
    version: version?.version ?? null,
    origin: version?.origin ?? null,
    blocks: options.blocks ?? [],
  };
}

/** An act of a person during a write leaves the write its lease, unless it does away with the claim (an abort does). */
function hasLiveClaim(state: RolloutState): boolean {
  return 'claim' in state && state.claim !== undefined && !state.claim.unresolved;
}

/** Every version an alias may ever point at because of us is on record, with the deployment it came from. */
function versionToKeep(event: RolloutEvent): { version: string; origin: 'published' | 'base' } | undefined {
  if (event.type === 'VersionPublished') return { version: event.version, origin: 'published' };
  if (event.type === 'RollbackPointCaptured') return { version: event.captured.point.version, origin: 'base' };
  return undefined;
}

/**
 * Enters `preparing`: only the oldest in line, only when no other deployment is active on the target (a unique index
 * says so) and only together with the function's lock, all in one statement. A lock that somebody has is looked for
 * first: taking it would wait for whoever is giving it up, who in turn waits for the row of the next in line.
 */
const START = prepared(
  'start',
  `
WITH candidate AS (
  SELECT d.id, d.project_id, d.target_id, t.account_id, t.region, t.function_name
  FROM deployments d JOIN targets t ON t.id = d.target_id
  WHERE d.id = $1 AND d.sequence = $2 AND d.phase = 'queued'
    AND NOT EXISTS (SELECT FROM deployments o WHERE o.target_id = d.target_id AND o.phase = 'queued'
                    AND (o.created_at, o.id) < (d.created_at, d.id))
    AND NOT EXISTS (SELECT FROM function_locks l WHERE l.account_id = t.account_id AND l.region = t.region
                    AND l.function_name = t.function_name)
  FOR UPDATE OF d
), lock AS (
  INSERT INTO function_locks (account_id, region, function_name, deployment_id)
  SELECT account_id, region, function_name, id FROM candidate
  ON CONFLICT DO NOTHING RETURNING deployment_id
), moved AS (
  UPDATE deployments SET phase = $3, state = $4, sequence = sequence + 1, next_at = clock_timestamp(),
    last_hash = $5, updated_at = clock_timestamp(), stuck_since = NULL, stuck_why = NULL
  WHERE id = (SELECT deployment_id FROM lock) RETURNING id, project_id, sequence
), event AS (
  INSERT INTO events (deployment_id, seq, project_id, type, data, actor, hash)
  SELECT id, sequence, project_id, $6, $7, $8, $5 FROM moved
)
SELECT m.sequence, (SELECT count(*)::int FROM candidate) AS candidates
FROM (SELECT 1) one LEFT JOIN moved m ON true`,
);

/** `busy`: the target or `$LATEST` is held by another deployment, or others stand before it in line. */
export type StartResult = Recorded | { readonly kind: 'busy' };

export async function recordStart(
  executor: Executor,
  row: Pick<DeploymentRow, 'id' | 'sequence' | 'lastHash'>,
  event: RolloutEvent,
  next: RolloutState,
  actor: string,
): Promise<StartResult> {
  const hash = chainHash(row.lastHash, row.sequence + 1, event);
  const values = [
    row.id,
    row.sequence,
    next.phase,
    JSON.stringify(next),
    hash,
    event.type,
    JSON.stringify(event),
    actor,
  ];
  try {
    const { rows } = await executor.query<{ sequence: number | null; candidates: number }>(START(values));
    const sequence = rows[0]?.sequence;
    return typeof sequence === 'number' ? { kind: 'recorded', sequence, lastHash: hash, woken: [] } : { kind: 'busy' };
  } catch (error) {
    if (isUniqueViolation(error, 'deployments_one_active')) return { kind: 'busy' };
    throw error;
  }
}

/**
 * The holder of a lease keeps it, without anything having happened. `false`: the row has moved on, or the lease has run
 * out. One that has run out stays so: whoever has seen that may be about to act under the same sequence.
 */
export async function extendLease(
  executor: Executor,
  row: Pick<DeploymentRow, 'id' | 'sequence'>,
  leaseMs: number,
): Promise<boolean> {
  const { rowCount } = await executor.query(
    `UPDATE deployments SET lease_until = clock_timestamp() + $3 * interval '1 millisecond',
       next_at = clock_timestamp() + $3 * interval '1 millisecond'
     WHERE id = $1 AND sequence = $2 AND lease_until > clock_timestamp()`,
    [row.id, row.sequence, leaseMs],
  );
  return rowCount === 1;
}

const REARM = prepared(
  'rearm',
  `
WITH armed AS (
   UPDATE deployments SET next_at = to_timestamp($3::float8 / 1000), evidence = COALESCE($4, evidence),
       stuck_since = NULL, stuck_why = NULL
   WHERE id = $1 AND sequence = $2 RETURNING id, sequence, phase
 ), kept AS (
   INSERT INTO evidence_blocks (deployment_id, start_ms, end_ms, block)
   SELECT a.id, (b ->> 'startMs')::float8::bigint, (b ->> 'endMs')::float8::bigint, b
   FROM armed a, jsonb_array_elements($5::jsonb) b ON CONFLICT DO NOTHING)
 SELECT phase FROM armed`,
);

/** Looks again later without anything having happened: no event, no new sequence. The row's phase; none: it has moved on. */
export async function rearm(
  executor: Executor,
  row: Pick<DeploymentRow, 'id' | 'sequence'>,
  nextAt: number | undefined,
  evidence?: EvidenceRecord,
  blocks: readonly object[] = [],
): Promise<string | undefined> {
  const { rows } = await executor.query<{ phase: string }>(
    REARM([row.id, row.sequence, nextAt ?? null, evidence ? JSON.stringify(evidence) : null, JSON.stringify(blocks)]),
  );
  return rows[0]?.phase;
}
