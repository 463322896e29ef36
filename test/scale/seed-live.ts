import { randomUUID } from 'node:crypto';
import type { Plan, RolloutState } from '#rollout';
import { chainHash, project } from '../../libs/store/deployments/row.js';
import { planOf, walkToBake } from '../world/rollouts.js';

/** What the seeding needs of a store. */
interface Pool {
  query(text: string, values: unknown[]): Promise<{ rowCount: number | null }>;
}

export interface SeedOptions {
  readonly count: number;
  /** Accounts they are spread over evenly; many, where AWS must not be the limit. */
  readonly accounts: number;
  /** Until the first of them is due, and over how long the others follow evenly; milliseconds from now. */
  readonly dueInMs: number;
  readonly dueOverMs: number;
  /** Due for the end of its bake (the next shift follows), or only for a look that changes nothing. */
  readonly due: 'step' | 'look';
  /** Watched by the judge, with an hour of evidence in blocks of ten minutes. */
  readonly judged?: boolean;
  /** Number of the first one: seeding twice must not use a name twice. */
  readonly from?: number;
}

export const SEED_REGION = 'us-east-1';
export const SEED_WEIGHT_PERCENT = 10;
/** The alias's RevisionId in every seeded rollout. */
export const SEED_REVISION = 'seeded-revision';
const PROJECT = 'default';
const HOUR_SECONDS = 3_600;

/**
 * Live rollouts with whole histories, made by one statement per table: one history is walked through the real
 * `transition`, and because a link of the hash chain depends on nothing but the events before it, all share its hashes.
 * Rollouts differ in id, target and in when they are due: a bake's length is part of the plan, which no event repeats.
 */
export async function seedLive(pool: Pool, options: SeedOptions, now: number): Promise<void> {
  const { count, accounts, judged = false, from = 0 } = options;
  const tag = randomUUID();
  const { state, events } = history(now, judged);
  await pool.query(
    `INSERT INTO targets (id, project_id, name, account_id, region, function_name, alias_name)
     SELECT ${idOf('target')}, '${PROJECT}', 'scale-' || n, (100000000000 + n % $2)::text, '${SEED_REGION}', 'scale-' || n,
       'live' FROM generate_series($3::int, $3 + $4 - 1) n WHERE $1::text IS NOT NULL`,
    [tag, accounts, from, count],
  );
  await pool.query(DEPLOYMENTS, [
    tag,
    from,
    count,
    JSON.stringify(state),
    events.length,
    events.at(-1)?.hash,
    new Date(now + options.dueInMs).toISOString(),
    options.dueOverMs / count,
    options.due === 'step' ? 0 : HOUR_SECONDS,
    columnsOf(state),
  ]);
  await pool.query(
    `INSERT INTO events (deployment_id, seq, project_id, type, data, actor, hash)
     SELECT ${idOf('deployment')}, (e ->> 'seq')::int, '${PROJECT}', e -> 'event' ->> 'type', e -> 'event', 'seed', e ->> 'hash'
     FROM generate_series($2::int, $2 + $3 - 1) n, jsonb_array_elements($4::jsonb) e`,
    [tag, from, count, JSON.stringify(events)],
  );
  if (judged) await pool.query(EVIDENCE, [tag, from, count, now - HOUR_SECONDS * 1_000]);
  for (const table of ['targets', 'deployments', 'events', 'evidence_blocks']) await pool.query(`ANALYZE ${table}`, []);
}

/** The same id for the same number under one tag, without a table to look it up in. */
const idOf = (kind: string) => `md5($1::text || '${kind}' || n)::uuid`;

const DEPLOYMENTS = `
INSERT INTO deployments (id, project_id, target_id, kind, phase, sequence, state, request, requested_by, stable_version,
  canary_version, rollback_version, revision_id, weight_percent, next_at, last_hash, created_at)
SELECT ${idOf('deployment')}, '${PROJECT}', ${idOf('target')}, 'rollout', 'baking', $5,
  jsonb_set(jsonb_set($4::jsonb, '{bakeUntil}', to_jsonb(bake_until)), '{plan,steps,0,bakeSeconds}',
    to_jsonb((bake_until - ($4::jsonb ->> 'bakeStartedAt')::float8) / 1000)),
  '{}', 'seed', c ->> 'stableVersion', c ->> 'canaryVersion', c ->> 'rollbackVersion', c ->> 'revisionId',
  (c ->> 'weightPercent')::numeric, due, $6, clock_timestamp() - interval '1 hour'
FROM generate_series($2::int, $2 + $3 - 1) n, (SELECT $10::jsonb AS c) columns,
  LATERAL (SELECT $7::timestamptz + (n - $2) * $8::float8 * interval '1 millisecond' AS due) d,
  LATERAL (SELECT round(extract(epoch FROM due) * 1000) + $9::float8 * 1000 AS bake_until) b`;

const BLOCK = {
  weightPercent: SEED_WEIGHT_PERCENT,
  stable: { invocations: 900, errors: 1 },
  canary: { invocations: 100, errors: 0 },
};
const EVIDENCE = `
INSERT INTO evidence_blocks (deployment_id, start_ms, end_ms, block)
SELECT ${idOf('deployment')}, $4::float8 + b * 600000, $4::float8 + (b + 1) * 600000, '${JSON.stringify(BLOCK)}'
FROM generate_series($2::int, $2 + $3 - 1) n, generate_series(0, 5) b`;

/** Members as the columns of the row repeat them. */
const columnsOf = (state: RolloutState): string => JSON.stringify(project(state));

interface Link {
  readonly seq: number;
  readonly event: object;
  readonly hash: string;
}

/** Accepted an hour ago, prepared, shifted to its first weight, which it now holds. */
function history(now: number, judged: boolean): { readonly state: RolloutState; readonly events: readonly Link[] } {
  const at = now - HOUR_SECONDS * 1_000;
  const shift = { version: '1', canary: { version: '2', weightPercent: SEED_WEIGHT_PERCENT } };
  const { state, events } = walkToBake(planOfTwoSteps(judged), at, shift, SEED_REVISION);
  const links: Link[] = [link('', 1, { type: 'Accepted', at, by: 'seed' })];
  for (const event of events) links.push(link(links.at(-1)?.hash ?? '', links.length + 1, event));
  return { state, events: links };
}

function link(previous: string, seq: number, event: object): Link {
  return { seq, event, hash: chainHash(previous, seq, event) };
}

/** A step that ends when the row is due, and one that outlasts every measurement. */
function planOfTwoSteps(judged: boolean): Plan {
  const steps = [SEED_WEIGHT_PERCENT, 50].map((weight) => ({ weight, bake: '1h' }));
  return planOf({ type: 'steps', steps }, { analysis: judged ? {} : null, watchSeconds: HOUR_SECONDS });
}
