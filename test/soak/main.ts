import { parseArgs } from 'node:util';
import { systemClock } from '#runtime';
import type { QueueEngine } from '../outages/outage.js';
import { startServers } from '../outages/servers.js';
import { hasRedisServer } from '../world/redis-server.js';
import { report, type Verdict } from './report.js';
import { soak } from './soak.js';

/**
 * Many small rollouts, while processes are killed and stopped, Postgres and Redis break and Lambda fails, all drawn from
 * a seed; what must always hold is looked at from outside all along, and memory is measured.
 *
 *   node dist/test/soak/main.js [--minutes 30] [--seed N] [--queue redis|postgres|both] [--customers 6]
 *
 * `both` shares the minutes between the engines. The same seed draws the same stories and faults in the same order; how
 * they fall together is up to the machine. `--sabotage` moves an alias behind Sluice's back at the end: the run must fail.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(systemClock.now() % 1_000_000) },
      queue: { type: 'string', default: 'both' },
      customers: { type: 'string', default: '6' },
      sabotage: { type: 'boolean', default: false },
    },
  });
  const minutes = positive('minutes', values.minutes);
  const [seed, customers] = [whole('seed', values.seed), whole('customers', values.customers)];
  const { engines, skipped } = enginesOf(values.queue);
  console.log(`Seed ${seed}: ${minutes} min on ${engines.join(' and ')}, ${customers} customers at once.`);
  const servers = await startServers();
  const verdicts: Verdict[] = [];
  try {
    for (const engine of engines) {
      const seconds = (minutes * 60) / engines.length;
      const plan = { engine, seconds, seed, customers, sabotage: values.sabotage };
      verdicts.push(report(await soak(plan, servers, (line) => console.log(line))));
    }
  } finally {
    await servers.close();
  }
  const count = (what: 'passed' | 'failed') => verdicts.reduce((sum, one) => sum + one[what], 0);
  console.log(`\n${verdicts.flatMap(({ lines }) => lines).join('\n')}\n`);
  for (const engine of skipped) console.log(`SKIPPED  ${engine}: there is no redis-server on the PATH.`);
  console.log(
    `Again: npm run soak -- --minutes ${minutes} --seed ${seed} --queue ${values.queue} --customers ${customers}`,
  );
  console.log(`${count('passed')} passed, ${count('failed')} failed, ${skipped.length} skipped`);
  return count('failed') === 0 ? 0 : 1;
}

function enginesOf(queue: string): { engines: QueueEngine[]; skipped: QueueEngine[] } {
  if (!['postgres', 'redis', 'both'].includes(queue)) {
    throw new Error(`--queue takes postgres, redis or both, not ${queue}.`);
  }
  const wanted: QueueEngine[] = queue === 'both' ? ['redis', 'postgres'] : [queue as QueueEngine];
  const skipped = wanted.filter((engine) => engine === 'redis' && !hasRedisServer());
  return { engines: wanted.filter((engine) => !skipped.includes(engine)), skipped };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new Error(`--${name} takes a number above 0, not ${text}.`);
  }
  return value;
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text) || (name === 'customers' && Number(text) === 0)) {
    throw new Error(`--${name} takes a whole number${name === 'customers' ? ' above 0' : ''}, not ${text}.`);
  }
  return Number(text);
}

process.exit(
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }),
);
