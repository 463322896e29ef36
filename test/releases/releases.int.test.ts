import type { RolloutEvent } from '#rollout';
import type { Logger } from '#runtime';
import { silentLogger, systemClock } from '#runtime';
import { type DeploymentRow, type TargetRow, verifyChain } from '#store';
import { eventView } from '../../apps/api/deployments/event-view.js';
import type { WorkerParts } from '../../apps/worker/parts.js';
import { EngineWorld, handlerCode } from '../engine/engine-world.js';
import { claimQueueRedis } from '../world/queue-engine.js';

/** What a worker that cannot read a row says, by deployment. */
const leftAlone: string[] = [];
const logger: Logger = {
  ...silentLogger,
  error(facts, sentence) {
    if (sentence.startsWith('A deployment is stored in a form that this release cannot read'))
      leftAlone.push((facts as { deploymentId: string }).deploymentId);
  },
  child: () => logger,
};

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.open(claimQueueRedis(), logger);
});
afterAll(() => world.close());

/**
 * A worker of a release to come, made by injection: its bakes carry a field of their own, and each bake leaves a kind of
 * event that nobody knows today. It reads what it writes.
 */
function newer(parts: WorkerParts): WorkerParts {
  const { deployments } = parts.store;
  const understood = (id: string) =>
    world.store.pool.query(`UPDATE deployments SET state = state - 'novelty' WHERE id = $1`, [id]);
  return {
    ...parts,
    store: {
      ...parts.store,
      deployments: {
        ...deployments,
        async load(id) {
          await understood(id);
          const row = await deployments.load(id);
          if (row?.phase === 'baking') await mark(row);
          return row;
        },
        async record(row, event, next, options) {
          await understood(row.id);
          if (next.phase !== 'baking' || event.type !== 'WeightShifted')
            return deployments.record(row, event, next, options);
          const begun = await deployments.record(row, event, next, options);
          if (begun.kind !== 'recorded') return begun;
          const unknown = { type: 'BakeBlessed', at: event.at, by: 'the newer release' } as unknown as RolloutEvent;
          const blessed = await deployments.record(
            { ...row, sequence: begun.sequence, lastHash: begun.lastHash },
            unknown,
            next,
            options,
          );
          await mark(row);
          return blessed;
        },
      },
    },
  };
}

const mark = ({ id }: Pick<DeploymentRow, 'id'>) =>
  world.store.pool.query(
    `UPDATE deployments SET state = state || '{"novelty": "of the newer release"}' WHERE id = $1 AND phase = 'baking'`,
    [id],
  );

const canary = (bake: number | string) => ({ type: 'canary', weightPercent: 10, bake }) as const;

async function deploy(target: TargetRow, bake: number | string): Promise<string> {
  return world.deploy(target, { code: handlerCode('v2'), strategy: canary(bake), options: { analysis: null } });
}

async function histories(ids: readonly string[]) {
  return Promise.all(ids.map((id) => world.store.events.after(id, 0, 1_000)));
}

test('old and new workers side by side bring every rollout to its end, with no write too many', async () => {
  await world.startWorker();
  await world.startWorker({}, { wrap: newer });
  const targets = await Promise.all(Array.from({ length: 8 }, () => world.target()));
  await world.forgetCalls();
  const ids = await Promise.all(targets.map((target) => deploy(target, 2)));
  await Promise.all(ids.map(untilSucceeded));
  for (const target of targets) expect(await world.alias(target)).toEqual({ version: '2', weights: {} });
  expect(await world.aliasWrites()).toBe(2 * targets.length);
  for (const events of await histories(ids)) expect(verifyChain(events)).toEqual({ ok: true });
  const kinds = (await histories(ids)).flat().filter(({ type }) => type === 'BakeBlessed');
  expect(kinds.length).toBeGreaterThan(0);
  expect(eventView(kinds[0] as (typeof kinds)[number])).toMatchObject({ type: 'BakeBlessed', sentence: 'BakeBlessed' });
  await world.stopWorkers();
}, 90_000);

test('what only the newer release can read is left alone by the older one, once and in words; all else goes on', async () => {
  leftAlone.length = 0;
  const [strange, plain] = [await world.target(), await world.target()];
  await world.startWorker({}, { wrap: newer });
  const held = await deploy(strange, 1);
  await untilMarked(held);
  await world.stopWorkers();
  await mark({ id: held });
  const before = await rawRow(held);

  await world.startWorker();
  await world.forgetCalls();
  const other = await deploy(plain, 1);
  await world.until(other, (state) => state.phase === 'succeeded');
  // The strange one has long been overdue by now, and several rounds of the sweep have met it.
  await untilSaid(held);
  await systemClock.sleep(2_500);
  expect([...new Set(leftAlone)]).toEqual([held]);
  // Seen at every round, told of ever more seldom.
  expect(leftAlone.length).toBeLessThanOrEqual(2);
  expect(await rawRow(held)).toEqual(before);
  expect(await world.alias(strange)).toEqual({ version: '1', weights: { '2': 0.1 } });
  await world.stopWorkers();

  await world.startWorker({}, { wrap: newer });
  await untilSucceeded(held);
  expect(await world.alias(strange)).toEqual({ version: '2', weights: {} });
}, 90_000);

async function rawRow(id: string): Promise<{ phase: string; sequence: number; state: unknown; next_at: Date }> {
  const { rows } = await world.store.pool.query(
    'SELECT phase, sequence, state, next_at FROM deployments WHERE id = $1',
    [id],
  );
  return rows[0];
}

/** Asks the row itself: the world's own eyes are those of today's release. */
async function untilSucceeded(id: string): Promise<void> {
  const start = systemClock.monotonic();
  while ((await rawRow(id)).phase !== 'succeeded') {
    if (systemClock.monotonic() - start > 40_000) throw new Error(JSON.stringify(await rawRow(id)));
    await systemClock.sleep(20);
  }
}

async function untilMarked(id: string): Promise<void> {
  while (!JSON.stringify((await rawRow(id)).state).includes('novelty')) await systemClock.sleep(5);
}

async function untilSaid(id: string): Promise<void> {
  while (!leftAlone.includes(id)) await systemClock.sleep(20);
}
