import type { DeploymentRow, EvidenceRecord } from '../api.js';
import { type Executor, prepared } from '../database.js';
import { ACTIVE } from '../figures.js';
import { type Entry, entryColumns, FORGOTTEN, isToldWithItsWrite, type Recorded } from './record.js';
import { chainHash } from './row.js';

/**
 * Rows by their keys, never by reading the table: the planner takes what comes as JSON for a hundred rows, and a hundred
 * of a table that it believes to be small for all of it. A plan made on a young table is kept for as long as the connection.
 */
const NAMED = 'ANY (ARRAY(SELECT id FROM entry))';
const HELD = 'ANY (ARRAY(SELECT id FROM held))';

/**
 * The same for several rows that have nothing to do with each other, all in one statement. It waits for nobody: a row
 * that somebody holds is left out, and so is one whose end or publication sets others free, because waking them may
 * wait. What was left out, and what has moved on, is told by `RECORD`.
 */
const RECORD_TOGETHER = prepared(
  'record_together',
  `
WITH entry AS MATERIALIZED (
  SELECT * FROM json_to_recordset($1::json) AS e(n int, id uuid, sequence int, phase text, state jsonb, stable text,
    canary text, rollback text, revision text, weight numeric, next_at float8, lease_ms float8, keeps_lease boolean,
    evidence jsonb, hash text, ended boolean, frees boolean, type text, data jsonb, actor text, version text,
    origin text, blocks jsonb)
), held AS MATERIALIZED (
  SELECT d.id FROM entry e JOIN deployments d ON d.id = e.id AND d.sequence = e.sequence
  WHERE d.id = ${NAMED} AND (NOT e.frees OR NOT EXISTS (
    SELECT FROM targets own JOIN targets t USING (account_id, region, function_name)
    JOIN deployments q ON q.target_id = t.id AND q.phase = 'queued' AND q.id <> d.id WHERE own.id = d.target_id))
  FOR UPDATE OF d SKIP LOCKED
), moved AS (
  UPDATE deployments d SET
    phase = e.phase, state = e.state, sequence = d.sequence + 1, stable_version = e.stable, canary_version = e.canary,
    rollback_version = e.rollback, revision_id = e.revision, weight_percent = e.weight,
    next_at = CASE WHEN e.lease_ms IS NOT NULL THEN clock_timestamp() + e.lease_ms * interval '1 millisecond'
                   ELSE to_timestamp(e.next_at / 1000) END,
    lease_until = CASE WHEN e.keeps_lease THEN d.lease_until
                       ELSE clock_timestamp() + e.lease_ms * interval '1 millisecond' END,
    evidence = COALESCE(e.evidence, d.evidence), last_hash = e.hash, updated_at = clock_timestamp(),
    stuck_since = NULL, stuck_why = NULL,
    ended_at = CASE WHEN e.ended THEN COALESCE(d.ended_at, clock_timestamp()) END,
    request = CASE WHEN e.frees THEN ${FORGOTTEN} ELSE d.request END
  FROM entry e JOIN held USING (id)
  WHERE d.id = ${HELD} AND d.id = e.id AND d.sequence = e.sequence
    AND (e.lease_ms IS NULL OR d.lease_until IS NULL OR d.lease_until <= clock_timestamp())
  RETURNING d.id, d.project_id, d.target_id, d.sequence, e.n, e.type, e.data, e.actor, e.hash, e.ended, e.frees,
    e.version, e.origin, e.blocks
), event AS (
  INSERT INTO events (deployment_id, seq, project_id, type, data, actor, hash)
  SELECT id, sequence, project_id, type, data, actor, hash FROM moved
), unlocked AS (
  DELETE FROM function_locks WHERE deployment_id = ANY (ARRAY(SELECT id FROM moved WHERE frees))
), provenance AS (
  INSERT INTO versions (account_id, region, function_name, version, project_id, deployment_id, origin)
  SELECT t.account_id, t.region, t.function_name, m.version, m.project_id, m.id, m.origin
  FROM moved m JOIN targets t ON t.id = m.target_id
  WHERE m.version IS NOT NULL AND t.id = ANY (ARRAY(SELECT target_id FROM moved WHERE version IS NOT NULL))
  ORDER BY t.account_id, t.region, t.function_name
  ON CONFLICT DO NOTHING
), kept AS (
  INSERT INTO evidence_blocks (deployment_id, start_ms, end_ms, block)
  SELECT m.id, (b ->> 'startMs')::float8::bigint, (b ->> 'endMs')::float8::bigint, b
  FROM moved m, jsonb_array_elements(m.blocks) b ON CONFLICT DO NOTHING
), forgotten AS (
  DELETE FROM probe_payloads WHERE deployment_id = ANY (ARRAY(SELECT id FROM moved WHERE ended OR type = 'Probed'))
)
SELECT n, sequence, hash FROM moved`,
);

/** For entries that `mayShareRecord`. */
export async function recordTogether(executor: Executor, entries: readonly Entry[]): Promise<(Recorded | undefined)[]> {
  const columns = entries.map((entry, n) => {
    const { row, event } = entry;
    return { n, ...entryColumns(entry, chainHash(row.lastHash, row.sequence + 1, event)) };
  });
  const { rows } = await executor.query<Written>(RECORD_TOGETHER([JSON.stringify(columns)]));
  return inTheirOrder(entries, rows);
}

interface Written {
  /** The entry's place among those that shared the statement. */
  readonly n: number;
  readonly sequence: number;
  readonly hash: string;
}

function inTheirOrder(entries: readonly unknown[], rows: readonly Written[]): (Recorded | undefined)[] {
  const answers: (Recorded | undefined)[] = entries.map(() => undefined);
  for (const { n, sequence, hash } of rows) answers[n] = { kind: 'recorded', sequence, lastHash: hash, woken: [] };
  return answers;
}

