import { freePort } from '../world/redis-server.js';
import { BOTH, type Outage, outage } from './outage.js';
import type { Program } from './program.js';
import { type OutageWorld, SWEEP_SECONDS } from './world.js';

const canary = { type: 'canary', weightPercent: 10, bake: '1s' } as const;

/** The same request under the same key through both APIs at once, and at once again. */
async function askBoth(world: OutageWorld, urls: readonly string[], body: object, key: string): Promise<string> {
  const path = '/v1/deployments';
  const replies = await Promise.all(
    [...urls, ...urls].map((url) => world.ask('POST', `${url}${path}`, body, { 'idempotency-key': key })),
  );
  const odd = replies.find(({ status }) => status !== 202);
  if (odd) throw new Error(`Answered ${odd.status}: ${JSON.stringify(odd.body)}`);
  const ids = new Set(replies.map((reply) => String(reply.body['id'])));
  if (ids.size !== 1) throw new Error(`One key, ${ids.size} deployments.`);
  const [id = ''] = ids;
  world.promised.push({ id, key, body: body as never });
  return id;
}

const TARGETS = 4;

const twoOfEverything = outage({
  fault: 'F27',
  title: 'two APIs, two workers, two reconcilers, the same requests through both',
  mustHold: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7', 'I8', 'I9', 'I10', 'I11', 'I12', 'I13', 'I17', 'I18', 'I21'],
  bounds: {
    'deployments beyond one per key': { most: 0, unit: 'deployments' },
    'alias writes beyond one per change': { most: 0, unit: 'writes' },
    'workers that did nothing': { most: 0, unit: 'workers' },
  },
  engines: BOTH,
  sample: 'redis',
  async run(world) {
    const otherPort = await freePort();
    const workers = await Promise.all([
      world.startWorker({ environment: { SLUICE_SWEEP_SECONDS: '1' } }),
      world.startWorker({ environment: { SLUICE_SWEEP_SECONDS: '1' } }),
    ]);
    await world.startApi();
    await world.startApi({ port: otherPort });
    const urls = [world.apiUrl, `http://127.0.0.1:${otherPort}`];
    const [going, stopped]: [string[], string[]] = [[], []];
    for (let number = 0; number < TARGETS; number += 1) {
      const target = await world.target();
      const asked = [0, 1].map(async (round) => {
        const body = await world.wish(target, { more: { strategy: round === 0 ? canary : 'all-at-once' } });
        return askBoth(world, urls, body, `target-${number}-${round}`);
      });
      going.push(...(await Promise.all(asked)));
      const doomed = await world.wish(await world.target(), { more: { strategy: { ...canary, bake: '1h' } } });
      stopped.push(await askBoth(world, urls, doomed, `doomed-${number}`));
    }
    for (const id of stopped) {
      await world.untilPhase(id, 'baking', 60_000);
      await Promise.all(urls.map((url) => world.ask('POST', `${url}/v1/deployments/${id}/abort`, {})));
    }
    for (const id of stopped) await world.untilPhase(id, 'rolled_back', 60_000);
    for (const id of going) await world.untilPhase(id, 'succeeded', 60_000);
    const [{ n } = { n: 0 }] = await world.sql<{ n: number }>('SELECT count(*)::int AS n FROM deployments');
    // A canary is shifted and promoted; what is stopped is shifted and put back; the second of two equals finds nothing to do.
    const writes = (await world.lambda.log('UpdateAlias')).filter(({ outcome }) => outcome === 'ok').length;
    return {
      'deployments beyond one per key': n - 3 * TARGETS,
      'alias writes beyond one per change': Math.max(0, writes - 4 * TARGETS),
      'workers that did nothing': await idle(world, workers),
    };
  },
});

/** Histories say who did what. */
async function idle(world: OutageWorld, workers: readonly Program[]): Promise<number> {
  const rows = await world.sql<{ actor: string }>('SELECT DISTINCT actor FROM events');
  return workers.filter(({ pid }) => !rows.some(({ actor }) => actor.endsWith(`:${pid}`))).length;
}

const TEN_MINUTES = 600_000;
const BAKE_MS = 3_000;

const wrongClocks = outage({
  fault: 'F28',
  title: 'one worker ten minutes ahead, one ten minutes behind, the API ahead',
  mustHold: ['I1', 'I2', 'I3', 'I5', 'I7', 'I8', 'I9', 'I11', 'I12', 'I13', 'I17', 'I18', 'I20'],
  bounds: {
    'a bake shorter than asked by': { most: 0, unit: 'ms' },
    'a bake longer than asked by': { most: (SWEEP_SECONDS + 5) * 1000, unit: 'ms' },
    'event times off database time by': { most: 10_000, unit: 'ms' },
  },
  engines: BOTH,
  async run(world) {
    const preload = [new URL('./skewed-clock.js', import.meta.url).href];
    const skewed = (ms: number) => ({ preload, environment: { SLUICE_TEST_CLOCK_SKEW_MS: String(ms) } });
    await world.startApi(skewed(TEN_MINUTES));
    await world.startWorker(skewed(TEN_MINUTES));
    await world.startWorker(skewed(-TEN_MINUTES));
    const ids: string[] = [];
    for (let number = 0; number < 4; number += 1) {
      const strategy = { type: 'canary', weightPercent: 10, bake: '3s' } as const;
      ids.push((await world.deploy(await world.target(), { more: { strategy } })).id);
    }
    for (const id of ids) await world.untilPhase(id, 'succeeded', 60_000);
    const bakes = await world.sql<{ ms: number }>(
      `SELECT extract(epoch FROM min(p.recorded_at) - min(s.recorded_at))::float8 * 1000 AS ms
       FROM events s JOIN events p ON p.deployment_id = s.deployment_id AND p.seq > s.seq AND p.type <> 'Outcome'
       WHERE s.type = 'WeightShifted' GROUP BY s.deployment_id`,
    );
    const [{ off } = { off: Number.NaN }] = await world.sql<{ off: number }>(
      `SELECT max(abs(extract(epoch FROM recorded_at) * 1000 - (data ->> 'at')::float8))::float8 AS off FROM events`,
    );
    const took = bakes.map(({ ms }) => ms);
    if (took.length !== ids.length) throw new Error(`${took.length} of ${ids.length} rollouts have shifted.`);
    return {
      // The bake begins when the write is confirmed, a moment before it is recorded.
      'a bake shorter than asked by': Math.max(0, BAKE_MS - 250 - Math.min(...took)),
      'a bake longer than asked by': Math.max(0, Math.max(...took) - BAKE_MS),
      'event times off database time by': off,
    };
  },
});

export const manyOutages: readonly Outage[] = [twoOfEverything, wrongClocks];
