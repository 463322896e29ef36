import pg from 'pg';
import { systemClock } from '#runtime';
import { BOTH, type Outage, outage } from './outage.js';
import type { Program } from './program.js';
import { type OutageWorld, type Reply, SWEEP_SECONDS } from './world.js';

/** Holds a table so that every statement on it waits; returns what lets go. */
async function holdTable(world: OutageWorld, table: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: world.database.url, application_name: 'probe' });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  let over: Promise<void> | undefined;
  const letGo = () => {
    over ??= client.query('ROLLBACK').then(() => client.end());
    return over;
  };
  world.atEnd(letGo);
  return letGo;
}

/** Every answer was a yes or a "later" that says when; returns how many were told "later". */
function countRefused(replies: readonly Reply[]): number {
  const odd = replies.find(
    ({ status, headers }) =>
      ![200, 202].includes(status) && !(status === 503 && Number(headers.get('retry-after')) > 0),
  );
  if (odd) throw new Error(`Answered ${odd.status}: ${JSON.stringify(odd.body)}`);
  return replies.filter(({ status }) => status === 503).length;
}

async function watchMemory(program: Program, until: AbortSignal): Promise<number> {
  let most = 0;
  while (!until.aborted) {
    most = Math.max(most, await program.memory());
    await systemClock.sleep(100, until);
  }
  return most;
}

const CLIENTS = 1_500;
/** Longer than a lock of the queue lasts without being renewed. */
const HELD_MS = 7_000;

const exhausted = outage({
  fault: 'F14',
  title: `every pooled connection busy for ${HELD_MS / 1000} s while ${CLIENTS} clients ask`,
  mustHold: ['I1', 'I5', 'I7', 'I8', 'I9', 'I10', 'I12', 'I13', 'I17', 'I18'],
  bounds: {
    'slowest answer': { most: 16_000, unit: 'ms' },
    'memory that the storm took': { most: 150, unit: 'MB' },
    'wake-ups whose lock was not renewed': { most: 0, unit: 'wake-ups' },
    'accepting again': { most: 3_000, unit: 'ms' },
    'the rollout goes on': { most: (SWEEP_SECONDS + 5) * 1000, unit: 'ms' },
    'clients refused, at least one (missing)': { most: 0, unit: 'clients' },
  },
  engines: BOTH,
  sample: 'redis',
  async run(world) {
    const { api, worker } = await world.startBoth();
    const [busy, asked] = [await world.target(), await world.target()];
    const running = await world.deploy(busy, { more: { strategy: { type: 'canary', weightPercent: 10, bake: '1s' } } });
    const body = await world.wish(asked);
    await world.untilPhase(running.id, 'baking');
    const before = await api.memory();
    const over = new AbortController();
    const memory = watchMemory(api, over.signal);
    const letGo = await holdTable(world, 'deployments');
    const storm = Array.from({ length: CLIENTS }, (_, index) =>
      index % 300 === 0
        ? world.post('/v1/deployments', body, `client-${index}`)
        : world.ask('GET', '/v1/deployments?limit=1'),
    );
    await systemClock.sleep(HELD_MS);
    await letGo();
    const wellAt = systemClock.monotonic();
    const [accepting, goneOn] = await Promise.all([
      world.until('a deployment is accepted', 30_000, async () => {
        return (await world.post('/v1/deployments', body, 'afterwards')).status === 202;
      }),
      world.untilPhase(running.id, 'succeeded').then(() => systemClock.monotonic() - wellAt),
    ]);
    const replies = await Promise.all(storm);
    over.abort();
    const refused = countRefused(replies);
    for (const { id } of world.promised) {
      await world.until(`${id} has ended`, 60_000, async () => (await world.row(id)).ended);
    }
    return {
      'slowest answer': Math.max(...replies.map(({ ms }) => ms)),
      'memory that the storm took': (await memory) - before,
      'wake-ups whose lock was not renewed': worker.output.split('A wake-up in hand could not be kept').length - 1,
      'accepting again': accepting,
      'the rollout goes on': goneOn,
      'clients refused, at least one (missing)': Math.max(0, 1 - refused),
    };
  },
});

