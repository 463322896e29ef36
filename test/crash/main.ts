import { parseArgs } from 'node:util';
import { systemClock } from '#runtime';
import { verifyChain } from '#store';
import { EngineWorld } from '../engine/engine-world.js';
import { claimRedis } from '../world/redis.js';
import { openServers } from '../world/servers.js';
import { type CrashAt, printCrashAt } from './crash-points.js';
import { type Scenario, scenarios } from './scenarios.js';
import { startDoomedWorker } from './worker-process.js';

/**
 * The crash matrix: the real worker process, killed (or frozen and woken later) before and after every point where it
 * touches the world, in every story; then another worker, and the invariants probed from outside.
 *
 *   node dist/test/crash/main.js [--sample N] [--seed S] [--only TEXT] [--queue postgres|redis|both] [--side N]
 */
const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    queue: { type: 'string', default: 'postgres' },
    side: { type: 'string', default: '3' },
  },
});

/** A worker is expected to reach its point within this time, and the next one to finish the story. */
const REACH_MS = 8_000;
const FINISH_MS = 40_000;
/** Polls repeat; the first few of a kind stand for all. */
const MOST_OF_A_KIND = 2;

interface Case {
  readonly scenario: Scenario;
  readonly at: CrashAt;
  readonly queue: string;
}

async function openWorld(queue: string): Promise<EngineWorld> {
  return EngineWorld.open(queue === 'redis' ? claimRedis() : undefined);
}

/** The points a story passes when nobody is killed: they are found, not listed, so that none is forgotten. */
async function findPoints(scenario: Scenario, queue: string): Promise<string[]> {
  const world = await openWorld(queue);
  const worker = await startDoomedWorker(world.places(), undefined);
  await play(world, scenario);
  await worker.end();
  await world.close();
  return [...worker.points].filter((point) => Number(point.split('#')[1]) <= MOST_OF_A_KIND);
}

async function play(world: EngineWorld, scenario: Scenario): Promise<string> {
  const target = await world.target();
  const id = await scenario.begin(world, target);
  if (scenario.midway) {
    await world.until(id, scenario.midway.ready, FINISH_MS);
    await scenario.midway.act(world, id);
  }
  await world.until(id, (state) => state.phase === scenario.end, FINISH_MS);
  return id;
}

/** Returns what is wrong, or nothing. */
async function run({ scenario, at, queue }: Case): Promise<string | undefined> {
  const world = await openWorld(queue);
  const doomed = await startDoomedWorker(world.places(), at);
  try {
    const playing = play(world, scenario);
    playing.catch(() => undefined);
    await doomed.met(REACH_MS);
    await world.startWorker();
    const id = await playing;
    const writes = await world.aliasWrites();
    if (at.how === 'freeze') {
      doomed.thaw();
      // The zombie gets the time to send what it had in hand.
      await systemClock.sleep(1_500);
    }
    return await probe(world, scenario, id, writes);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await doomed.end();
    await world.close();
  }
}

async function probe(world: EngineWorld, scenario: Scenario, id: string, writes: number): Promise<string | undefined> {
  const row = await world.row(id);
  const expectations: [string, unknown, unknown][] = [
    ['the alias', await world.alias(row.target), scenario.alias],
    ['the versions', await world.versions(row.target), scenario.versions],
    ['the history', verifyChain(await world.store.events.after(id, 0, 10_000)), { ok: true }],
    ['the end', row.phase, scenario.end],
    ['alias writes after the end', (await world.aliasWrites()) - writes, 0],
  ];
  for (const [what, found, wanted] of expectations) {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      return `${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`;
    }
  }
  return undefined;
}

async function allCases(queue: string): Promise<Case[]> {
  const cases: Case[] = [];
  for (const scenario of scenarios) {
    for (const point of await findPoints(scenario, queue)) {
      for (const when of ['before', 'after'] as const)
        cases.push({ scenario, queue, at: { point, when, how: 'kill' } });
      const isWrite = /^(updateAlias|updateFunctionCode|publishVersion)#/.test(point);
      if (isWrite) cases.push({ scenario, queue, at: { point, when: 'before', how: 'freeze' } });
    }
  }
  return cases.filter((one) => !values.only || nameOf(one).includes(values.only));
}

const nameOf = ({ scenario, at, queue }: Case): string => `${scenario.name}, ${printCrashAt(at)}, ${queue}`;

/** The same sample for the same seed: a linear congruential shuffle is random enough to spread a sample. */
function sample(cases: Case[], count: number, seed: number): Case[] {
  let state = seed;
  const keyed = cases.map((one) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return { one, key: state };
  });
  return keyed
    .sort((left, right) => left.key - right.key)
    .slice(0, count)
    .map(({ one }) => one);
}

async function main(): Promise<number> {
  const queues = values.queue === 'both' ? ['postgres', 'redis'] : [values.queue];
  const servers = await openServers('crash', { durable: false, redis: queues.includes('redis') });
  const all: Case[] = [];
  for (const queue of queues) all.push(...(await allCases(queue)));
  const cases = values.sample ? sample(all, Number(values.sample), Number(values.seed)) : all;
  console.log(`${cases.length} of ${all.length} cases, queue on ${values.queue}, seed ${values.seed}`);
  let failed = 0;
  const rest = [...cases];
  const hand = async () => {
    for (let one = rest.shift(); one; one = rest.shift()) {
      const start = systemClock.monotonic();
      const problem = await run(one);
      if (problem) failed += 1;
      const seconds = ((systemClock.monotonic() - start) / 1000).toFixed(1);
      console.log(`${problem ? 'FAIL' : 'ok  '} ${nameOf(one)} (${seconds} s)${problem ? `\n     ${problem}` : ''}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.side) }, hand));
  await servers.close();
  console.log(`\n${cases.length - failed} passed, ${failed} failed, 0 skipped`);
  return failed === 0 ? 0 : 1;
}

process.exit(await main());
