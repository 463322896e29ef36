import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import type { RolloutEvent, RolloutState } from '#rollout';
import { systemClock } from '#runtime';
import type { EventRow } from '#store';
import { startEmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { EngineWorld } from '../engine/engine-world.js';
import { firstState, type GoldenHead, type GoldenLine, replay, withoutPlan } from './history.js';
import { type Story, stories } from './stories.js';

/**
 * Records golden histories: plays every story against the real worker, store and emulator and keeps what was written.
 * Run once per release, before its version is raised: what a release has written must be understood by all later ones.
 *
 *   npm run golden [-- --only TEXT]
 */
const { values } = parseArgs({ options: { only: { type: 'string' } } });

const release = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
const folder = join('test', 'golden', 'histories', release);
const MOST_EVENTS = 1_000;

async function record(story: Story): Promise<void> {
  const world = await EngineWorld.open(undefined);
  try {
    await world.startWorker();
    const ids = await story.play(world);
    for (const [index, id] of ids.entries()) {
      const name = `${story.name}${ids.length > 1 ? ` (${index + 1})` : ''}`;
      const lines = await historyOf(world, name, id);
      const file = join(folder, `${name.toLowerCase().replace(/\W+/g, '-').replace(/-$/, '')}.jsonl`);
      writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
      console.log(`${lines.length - 1} events  ${file}`);
    }
  } finally {
    await world.close();
  }
}

/** The history with the state after each event, proven to end in the state that the row holds. */
async function historyOf(world: EngineWorld, story: string, id: string): Promise<[GoldenHead, ...GoldenLine[]]> {
  const row = await world.row(id);
  const events = await world.store.events.after(id, 0, MOST_EVENTS);
  const accepted = events[0];
  if (accepted?.data.type !== 'Accepted') throw new Error('A history begins with its acceptance.');
  const { kind } = row;
  const { plan } = row.state;
  const version = row.request.restoreTo;
  const restore = version === undefined ? undefined : { version, inFlight: await takenOver(world, id) };
  const states = replay(firstState(kind, plan, accepted.data.at, restore), eventsAfterFirst(events));
  const last = states.at(-1);
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(last)), JSON.parse(JSON.stringify(row.state)))) {
    throw new Error(
      `The replay of "${story}" ends in ${JSON.stringify(last)}, the row holds ${JSON.stringify(row.state)}`,
    );
  }
  const lines = events.map(
    ({ seq, hash, data }, index): GoldenLine => ({
      seq,
      hash,
      event: data,
      state: withoutPlan(states[index] as RolloutState),
    }),
  );
  return [{ story, release, kind, plan }, ...lines];
}

function eventsAfterFirst(events: readonly EventRow[]): RolloutEvent[] {
  return events.slice(1).map(({ data }) => data as RolloutEvent);
}

/** The state of the rollout that a restore took over, as it was just before. */
async function takenOver(world: EngineWorld, restoreId: string): Promise<RolloutState | undefined> {
  const { rows } = await world.store.pool.query<{ deployment_id: string; seq: number }>(
    `SELECT deployment_id, seq FROM events WHERE type = 'SupersedeRequested' AND data ->> 'deploymentId' = $1`,
    [restoreId],
  );
  const found = rows[0];
  if (!found) return undefined;
  const row = await world.row(found.deployment_id);
  const events = await world.store.events.after(row.id, 0, found.seq - 1);
  const accepted = events[0];
  if (!accepted) return undefined;
  return replay(firstState(row.kind, row.state.plan, accepted.data.at, undefined), eventsAfterFirst(events)).at(-1);
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-golden-'));
  chmodSync(dataDir, 0o711);
  mkdirSync(folder, { recursive: true });
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false, clock: systemClock });
  process.env['SLUICE_TEST_DATABASE_URL'] = postgres.url;
  try {
    for (const story of stories) {
      if (values.only === undefined || story.name.includes(values.only)) await record(story);
    }
  } finally {
    await postgres.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

await main();
process.exit(0);
