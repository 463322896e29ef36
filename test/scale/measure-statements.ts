import { nextWakeAt } from '#rollout';
import type { DeploymentRow } from '#store';
import { callBudgetRows } from '../../libs/store/call-budget.js';
import type { Executor } from '../../libs/store/database.js';
import { findOverdue, findRollbacks, listArmed, takeForReconciling } from '../../libs/store/deployments/due.js';
import { loadDeployment } from '../../libs/store/deployments/read.js';
import { rearm, recordEvent } from '../../libs/store/deployments/record.js';
import { readFigures } from '../../libs/store/figures.js';
import { queryRows } from '../../libs/store/queries.js';
import { troubleRows } from '../../libs/store/troubles.js';
import { patiently } from '../world/patiently.js';
import { moved } from '../world/rollouts.js';
import { explainAll, type StatementCost } from './explain.js';
import { ScaleWorld } from './scale-world.js';

export type StatementName =
  | 'load'
  | 'look again later'
  | 'record an event'
  | 'record an end'
  | 'sweep'
  | 'rollback lane'
  | 'reconciler'
  | 'first page of arming'
  | 'call budget'
  | 'open questions'
  | 'figures'
  | 'what doctor calls overdue';

export type StatementFigures = Record<StatementName, StatementCost>;

const LATE_MS = 30_000;
const TALLIED_AT_ONCE = 2_000;

/**
 * What every statement of the worker's rounds touches while `live` rollouts bake and nothing is due: it must not grow
 * with their number. Half as many have ended, and half as many wait in line behind them.
 */
export async function measureStatements(options: { readonly live: number }): Promise<StatementFigures> {
  const world = await ScaleWorld.open('postgres');
  try {
    const half = Math.ceil(options.live / 2);
    const seed = { accounts: 100, dueInMs: 3_600_000, dueOverMs: 60_000, due: 'look', judged: true } as const;
    await world.seed({ ...seed, count: options.live });
    await world.seed({ ...seed, count: half, from: options.live });
    await endFrom(world, options.live);
    await queueBehind(world, half);
    await unlimited(world, `UPDATE deployments SET reconcile_at = now() + interval '1 hour' WHERE phase = 'baking'`);
    await unlimited(world, 'VACUUM ANALYZE');
    // What ended long ago has been counted by the first looks of the first day.
    for (let counted = 0; counted <= half; counted += TALLIED_AT_ONCE) await readFigures(world.store.pool, LATE_MS);
    const client = await world.store.pool.connect();
    try {
      const { rows } = await client.query<{ id: string }>(`SELECT id FROM deployments WHERE phase = 'baking' LIMIT 1`);
      const row = await loadDeployment(client, rows[0]?.id ?? '');
      if (!row) throw new Error('Nothing was seeded.');
      const figures: Partial<StatementFigures> = {};
      for (const [name, work] of Object.entries(statements(row))) {
        figures[name as StatementName] = await explainAll(client, work);
      }
      return figures as StatementFigures;
    } finally {
      client.release();
    }
  } finally {
    await world.close();
  }
}

function statements(row: DeploymentRow): Record<StatementName, (executor: Executor) => Promise<unknown>> {
  const place = { accountId: row.target.accountId, region: row.target.region };
  return {
    load: (executor) => loadDeployment(executor, row.id),
    'look again later': (executor) => rearm(executor, row, row.readAt + 3_600_000),
    sweep: (executor) => findOverdue(executor, 1_500, 500),
    'rollback lane': (executor) => findRollbacks(executor, 100),
    reconciler: (executor) => takeForReconciling(executor, 4_500, 500, 333),
    'first page of arming': (executor) => listArmed(executor, undefined, 100),
    'call budget': (executor) => callBudgetRows(executor).reserve(place, [{ lane: 'ordinary', spacingMs: 86 }], 1, 400),
    'open questions': (executor) => queryRows(executor).take(5),
    figures: (executor) => readFigures(executor, LATE_MS),
    'what doctor calls overdue': (executor) => troubleRows(executor).overdue('default', LATE_MS, [], 1_000),
    'record an event': (executor) => record(executor, row, 'PauseRequested'),
    'record an end': async (executor) => {
      const paused = await loadDeployment(executor, row.id);
      if (paused) await record(executor, paused, 'SupersedeRequested');
    },
  };
}

function record(executor: Executor, row: DeploymentRow, type: 'PauseRequested' | 'SupersedeRequested') {
  const at = row.readAt;
  const event =
    type === 'PauseRequested'
      ? { type, at, by: 'scale' }
      : { type, at, by: 'scale', deploymentId: row.id, why: 'Something newer came.' };
  const next = moved(row.state, event);
  return recordEvent(executor, row, event, next, { actor: 'scale', nextAt: nextWakeAt(next, at) });
}

/** Ended rollouts, as years leave them behind: nothing looks at them any more. */
async function endFrom(world: ScaleWorld, from: number): Promise<void> {
  await unlimited(
    world,
    `UPDATE deployments d SET phase = 'superseded', ended_at = now() - interval '1 day', next_at = NULL,
       state = jsonb_build_object('phase', 'superseded', 'kind', 'rollout', 'plan', state -> 'plan',
         'reason', jsonb_build_object('code', 'superseded', 'sentence', 'Something newer came.'))
     FROM targets t WHERE t.id = d.target_id AND substr(t.name, 7)::int >= ${from}`,
  );
}

/** One waits behind each of the first live ones. */
async function queueBehind(world: ScaleWorld, count: number): Promise<void> {
  await unlimited(
    world,
    `INSERT INTO deployments (id, project_id, target_id, kind, phase, sequence, state, requested_by, next_at, last_hash)
     SELECT gen_random_uuid(), project_id, target_id, 'rollout', 'queued', 1,
       jsonb_build_object('phase', 'queued', 'kind', 'rollout', 'plan', state -> 'plan', 'since', 0),
       'seed', now() + interval '1 hour', ''
     FROM deployments WHERE phase = 'baking' LIMIT ${count}`,
  );
}

async function unlimited(world: ScaleWorld, statement: string): Promise<void> {
  await patiently(world.database.url, (client) => client.query(statement));
}
