import { UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { systemClock } from '#runtime';
import type { QueueEngine } from '../outages/outage.js';
import type { Servers } from '../outages/servers.js';
import { OutageWorld, SWEEP_SECONDS } from '../outages/world.js';
import { Random } from '../simulation/random.js';
import { Customer, type Desk, staying } from './customers.js';
import { breakThings, faultLanes } from './faults.js';
import { Fleet } from './fleet.js';
import { JUDGED_FROM_SECONDS, MemoryWatch, type Usage } from './memory.js';
import { openMetricsService } from './metrics-service.js';
import { ALWAYS, IN_CALM, Watch } from './watch.js';

export interface Plan {
  readonly engine: QueueEngine;
  readonly seconds: number;
  readonly seed: number;
  readonly customers: number;
  /** Moves an alias behind Sluice's back before the last look, which has to notice it: the soak tested by itself. */
  readonly sabotage: boolean;
}

export interface Soaked {
  readonly engine: QueueEngine;
  readonly ends: Readonly<Record<string, number>>;
  readonly stories: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly watch: Watch;
  /** Rollouts that ended otherwise than they should have, or not in time; what else went wrong. */
  readonly problems: readonly string[];
  /** From the last fault of a round until nothing was on its way, the longest, milliseconds. */
  readonly longestDrainMs: number;
  readonly memory: readonly Usage[];
  readonly isMemoryJudged: boolean;
}

/** Faults and rollouts for this long, then a calm in which everything has to come to rest. */
const ROUND_SECONDS = 60;
/** For everything under way when the faults stop; the longest story is four rollouts with a bake each. */
export const DRAIN_MS = 60_000;

/** `say` gets a line of progress every ten seconds. */
export async function soak(plan: Plan, servers: Servers, say: (line: string) => void): Promise<Soaked> {
  const world = await OutageWorld.open(plan.engine, servers);
  try {
    return await new Soak(plan, world, say).run();
  } finally {
    await world.close();
  }
}

class Soak {
  private readonly faults = new Map<string, number>();
  private readonly stories = new Map<string, number>();
  private readonly problems: string[] = [];
  private readonly watch: Watch;
  private longestDrainMs = 0;
  private begun = 0;

  constructor(
    private readonly plan: Plan,
    private readonly world: OutageWorld,
    private readonly say: (line: string) => void,
  ) {
    this.watch = new Watch(world);
  }

  async run(): Promise<Soaked> {
    const { plan, world } = this;
    const metrics = await openMetricsService(world);
    const fleet = await Fleet.open(world, { SLUICE_METRICS_ORIGINS: metrics.origin });
    const desk: Desk = { world, urls: fleet.urls, metrics, stories: this.stories, problems: this.problems };
    const customers = Array.from(
      { length: plan.customers },
      (_, index) => new Customer(`customer-${index}`, desk, new Random(plan.seed * 100 + index)),
    );
    const lanes = faultLanes(plan.engine).map((lane, index) => ({
      lane,
      random: new Random(-plan.seed * 100 - index),
    }));
    const memory = new MemoryWatch({ API: fleet.steady.api, worker: fleet.steady.worker });
    this.begun = systemClock.monotonic();
    // One that lives through all of it: its alias has to be where its row says, calm after calm.
    const patient = new Customer('patient', desk, new Random(plan.seed));
    await patient.takeFunction();
    const lasting = await patient.deploy(staying);
    await patient.reaches(lasting, 'baking');
    const watching = this.keepWatch(memory);
    const breaking = { world, fleet, counts: this.faults, problems: this.problems };
    const rounds = Math.max(1, Math.round(plan.seconds / ROUND_SECONDS));
    for (let round = 1; round <= rounds; round += 1) {
      const end = this.begun + (plan.seconds * 1_000 * round) / rounds;
      const isOver = () => systemClock.monotonic() >= end;
      const shipping = Promise.all(customers.map((customer) => customer.ship(isOver)));
      await Promise.all(lanes.map(({ lane, random }) => breakThings(lane, { ...breaking, random }, isOver)));
      await this.drain(shipping);
      if (round === rounds) break;
      await this.watch.look(IN_CALM);
      // What was looked at is forgotten: a run of days costs a look no more than a run of minutes.
      if (this.watch.broken.size === 0) await world.lambda.forgetCalls();
    }
    await watching.stop();
    await memory.sample(this.seconds());
    if (plan.sabotage) await this.moveAnAlias();
    await this.watch.look(IN_CALM);
    await patient.act(lasting, 'abort');
    await patient.endsAs(lasting, ['rolled_back']).catch((error: Error) => this.problems.push(error.message));
    for (const [name, program] of Object.entries(fleet.steady)) {
      if (program.isOver) this.problems.push(`The ${name} that nobody killed has ended:\n${program.tail()}`);
    }
    return {
      engine: plan.engine,
      ends: await this.ends(),
      stories: this.stories,
      faults: this.faults,
      watch: this.watch,
      problems: this.problems,
      longestDrainMs: this.longestDrainMs,
      memory: memory.usages,
      isMemoryJudged: plan.seconds >= JUDGED_FROM_SECONDS,
    };
  }

  private seconds(): number {
    return Math.round((systemClock.monotonic() - this.begun) / 1000);
  }

  /** Faults have stopped: what is overdue after a sweep and a little more was forgotten, and all comes to rest. */
  private async drain(shipping: Promise<unknown>): Promise<void> {
    const start = systemClock.monotonic();
    let isDone = false;
    const done = shipping.then(() => {
      isDone = true;
    });
    const [patience, rest] = [SWEEP_SECONDS * 1_000 + 5_000, DRAIN_MS];
    await Promise.race([done, systemClock.sleep(patience)]);
    await this.watch.look(['I13']);
    await Promise.race([done, systemClock.sleep(rest)]);
    if (!isDone) this.problems.push(`Rollouts were still on their way ${rest} ms after the last fault.`);
    await done;
    this.longestDrainMs = Math.max(this.longestDrainMs, systemClock.monotonic() - start);
  }

  /** Looks, measures and tells every ten seconds, whatever is broken meanwhile. */
  private keepWatch(memory: MemoryWatch): { stop(): Promise<void> } {
    const stopped = new AbortController();
    const watching = (async () => {
      while (!stopped.signal.aborted) {
        await systemClock.sleep(10_000, stopped.signal);
        if (stopped.signal.aborted) return;
        await memory.sample(this.seconds());
        await this.watch.look(ALWAYS);
        this.say(await this.progress(memory));
      }
    })();
    watching.catch(() => undefined);
    return {
      stop: async () => {
        stopped.abort();
        await watching;
      },
    };
  }

  private async progress(memory: MemoryWatch): Promise<string> {
    const ends = await this.ends().catch(() => ({}));
    const count = (what: Iterable<number>) => [...what].reduce((sum, one) => sum + one, 0);
    return [
      `[${this.plan.engine} ${String(this.seconds()).padStart(5)} s]`,
      `${count(Object.values(ends))} rollouts ended (${tell(Object.entries(ends))});`,
      `${count(this.faults.values())} faults; ${count(this.watch.looks.values())} looks,`,
      `${this.watch.broken.size} invariants broken, ${this.problems.length} problems; ${memory.now()}`,
    ].join(' ');
  }

  private async ends(): Promise<Record<string, number>> {
    const rows = await this.world.sql<{ phase: string; n: number }>(
      'SELECT phase, count(*)::int AS n FROM deployments WHERE ended_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1',
    );
    return Object.fromEntries(rows.map(({ phase, n }) => [phase, n]));
  }

  private async moveAnAlias(): Promise<void> {
    const [row] = await this.world.sql<{ name: string; version: string }>(
      `SELECT t.function_name AS name, v.version FROM targets t
       JOIN deployments d ON d.target_id = t.id JOIN versions v ON v.function_name = t.function_name
       WHERE d.phase = 'succeeded' AND v.version <> d.state -> 'value' ->> 'version'
         AND d.created_at = (SELECT max(created_at) FROM deployments o WHERE o.target_id = t.id) LIMIT 1`,
    );
    if (!row) throw new Error('There is no alias to move: no rollout has succeeded as the last one of its target.');
    await this.world.lambda.client.send(
      new UpdateAliasCommand({ FunctionName: row.name, Name: 'live', FunctionVersion: row.version }),
    );
    this.say(`Sabotage: ${row.name} now points at version ${row.version}.`);
  }
}

/** `succeeded 12, rolled_back 3`. */
export function tell(counts: Iterable<readonly [string, number]>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}
