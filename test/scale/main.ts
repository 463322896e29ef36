import { parseArgs } from 'node:util';
import { openServers } from '../world/servers.js';
import { measureBytes } from './measure-bytes.js';
import { measureLag } from './measure-lag.js';
import { measureRearm } from './measure-rearm.js';
import { measureStatements } from './measure-statements.js';
import type { QueueEngine } from './scale-world.js';

/**
 * What a hundred thousand live rollouts cost, measured on this machine with servers of its own.
 *
 *   npm run scale -- [--live 100000] [--queue redis|postgres] [--only statements,rearm,bytes,looks,steps]
 */
const { values } = parseArgs({
  options: {
    live: { type: 'string', default: '100000' },
    queue: { type: 'string', default: 'redis' },
    only: { type: 'string' },
  },
});

const MEASURES: Record<string, (live: number, queue: QueueEngine) => Promise<unknown>> = {
  statements: (live) => measureStatements({ live }),
  rearm: (live) => measureRearm({ live }),
  bytes: (live) => measureBytes({ live }),
  looks: (live, queue) => measureLag({ live, queue, overMs: spanOf(live), due: 'look' }),
  steps: (live, queue) => measureLag({ live, queue, overMs: spanOf(live), due: 'step' }),
};

/** 100,000 over 60 s, and 10,000 over 10 s: P10 and P9. */
const spanOf = (live: number) => Math.max(10_000, live * 0.6);

async function main(): Promise<number> {
  const live = Number(values.live);
  const { queue } = values;
  const chosen = Object.keys(MEASURES).filter((name) => !values.only || values.only.split(',').includes(name));
  if (!Number.isInteger(live) || live < 100) return complain('--live takes a number of rollouts, 100 or more.');
  if (queue !== 'redis' && queue !== 'postgres') return complain('--queue is redis or postgres.');
  if (chosen.length === 0) return complain(`--only takes some of ${Object.keys(MEASURES).join(',')}.`);
  let failed = 0;
  const servers = await openServers('scale', { durable: true, redis: true });
  for (const name of chosen) {
    console.log(`\n${name}, ${live} live, queue on ${queue}`);
    try {
      print(await MEASURES[name]?.(live, queue));
    } catch (error) {
      failed += 1;
      console.log(error instanceof Error ? error.message : error);
    }
  }
  await servers.close();
  return failed === 0 ? 0 : 1;
}

function complain(sentence: string): number {
  console.error(sentence);
  return 2;
}

function print(figures: unknown): void {
  for (const [name, value] of Object.entries(figures ?? {}))
    console.log(`  ${name.padEnd(22)} ${JSON.stringify(value)}`);
}

process.exit(await main());
