import { type Job, Queue } from 'bullmq';
import { silentLogger, systemClock } from '#runtime';
import { backendOf, bullConnection, chooseEngine, redisOf } from '../../libs/queue/engine.js';
import { BOTH, type Outage, outage } from './outage.js';
import type { OutageWorld } from './world.js';

const forever = { strategy: { type: 'canary', weightPercent: 10, bake: '1h' } } as const;
const WATCHED_MS = 15_000;

/** As a release of another time would have left them: each stops one deployment and nothing else. */
const POISONS: Readonly<Record<string, string>> = {
  'a state of an unknown form': `UPDATE deployments SET state = '{"phase":"baking","form":9}', next_at = now() WHERE id = $1`,
  'an unknown phase': `UPDATE deployments SET state = jsonb_set(state, '{phase}', '"hovering"'), next_at = now() WHERE id = $1`,
  'a rollback of an unknown form': `UPDATE deployments SET phase = 'rolling_back', state = '{"phase":"rolling_back"}', next_at = now() WHERE id = $1`,
  'target settings of an unknown form': `UPDATE targets SET settings = '{"strategy":7,"metrics":[3]}' WHERE id = (SELECT target_id FROM deployments WHERE id = $1)`,
  'evidence of an unknown form': `UPDATE deployments SET evidence = '{"judge":{"form":9},"numbers":7}', next_at = now() WHERE id = $1`,
};

/** Puts things into the queue that no release of ours would. */
async function poisonQueue(world: OutageWorld): Promise<number> {
  const redisUrl = world.engine === 'redis' ? world.redis.url : undefined;
  const engine = chooseEngine({ redisUrl, databaseUrl: world.database.url, logger: silentLogger });
  const connection = bullConnection(engine, 'producer');
  const queue = new Queue('wakes', connection as never, backendOf(connection.connection) as never);
  await queue.waitUntilReady();
  const jobs: Promise<Job>[] = [
    queue.add('wake', { nonsense: true }),
    queue.add('wake', 'a text'),
    queue.add('wake', null),
    queue.add('other', { deploymentId: 'not-a-uuid', sequence: 1 }),
    queue.add('wake', { deploymentId: '00000000-0000-4000-8000-000000000000', sequence: -3 }),
    queue.add('wake', { deploymentId: '00000000-0000-4000-8000-000000000000', sequence: 1 }),
  ];
  await Promise.all(jobs);
  await queue.close();
  redisOf(connection.connection)?.disconnect();
  return jobs.length;
}

const poison = outage({
  fault: 'F30',
  title: 'rows, evidence and jobs that this release cannot read, beside rollouts that are well',
  mustHold: ['I1', 'I2', 'I5', 'I7', 'I9', 'I10', 'I11', 'I13', 'I16', 'I17', 'I18'],
  bounds: {
    'a rollout beside them': { most: 15_000, unit: 'ms' },
    'log lines about one of them in 15 s': { most: 6, unit: 'lines' },
    'poisoned deployments that the list leaves out': { most: 0, unit: 'deployments' },
    'poisoned deployments that doctor and the API do not name': { most: 0, unit: 'deployments' },
    'deployments that go on once they can be read': { most: 15_000, unit: 'ms' },
  },
  engines: BOTH,
  sample: 'postgres',
  async run(world) {
    const { api, worker } = await world.startBoth({ environment: { SLUICE_SWEEP_SECONDS: '1' } });
    const poisoned: string[] = [];
    for (const _ of Object.keys(POISONS)) {
      const { id } = await world.deploy(await world.target(), { more: forever });
      await world.untilPhase(id, 'baking');
      poisoned.push(id);
    }
    const kept = await world.sql<{ id: string; phase: string; state: object }>(
      'SELECT id, phase, state FROM deployments',
    );
    for (const [index, statement] of Object.values(POISONS).entries()) await world.sql(statement, [poisoned[index]]);
    await poisonQueue(world);
    const since = systemClock.monotonic();
    const before = worker.output.length;
    const beside = await world.deploy(await world.target(), {
      more: { strategy: { ...forever.strategy, bake: '1s' } },
    });
    const took = await world.untilPhase(beside.id, 'succeeded', 60_000);
    const unreadable = poisoned.slice(0, 3);
    const left = await missingFromList(world, poisoned);
    const unnamed = await unnamedByApi(world, unreadable);
    await systemClock.sleep(Math.max(0, WATCHED_MS - (systemClock.monotonic() - since)));
    const said = worker.output.slice(before);
    if (api.isOver || worker.isOver) throw new Error('A process ended.');
    // The release that can read them comes: here, the rows become as they were.
    for (const { id, phase, state } of kept) {
      await world.sql('UPDATE deployments SET phase = $2, state = $3, evidence = NULL WHERE id = $1', [
        id,
        phase,
        state,
      ]);
    }
    await worker.kill();
    await world.startWorker({ environment: { SLUICE_SWEEP_SECONDS: '1' } });
    const start = systemClock.monotonic();
    for (const id of poisoned) await world.post(`/v1/deployments/${id}/abort`, {});
    for (const id of poisoned) await world.untilPhase(id, 'rolled_back', 60_000);
    return {
      'a rollout beside them': took,
      'log lines about one of them in 15 s': Math.max(
        ...poisoned.map((id) => said.split('\n').filter((line) => line.includes(id)).length),
      ),
      'poisoned deployments that the list leaves out': left,
      'poisoned deployments that doctor and the API do not name': unnamed,
      'deployments that go on once they can be read': systemClock.monotonic() - start,
    };
  },
});

/** Pages of two: a row left out would make a page look like the last one. */
async function missingFromList(world: OutageWorld, ids: readonly string[]): Promise<number> {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await world.client.listDeployments({ limit: 2, ...(cursor ? { cursor } : {}) });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return ids.filter((id) => !seen.includes(id)).length;
}

async function unnamedByApi(world: OutageWorld, ids: readonly string[]): Promise<number> {
  const doctor = JSON.stringify((await world.ask('GET', '/v1/doctor')).body);
  const unnamed = ids.filter((id) => !doctor.includes(id));
  if (unnamed.length > 0) return unnamed.length;
  // The list of targets is the first thing everybody looks at.
  await world.client.listTargets();
  const views = await Promise.all(ids.map((id) => world.client.getDeployment(id)));
  for (const id of ids) {
    const refused = await world.post(`/v1/deployments/${id}/abort`, {});
    if (refused.body['code'] !== 'deployment_unreadable')
      throw new Error(`Aborting it: ${JSON.stringify(refused.body)}`);
  }
  return views.filter(({ trouble, allowedActions }) => trouble === null || allowedActions.length > 0).length;
}

export const poisonOutages: readonly Outage[] = [poison];
