import { parseArgs } from 'node:util';
import { systemClock } from '#runtime';
import { apiOutages } from './api-killed.js';
import { credentialOutages } from './credentials.js';
import { diskOutages } from './disk.js';
import { failoverOutages } from './failover.js';
import { jobOutages } from './jobs.js';
import { lambdaOutages } from './lambda.js';
import { manyOutages } from './many.js';
import { manyLiveOutages } from './many-live.js';
import { metricOutages } from './metrics.js';
import type { Outage, QueueEngine } from './outage.js';
import { poisonOutages } from './poison.js';
import { postgresOutages } from './postgres.js';
import { slowPostgresOutages } from './postgres-slow.js';
import { probe } from './probes.js';
import { redisOutages } from './redis.js';
import { secretOutages } from './secrets.js';
import { type Servers, startServers } from './servers.js';
import { stoppingOutages } from './stopping.js';
import { type Outcome, printResult, type Result, summarize } from './table.js';
import { OutageWorld } from './world.js';
import { zombieOutages } from './zombies.js';

/**
 * What happens to rollouts when something around them breaks: real Postgres, real Redis, the real API and worker as
 * processes of their own, one outage after the other, each with the bounds it has to keep.
 *
 *   node dist/test/outages/main.js [--queue postgres|redis|both] [--only F12,F13] [--sample]
 */
const { values } = parseArgs({
  options: {
    queue: { type: 'string', default: 'both' },
    only: { type: 'string' },
    sample: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

/** Every room adds its list here. */
const outages: readonly Outage[] = [
  ...apiOutages,
  ...postgresOutages,
  ...slowPostgresOutages,
  ...diskOutages,
  ...manyOutages,
  ...manyLiveOutages,
  ...poisonOutages,
  ...stoppingOutages,
  ...redisOutages,
  ...failoverOutages,
  ...jobOutages,
  ...zombieOutages,
  ...lambdaOutages,
  ...credentialOutages,
  ...metricOutages,
  ...secretOutages,
];

function chosen(): { outage: Outage; engine: QueueEngine }[] {
  if (!['postgres', 'redis', 'both'].includes(values.queue)) {
    throw new Error(`--queue takes postgres, redis or both, not ${values.queue}.`);
  }
  const only = values.only?.split(',').map((one) => one.trim().toUpperCase());
  const unknown = only?.filter((one) => !outages.some(({ fault }) => fault === one)) ?? [];
  if (unknown.length > 0) throw new Error(`No outage is defined here for ${unknown.join(', ')}.`);
  return outages
    .flatMap((outage) => outage.engines.map((engine) => ({ outage, engine })))
    .filter(({ engine }) => values.queue === 'both' || values.queue === engine)
    .filter(({ outage: { fault } }) => !only || only.includes(fault))
    .filter(({ outage: { sample }, engine }) => !values.sample || sample === true || sample === engine);
}

async function play(outage: Outage, engine: QueueEngine, servers: Servers): Promise<Outcome> {
  const missing = outage.missing?.();
  if (missing) return { kind: 'skipped', why: missing };
  const own = await outage.ownServers?.(servers);
  const world = await OutageWorld.open(engine, own ?? servers);
  let measured: Record<string, number> = {};
  const problems: string[] = [];
  try {
    measured = await outage.run(world);
    for (const [name, { most, unit }] of Object.entries(outage.bounds)) {
      const found = measured[name];
      if (found === undefined || !(found <= most))
        problems.push(`${name} is ${found} ${unit}, at most ${most} allowed`);
    }
    problems.push(...(await probe(world, outage.mustHold)));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    if (values.verbose || problems.length > 0) {
      for (const program of world.programs) console.log(`-- ${program.name} --\n${program.tail()}`);
    }
    await world.close();
    await own?.close();
  }
  return problems.length === 0 ? { kind: 'pass', measured } : { kind: 'fail', measured, problems };
}

async function main(): Promise<number> {
  const cases = chosen();
  const servers = await startServers();
  const results: Result[] = [];
  const begun = systemClock.monotonic();
  for (const { outage, engine } of cases) {
    const start = systemClock.monotonic();
    const outcome = await play(outage, engine, servers);
    const result: Result = { outage, engine, outcome, seconds: (systemClock.monotonic() - start) / 1000 };
    results.push(result);
    console.log(printResult(result));
  }
  await servers.close();
  const seconds = Math.round((systemClock.monotonic() - begun) / 1000);
  const summary = summarize(results, outages, values.only === undefined);
  console.log(`\n== The matrix, after ${seconds} s ==\n${summary.text}`);
  return summary.failed === 0 ? 0 : 1;
}

process.exit(
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }),
);