/** A rollback is urgent, and told of inside its write. */
export function mayShareRecord({ next }: Entry): boolean {
  return !isToldWithItsWrite(next.phase);
}

/**
 * The same for several deployments, without waiting for anybody: one that may not start now, or that somebody holds, is
 * left out, and `START` tells why.
 */
const START_TOGETHER = prepared(
  'start_together',
  `
WITH entry AS MATERIALIZED (
  SELECT * FROM json_to_recordset($1::json) AS e(n int, id uuid, sequence int, phase text, state jsonb, hash text,
    type text, data jsonb, actor text)
), candidate AS MATERIALIZED (
  SELECT d.id, d.target_id FROM entry e JOIN deployments d ON d.id = e.id AND d.sequence = e.sequence
  WHERE d.id = ${NAMED} AND d.phase = 'queued'
    AND NOT EXISTS (SELECT FROM deployments o WHERE o.target_id = d.target_id AND o.phase = 'queued'
                    AND (o.created_at, o.id) < (d.created_at, d.id))
    AND NOT EXISTS (SELECT FROM deployments a WHERE a.target_id = d.target_id AND a.${ACTIVE})
    AND NOT EXISTS (SELECT FROM targets t JOIN function_locks l USING (account_id, region, function_name)
                    WHERE t.id = d.target_id)
  FOR UPDATE OF d SKIP LOCKED
), lock AS (
  INSERT INTO function_locks (account_id, region, function_name, deployment_id)
  SELECT t.account_id, t.region, t.function_name, c.id FROM candidate c JOIN targets t ON t.id = c.target_id
  WHERE t.id = ANY (ARRAY(SELECT target_id FROM candidate))
  ORDER BY t.account_id, t.region, t.function_name
  ON CONFLICT DO NOTHING RETURNING deployment_id
), moved AS (
  UPDATE deployments d SET phase = e.phase, state = e.state, sequence = d.sequence + 1, next_at = clock_timestamp(),
    last_hash = e.hash, updated_at = clock_timestamp(), stuck_since = NULL, stuck_why = NULL
  FROM entry e JOIN lock ON lock.deployment_id = e.id
  WHERE d.id = ANY (ARRAY(SELECT deployment_id FROM lock)) AND d.id = e.id AND d.sequence = e.sequence
  RETURNING d.id, d.project_id, d.sequence, e.n, e.type, e.data, e.actor, e.hash
), event AS (
  INSERT INTO events (deployment_id, seq, project_id, type, data, actor, hash)
  SELECT id, sequence, project_id, type, data, actor, hash FROM moved
)
SELECT n, sequence, hash FROM moved`,
);

export type StartEntry = Omit<Entry, 'options'> & { readonly actor: string };

export async function startTogether(
  executor: Executor,
  entries: readonly StartEntry[],
): Promise<(Recorded | undefined)[]> {
  const columns = entries.map(({ row, event, next, actor }, n) => {
    const hash = chainHash(row.lastHash, row.sequence + 1, event);
    return {
      n,
      id: row.id,
      sequence: row.sequence,
      phase: next.phase,
      state: next,
      hash,
      type: event.type,
      data: event,
      actor,
    };
  });
  const { rows } = await executor.query<Written>(START_TOGETHER([JSON.stringify(columns)]));
  return inTheirOrder(entries, rows);
}

/** What `rearm` is told, as one. */
export interface RearmEntry {
  readonly row: Pick<DeploymentRow, 'id' | 'sequence'>;
  readonly nextAt: number | undefined;
  readonly evidence?: EvidenceRecord | undefined;
  readonly blocks?: readonly object[] | undefined;
}

/** The same for several rows; one that somebody holds is left out. */
const REARM_TOGETHER = prepared(
  'rearm_together',
  `
WITH entry AS MATERIALIZED (
  SELECT * FROM json_to_recordset($1::json) AS e(n int, id uuid, sequence int, next_at float8, evidence jsonb, blocks jsonb)
), held AS MATERIALIZED (
  SELECT d.id FROM entry e JOIN deployments d ON d.id = e.id AND d.sequence = e.sequence
  WHERE d.id = ${NAMED} FOR UPDATE OF d SKIP LOCKED
), armed AS (
  UPDATE deployments d SET next_at = to_timestamp(e.next_at / 1000), evidence = COALESCE(e.evidence, d.evidence),
    stuck_since = NULL, stuck_why = NULL
  FROM entry e JOIN held USING (id) WHERE d.id = ${HELD} AND d.id = e.id AND d.sequence = e.sequence
  RETURNING d.id, d.phase, e.n, e.blocks
), kept AS (
  INSERT INTO evidence_blocks (deployment_id, start_ms, end_ms, block)
  SELECT a.id, (b ->> 'startMs')::float8::bigint, (b ->> 'endMs')::float8::bigint, b
  FROM armed a, jsonb_array_elements(a.blocks) b ON CONFLICT DO NOTHING
)
SELECT n, phase FROM armed`,
);

export async function rearmTogether(
  executor: Executor,
  entries: readonly RearmEntry[],
): Promise<({ readonly phase: string } | undefined)[]> {
  const columns = entries.map(({ row, nextAt, evidence, blocks }, n) => ({
    n,
    id: row.id,
    sequence: row.sequence,
    next_at: nextAt ?? null,
    evidence: evidence ?? null,
    blocks: blocks ?? [],
  }));
  const { rows } = await executor.query<{ n: number; phase: string }>(REARM_TOGETHER([JSON.stringify(columns)]));
  const answers: ({ readonly phase: string } | undefined)[] = entries.map(() => undefined);
  for (const { n, phase } of rows) answers[n] = { phase };
  return answers;
}