const slow = outage({
  fault: 'F15',
  title: 'every answer of Postgres 500 ms late',
  mustHold: ['I1', 'I2', 'I5', 'I7', 'I8', 'I9', 'I10', 'I11', 'I12', 'I17', 'I18'],
  bounds: {
    'accepting a deployment': { most: 10_000, unit: 'ms' },
    'a whole rollout': { most: 45_000, unit: 'ms' },
    'putting the old version back after an abort': { most: 15_000, unit: 'ms' },
  },
  engines: BOTH,
  async run(world) {
    const proxy = await world.proxyTo(world.postgres.port);
    await world.startBoth({ databaseUrl: proxy.through(world.database.url) });
    const [first, second] = [await world.target(), await world.target()];
    const [body, doomed] = [
      await world.wish(first),
      await world.wish(second, { more: { strategy: { type: 'canary', weightPercent: 10, bake: '1h' } } }),
    ];
    proxy.delayMs = 250;
    const reply = await world.post('/v1/deployments', body, 'slow');
    if (reply.status !== 202) throw new Error(`Answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    const whole = await world.untilPhase(String(reply.body['id']), 'succeeded', 60_000);
    const other = await world.post('/v1/deployments', doomed, 'aborted');
    const id = String(other.body['id']);
    await world.untilPhase(id, 'baking', 60_000);
    await world.post(`/v1/deployments/${id}/abort`, {});
    const back = await world.untilPhase(id, 'rolled_back', 30_000);
    return {
      'accepting a deployment': reply.ms,
      'a whole rollout': whole,
      'putting the old version back after an abort': back,
    };
  },
});

const overTime = outage({
  fault: 'F15',
  title: 'a transaction that waits longer than its time-out',
  mustHold: ['I1', 'I8', 'I9', 'I10', 'I17'],
  bounds: {
    'the client is told to come back': { most: 8_000, unit: 'ms' },
    'rows left behind': { most: 0, unit: 'rows' },
  },
  engines: ['postgres'],
  sample: 'postgres',
  async run(world) {
    await world.startApi();
    const body = await world.wish(await world.target(), { more: { policy: 'supersede' } });
    // The transaction has written its deployment by then and waits to write the event.
    const letGo = await holdTable(world, 'events');
    const reply = await world.post('/v1/deployments', body, 'late');
    countRefused([reply]);
    await letGo();
    const rows = await world.sql(
      'SELECT id::text FROM deployments UNION ALL SELECT key FROM idempotency_keys UNION ALL SELECT deployment_id::text FROM events',
    );
    const again = await world.post('/v1/deployments', body, 'late');
    if (again.status !== 202) throw new Error(`The same request afterwards: ${again.status}.`);
    return { 'the client is told to come back': reply.ms, 'rows left behind': rows.length };
  },
});

const silent = outage({
  fault: 'F15',
  title: 'the network to Postgres goes silent without a word',
  mustHold: ['I1', 'I5', 'I7', 'I8', 'I9', 'I10', 'I12', 'I13', 'I17'],
  bounds: {
    'the client is told to come back': { most: 14_000, unit: 'ms' },
    'accepting again': { most: 14_000, unit: 'ms' },
    'the rollout goes on': { most: 20_000, unit: 'ms' },
  },
  engines: BOTH,
  async run(world) {
    const proxy = await world.proxyTo(world.postgres.port);
    await world.startBoth({ databaseUrl: proxy.through(world.database.url) });
    const [first, second] = [await world.target(), await world.target()];
    const running = await world.deploy(first, {
      more: { strategy: { type: 'canary', weightPercent: 10, bake: '1s' } },
    });
    await world.untilPhase(running.id, 'baking');
    const body = await world.wish(second);
    proxy.silent = true;
    const told = await world.post('/v1/deployments', body, 'silent');
    countRefused([told]);
    proxy.silent = false;
    const wellAt = systemClock.monotonic();
    const accepting = await world.until('a deployment is accepted', 30_000, async () => {
      return (await world.post('/v1/deployments', body, 'silent')).status === 202;
    });
    await world.untilPhase(running.id, 'succeeded', 40_000);
    return {
      'the client is told to come back': told.ms,
      'accepting again': accepting,
      'the rollout goes on': systemClock.monotonic() - wellAt,
    };
  },
});

export const slowPostgresOutages: readonly Outage[] = [exhausted, slow, overTime, silent];
