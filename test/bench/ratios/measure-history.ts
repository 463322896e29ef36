import { queuedState, type RolloutState } from '#rollout';
import { patiently } from '../../world/patiently.js';
import { planOf } from '../../world/rollouts.js';
import type { Reading } from './figures.js';
import { fire } from './load.js';
import type { BenchWorld, House, Options } from './world.js';

const EVENTS_EACH = 10;
const TARGETS = 1_000;
const PAGE = 50;

/** P19: pages of a long history, read anywhere in it: deployments of all targets and of one, and one deployment's events. */
export async function measureHistory(world: BenchWorld, { queue, quick, say }: Options): Promise<Reading[]> {
  const deployments = quick ? 2_000 : 100_000;
  const house = await world.house(queue);
  try {
    say(`seeding ${deployments} deployments with ${deployments * EVENTS_EACH} events`);
    await seedHistory(house, deployments);
    await house.api();
    const places = await somePlaces(house);
    const headers = { authorization: `Bearer ${house.key}` };
    let asked = 0;
    const next = () => {
      asked += 1;
      const place = places[asked % places.length];
      const paths = [
        `/v1/deployments?limit=${PAGE}&cursor=${place?.cursor}`,
        `/v1/deployments?limit=${PAGE}&target=${place?.target}`,
        `/v1/deployments/${place?.id}/events`,
      ];
      return { method: 'GET' as const, path: paths[asked % paths.length] ?? '', headers };
    };
    const load = { url: house.apiUrl, connections: 2, next };
    say('reads');
    const greatest = await fire({ ...load, seconds: quick ? 2 : 5 });
    // At half of what it can do: the tail of a saturated server says how long the line was, not how long a read takes.
    const { p99 } = await fire({ ...load, seconds: quick ? 2 : 10, rate: greatest.perSecond / 2 });
    return [{ id: 'P19', value: p99, note: `${Math.round(greatest.perSecond)} reads/s at most from two connections` }];
  } finally {
    await house.close();
  }
}

/** Cursors, targets and deployments from all over the history, not only its warm end. */
async function somePlaces(house: House): Promise<{ cursor: string; target: string; id: string }[]> {
  const { rows } = await house.store.pool.query<{ id: string; target: string; at: number }>(
    `SELECT d.id, t.name AS target, round(extract(epoch FROM d.created_at) * 1000)::float8 AS at
     FROM deployments d JOIN targets t ON t.id = d.target_id ORDER BY md5(d.id::text) LIMIT 997`,
  );
  return rows.map(({ id, target, at }) => ({ id, target, cursor: Buffer.from(`${at}.${id}`).toString('base64url') }));
}

/** The same id for the same text, in a form that passes for a random one (version 4). */
const uuidOf = (text: string) => `overlay(overlay(md5(${text}) placing '4' from 13) placing '8' from 17)::uuid`;

async function seedHistory(house: House, deployments: number): Promise<void> {
  await patiently(house.database.url, async (client) => {
    await client.query(
      `INSERT INTO targets (id, project_id, name, account_id, region, function_name, alias_name)
       SELECT ${uuidOf("'target' || n")}, 'default', 'target-' || n, '000000000000', 'us-east-1', 'function-' || n, 'live'
       FROM generate_series(0, $1::int - 1) n`,
      [TARGETS],
    );
    await client.query(
      `INSERT INTO deployments (id, project_id, target_id, kind, phase, sequence, state, requested_by, stable_version,
         canary_version, rollback_version, last_hash, created_at, updated_at, ended_at)
       SELECT ${uuidOf("'deployment' || n")}, 'default', ${uuidOf("'target' || n % $2")}, 'rollout', 'succeeded', $3, $4, 'ci',
         '1', '2', '1', md5(n::text), at, at, at
       FROM generate_series(0, $1::int - 1) n, LATERAL (SELECT clock_timestamp() - n * interval '90 seconds' AS at) a`,
      [deployments, TARGETS, EVENTS_EACH, JSON.stringify(promotedState())],
    );
    await client.query(
      `INSERT INTO events (deployment_id, seq, project_id, type, data, actor, hash)
       SELECT ${uuidOf("'deployment' || n")}, seq, 'default', type, jsonb_build_object('type', type, 'at', 1700000000000 + seq, 'by', 'ci'), 'worker:bench', md5(n || ' ' || seq)
       FROM generate_series(0, $1::int - 1) n, unnest($2::text[]) WITH ORDINALITY types(type, seq)`,
      [deployments, EVENT_TYPES],
    );
    await client.query('ANALYZE');
  });
}

const EVENT_TYPES = ['Accepted', ...Array.from({ length: EVENTS_EACH - 1 }, () => 'Started')];

/** An end as a rollout reaches it; how it got there is in its events. */
function promotedState(): RolloutState {
  const { plan, kind } = queuedState(planOf('Canary10Percent5Minutes'), 0);
  const value = { version: '2' };
  return { kind, plan, phase: 'succeeded', result: 'promoted', point: { version: '1' }, canary: '2', value };
}
