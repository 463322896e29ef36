import { createHash } from 'node:crypto';
import { createWakeQueue } from '#queue';
import type { Plan } from '#rollout';
import { silentLogger, systemClock } from '#runtime';
import { planOf } from '../../world/rollouts.js';
import type { FastWorkerSettings } from './fast-worker.js';
import type { Reading } from './figures.js';
import type { BenchWorld, House, Options } from './world.js';

/** Two weights and the promotion. */
const SHIFTS = 3;

/** P5 and P6: how fast whole rollouts are walked when Lambda answers at once and no budget is in the way. */
export async function measureSteps(world: BenchWorld, { queue, quick, say }: Options): Promise<Reading[]> {
  const rollouts = quick ? 100 : 5_000;
  const house = await world.house(queue);
  try {
    say('raw steps');
    const steps = await rawQueue(house, 'steps', rollouts);
    say('raw drain');
    const drain = await rawQueue(house, 'drain', rollouts * SHIFTS);
    say(`seeding ${rollouts} rollouts`);
    await seedQueued(house, rollouts);
    say('rollouts');
    const settings = { databaseUrl: house.database.url, redisUrl: house.redisUrl, functions: rollouts, bad: 0 };
    const worker = startFastWorker(house, { ...settings, ordinaryPerSecond: 1_000 });
    await worker.untilSaid('ready');
    const before = worker.processorMs();
    await worker.until(async () => (await unfinished(house)) === 0, 100, 600_000);
    const { events, seconds, ends } = await history(house);
    if (ends.some((end) => end !== 'succeeded')) throw new Error(`Rollouts ended as ${ends.join(', ')}.`);
    const ours = (rollouts * SHIFTS) / seconds;
    const cost = ((worker.processorMs() - before) / (rollouts * SHIFTS)).toFixed(2);
    const note = `${SHIFTS} shifts a rollout, preparing and bakes included: ${Math.round(events / seconds)} events/s; processor time of the worker per shift: ${cost} ms`;
    const what = 'read, claim, call, record, arm; 20 at a time';
    return [
      { id: 'P5', value: ours / steps, raw: { value: steps, what }, ours, note },
      { id: 'P6', value: ours / drain, raw: { value: drain, what: 'BullMQ with empty handlers' }, ours },
    ];
  } finally {
    await house.close();
  }
}

export function startFastWorker(house: House, settings: FastWorkerSettings) {
  return house.start('test/bench/ratios/fast-worker.js', {}, [JSON.stringify(settings)]);
}

async function rawQueue(house: House, mode: 'steps' | 'drain', count: number): Promise<number> {
  const args = [mode, String(count), house.database.url, house.redisUrl ?? ''];
  const raw = house.start('test/bench/ratios/raw-queue.js', {}, args);
  await raw.until(() => raw.said.includes('perSecond'), 50, 600_000);
  return (JSON.parse(raw.said) as { perSecond: number }).perSecond;
}

/** Two weights that hold for a second each, without the judge: it would have nothing to look at. */
export function shortPlan(): Plan {
  const steps = [10, 50].map((weight) => ({ weight, bake: 1 }));
  return planOf({ type: 'steps', steps }, { analysis: null });
}

/** Accepted rollouts of one artifact, each on a function of its own, in line and armed. */
export async function seedQueued(house: House, count: number, oneAccount = false): Promise<void> {
  const { store } = house;
  const artifact = await store.artifacts.create('default', { kind: 'zip', sha256: undefined, storage: {} });
  const bytes = new Uint8Array([2]);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await store.artifacts.appendChunk(artifact.id, 0, bytes);
  const { id: artifactId } = await store.artifacts.complete(artifact.id, sha256, 1);
  await store.pool.query(
    `INSERT INTO targets (id, project_id, name, account_id, region, function_name, alias_name)
     SELECT gen_random_uuid(), 'default', 'function-' || n, lpad(CASE WHEN $2 THEN '1' ELSE n::text END, 12, '0'), 'us-east-1',
       'function-' || n, 'live' FROM generate_series(0, $1::int - 1) n`,
    [count, oneAccount],
  );
  const { rows } = await store.pool.query<{ id: string }>('SELECT id FROM targets');
  const plan = shortPlan();
  const queue = await openQueue(house);
  await inHands(rows, async ({ id: targetId }) => {
    const accepted = await store.deployments.accept({
      projectId: 'default',
      targetId,
      policy: 'queue',
      artifactId,
      plan,
      request: {},
      requestedBy: 'bench',
      idempotency: undefined,
    });
    if (accepted.kind !== 'accepted') throw new Error(accepted.kind);
    await queue.add({ deploymentId: accepted.deploymentId, sequence: 1, delayMs: 0 });
  });
  await queue.close();
}

/** A queue that is connected: before that it refuses what it is given. */
export async function openQueue(house: House) {
  const queue = await createWakeQueue({
    databaseUrl: house.database.url,
    redisUrl: house.redisUrl,
    logger: silentLogger,
  });
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await queue.ping().then(
        () => true,
        () => false,
      )
    )
      return queue;
    await systemClock.sleep(20);
  }
  throw new Error('The queue did not open.');
}

/** Sixteen at a time: enough to keep a small machine busy. */
export async function inHands<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const hand = async () => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: 16 }, hand));
}

async function unfinished(house: House): Promise<number> {
  const { rows } = await house.store.pool.query<{ left: number }>(
    'SELECT count(*)::int AS left FROM deployments WHERE ended_at IS NULL',
  );
  return rows[0]?.left ?? 0;
}

/** From the first event after the accepts to the last one. */
async function history(house: House): Promise<{ events: number; seconds: number; ends: string[] }> {
  const { rows } = await house.store.pool.query<{ events: number; seconds: number; ends: string[] }>(
    `SELECT count(*)::int AS events, extract(epoch FROM max(recorded_at) - min(recorded_at))::float8 AS seconds,
       (SELECT array_agg(DISTINCT phase) FROM deployments) AS ends
     FROM events WHERE seq > 1`,
  );
  return rows[0] ?? { events: 0, seconds: 1, ends: [] };
}
