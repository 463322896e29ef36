import type { RolloutState } from '#rollout';
import { planOf, walkToBake } from '../../world/rollouts.js';
import { percentile } from './arithmetic.js';
import { type RestoreTimes, SEEDED_REVISION, SHIFTED } from './fast-worker.js';
import type { Reading } from './figures.js';
import { openQueue, seedQueued, startFastWorker } from './measure-steps.js';
import type { BenchWorld, House, Options } from './world.js';

/** The bad ones are looked at one after the other, as often as this. */
const APART_MS = 400;
const PREPARED_IN_MS = 4_000;

/**
 * P17: from the moment the verdict is recorded to the write that puts the alias back, while other rollouts of the same
 * account stand in line for its call budget.
 */
export async function measureRollbacks(world: BenchWorld, { queue, quick, say }: Options): Promise<Reading[]> {
  const others = quick ? 50 : 1_000;
  const bad = quick ? 8 : 100;
  const house = await world.house(queue);
  try {
    say(`seeding ${others} rollouts in line and ${bad} bad ones`);
    await seedQueued(house, others + bad, true);
    const ids = await turnBad(house, others, bad);
    const settings = { databaseUrl: house.database.url, redisUrl: house.redisUrl, functions: others + bad, bad };
    const worker = startFastWorker(house, { ...settings, ordinaryPerSecond: 12 });
    await worker.untilSaid('ready');
    say('rollbacks');
    await worker.until(async () => (await ended(house, ids)) === bad, 200, 120_000);
    const writes = await worker.ask<RestoreTimes>('restored');
    const decisions = await decidedAt(house, ids);
    const waits = decisions.map(({ functionName, at }) => (writes[functionName] ?? Number.NaN) - at);
    const note = `${bad} rollbacks, median ${percentile(waits, 50)} ms, longest ${percentile(waits, 100)} ms`;
    return [{ id: 'P17', value: percentile(waits, 99), note }];
  } finally {
    await house.close();
  }
}

/** The last targets' deployments hold their first weight and are due for a look, one after the other. */
async function turnBad(house: House, from: number, count: number): Promise<string[]> {
  const { store } = house;
  const now = await store.now();
  const { rows } = await store.pool.query<{ id: string; functionName: string }>(
    `SELECT d.id, t.function_name AS "functionName" FROM deployments d JOIN targets t ON t.id = d.target_id
     WHERE split_part(t.function_name, '-', 2)::int >= $1 ORDER BY 2`,
    [from],
  );
  const queue = await openQueue(house);
  for (const [index, { id }] of rows.entries()) {
    const delayMs = PREPARED_IN_MS + index * APART_MS;
    const { state, sequence } = holding(now + delayMs);
    await store.pool.query(
      `UPDATE deployments SET phase = $2, state = $3, sequence = $4, stable_version = '1', canary_version = '2',
         rollback_version = '1', revision_id = $5, weight_percent = 10, next_at = to_timestamp($6::float8 / 1000) WHERE id = $1`,
      [id, state.phase, JSON.stringify(state), sequence, SEEDED_REVISION, now + delayMs],
    );
    await queue.add({ deploymentId: id, sequence, delayMs });
  }
  await queue.close();
  if (rows.length !== count) throw new Error(`${rows.length} bad rollouts instead of ${count}.`);
  return rows.map(({ id }) => id);
}

/** Walked through the real transition to the first weight, which began to hold a little before `lookAt`. */
function holding(lookAt: number): { state: RolloutState; sequence: number } {
  const plan = planOf({ type: 'canary', weightPercent: 10, bake: '1h' });
  const { state, events } = walkToBake(plan, lookAt - 3_000, SHIFTED, SEEDED_REVISION);
  return { state, sequence: events.length + 1 };
}

async function ended(house: House, ids: readonly string[]): Promise<number> {
  const { rows } = await house.store.pool.query<{ done: number }>(
    `SELECT count(*)::int AS done FROM deployments WHERE id = ANY($1) AND ended_at IS NOT NULL`,
    [ids],
  );
  return rows[0]?.done ?? 0;
}

async function decidedAt(house: House, ids: readonly string[]): Promise<{ functionName: string; at: number }[]> {
  const { rows } = await house.store.pool.query<{ functionName: string; at: number }>(
    `SELECT t.function_name AS "functionName", round(extract(epoch FROM e.recorded_at) * 1000)::float8 AS at
     FROM events e JOIN deployments d ON d.id = e.deployment_id JOIN targets t ON t.id = d.target_id
     WHERE e.deployment_id = ANY($1) AND e.type = 'Watched' AND e.data ->> 'verdict' = 'fail'`,
    [ids],
  );
  if (rows.length !== ids.length) throw new Error(`${rows.length} of ${ids.length} rollouts were judged bad.`);
  return rows;
}
