import type { OutageWorld } from './world.js';

/**
 * `count` live rows that want nothing for an hour, each on a target of its own: only arming them is measured. They are
 * in a phase that the reconciler does not compare, and their history is whole.
 */
export async function seedHoldingRows(world: OutageWorld, count: number): Promise<void> {
  await world.sql(
    `INSERT INTO targets (id, project_id, name, account_id, region, function_name, alias_name, policy)
     SELECT gen_random_uuid(), (SELECT min(id) FROM projects), 'seed-' || n, '000000000000', 'us-east-1', 'seed-' || n, 'live', 'queue'
     FROM generate_series(1, $1::int) n`,
    [count],
  );
  await world.sql(
    `INSERT INTO deployments (id, project_id, target_id, kind, phase, sequence, state, requested_by, next_at, last_hash)
     SELECT gen_random_uuid(), project_id, id, 'rollout', 'preparing', 1, '{"phase":"preparing"}', 'seed',
       clock_timestamp() + interval '1 hour', ''
     FROM targets WHERE name LIKE 'seed-%'`,
  );
}
