import { randomUUID } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';
import type { Reading } from './figures.js';
import { fire, type Load, type Shot } from './load.js';
import { type BenchProcess, freePort } from './processes.js';
import { rawInserts } from './raw-insert.js';
import type { BenchWorld, House, Options } from './world.js';

const CONNECTIONS = 32;
const TARGETS = 100;

/** P1–P4: how fast deployments are accepted over HTTP, against the least an accept can be. */
export async function measureAccepts(world: BenchWorld, { queue, quick, say }: Options): Promise<Reading[]> {
  const seconds = quick ? 2 : 10;
  const house = await world.house(queue);
  try {
    say('raw accepts');
    const raw = await rawAccepts(house, seconds);
    say('raw inserts');
    const inserts = await rawInserts(house.database.url, world.folder, seconds);
    const api = await house.api();
    const shots = await prepareShots(house);
    const load = { url: house.apiUrl, connections: CONNECTIONS };
    await fire({ ...load, seconds: quick ? 1 : 3, next: shots.fresh });
    say('accepts');
    const cost = costOf(api);
    const accepts = await fire({ ...load, seconds, next: shots.fresh });
    const note = `processor time of the process per accept: ${cost(accepts)} ms, raw ${raw.cost} ms`;
    say('accepts at half that rate');
    const half = await fire({ ...load, seconds, rate: accepts.perSecond / 2, next: shots.fresh });
    say('replays');
    const replays = await fire({ ...load, seconds, next: shots.again });
    const ours = accepts.perSecond;
    return [
      {
        id: 'P1',
        value: ours / raw.perSecond,
        raw: { value: raw.perSecond, what: 'Fastify + pg, one prepared statement, 32 connections' },
        ours,
        note,
      },
      { id: 'P2', value: ours / inserts.perSecond, raw: { value: inserts.perSecond, what: inserts.what }, ours },
      { id: 'P3', value: half.p99 },
      {
        id: 'P4',
        value: replays.perSecond / ours,
        raw: { value: ours, what: 'new accepts/s' },
        ours: replays.perSecond,
      },
    ];
  } finally {
    await house.close();
  }
}

/** Starts a reading of a process's clock; the answer says milliseconds for each answer since. */
function costOf(process: BenchProcess): (load: Load) => string {
  const before = process.processorMs();
  return ({ answers }) => ((process.processorMs() - before) / answers).toFixed(2);
}

async function rawAccepts(house: House, seconds: number): Promise<{ perSecond: number; cost: string }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const raw = house.start('test/bench/ratios/raw-accept.js', {}, [house.database.url, String(port)]);
  await raw.until(() =>
    fetch(`${url}/ready`).then(
      (answer) => answer.ok,
      () => false,
    ),
  );
  const body = JSON.stringify(wish('target-1', randomUUID()));
  const headers = { 'content-type': 'application/json' };
  const next = (): Shot => ({ method: 'POST', path: '/v1/deployments', body, headers });
  await fire({ url, connections: CONNECTIONS, seconds: 2, next });
  const cost = costOf(raw);
  const load = await fire({ url, connections: CONNECTIONS, seconds, next });
  const found = { perSecond: load.perSecond, cost: cost(load) };
  await raw.end();
  return found;
}

/** Requests as a CI sends them: a target by its name, an uploaded artifact, a named strategy, a key of their own. */
export async function prepareShots(house: House): Promise<{ fresh: () => Shot; again: () => Shot }> {
  const client = house.client();
  const bytes = zipSync({
    'index.mjs': [strToU8('export const handler = async () => "v2";\n'), { mtime: '2020-01-01' }],
  });
  const { id: artifact } = await client.uploadArtifact(bytes);
  for (let index = 0; index < TARGETS; index += 1) {
    await client.createTarget({
      name: `target-${index}`,
      functionName: `function-${index}`,
      aliasName: 'live',
      region: 'us-east-1',
      accountId: '000000000000',
    });
  }
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${house.key}` };
  const bodies = Array.from({ length: TARGETS }, (_, index) => JSON.stringify(wish(`target-${index}`, artifact)));
  let sent = 0;
  const shot = (key: string): Shot => {
    const body = bodies[sent % TARGETS] ?? '';
    return { method: 'POST', path: '/v1/deployments', body, headers: { ...headers, 'idempotency-key': key } };
  };
  const known = randomUUID();
  return {
    fresh() {
      sent += 1;
      return shot(randomUUID());
    },
    again() {
      sent = 0;
      return shot(known);
    },
  };
}

function wish(target: string, artifact: string) {
  return {
    target,
    artifact: { id: artifact },
    strategy: 'Canary10Percent5Minutes',
    commit: '0123456789abcdef0123456789abcdef01234567',
    message: 'Release 2026.11 of the checkout service',
  };
}
