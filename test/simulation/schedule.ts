import { type Action, actions, allowedActions, mayLandUntil } from '#rollout';
import type { Bug } from './bugs.js';
import { sha256 } from './memory-lambda.js';
import { People } from './people.js';
import { joined, PlainController } from './signals.js';
import { calmly, thorough } from './storage.js';
import { FN, type Violation, World } from './world.js';

export interface ScheduleOptions {
  readonly bug?: Bug | undefined;
  /** Lines are added here as things happen. */
  readonly trace?: string[];
}

export interface ScheduleResult {
  readonly violation: Violation | undefined;
  readonly ends: readonly string[];
}

const ALIASES = ['live', 'beta'] as const;
const CODES = [1, 2, 3];
/** After the storms everything has to come to its end within this time. */
const PATIENCE_MS = 400_000;
/** Every so many seeds, what is stored goes through JSON, the schema and the real hash, as in Postgres. */
const THOROUGH_EVERY = 100;

/** One seed, one history: a few deployments of one function, everything that goes wrong, and what came of it. */
export async function runSchedule(seed: number, options: ScheduleOptions = {}): Promise<ScheduleResult> {
  const storage = seed % THOROUGH_EVERY === 0 ? thorough : calmly;
  const world = new World(seed, { bug: options.bug, trace: options.trace, storage });
  const restoreGlobals = borrowGlobals(world);
  try {
    const plot = new Plot(world);
    await world.scheduler.run(() => plot.isOver());
    plot.close();
    return { violation: world.violation, ends: [...world.database.rows.values()].map((row) => row.phase) };
  } finally {
    restoreGlobals();
  }
}

/** What happens from outside: wishes, acts, edits behind our back, processes that are stopped, a queue that is wiped. */
class Plot {
  private readonly people: People;
  private deadline: number;
  private open = 0;

  constructor(private readonly world: World) {
    this.people = new People(world);
    this.deadline = world.calmAt + PATIENCE_MS;
    this.build();
    world.startProcess();
    world.startProcess();
    this.drawPlot();
    this.onCall();
  }

  isOver(): boolean {
    const { world } = this;
    if (world.violation) return true;
    if (world.scheduler.now > this.deadline && !this.waitsForWrites()) {
      world.violate('I13', `Still not over: ${this.live().map((row) => `${row.id} ${row.phase} ${row.nextAt}`)}`);
      return true;
    }
    return this.open === 0 && world.isQuiet() && this.live().length === 0;
  }

  close(): void {
    const { world } = this;
    if (world.violation) return;
    for (const id of world.accepted) {
      if (!world.database.rows.has(id)) world.violate('I9', `${id} was accepted and is gone.`);
    }
    world.watch.atTheEnd();
  }

  /** While a write of a deployment may still land, people cannot let go of it: patience begins when it cannot any more. */
  private waitsForWrites(): boolean {
    for (const { state } of this.live()) {
      const until = mayLandUntil(state, this.world.scheduler.now);
      if (until !== undefined) this.deadline = until + PATIENCE_MS;
    }
    return this.deadline > this.world.scheduler.now;
  }

  private live() {
    return [...this.world.database.rows.values()].filter(
      (row) => row.endedAt === undefined && row.id !== this.world.poison,
    );
  }

  private build(): void {
    const { lambda, database, random } = this.world;
    lambda.createFunction(FN.functionName, Uint8Array.of(0), { COLOR: 'blue' });
    const latest = lambda.getFunction(FN, '$LATEST');
    if (latest.ok) lambda.publishVersion(FN, {}, '');
    for (const alias of ALIASES) {
      lambda.createAlias(FN, alias, '1');
      this.world.createTarget(alias);
    }
    for (const code of CODES) {
      const bytes = Uint8Array.of(code);
      const id = `a${code}`;
      database.artifacts.set(id, {
        id,
        projectId: 'default',
        kind: 'zip',
        sha256: Buffer.from(sha256(bytes), 'base64').toString('hex'),
        sizeBytes: 1,
        storage: {},
        completedAt: 0,
        createdAt: 0,
        bytes,
      });
    }
    if (!random.chance(0.06)) return;
    this.world.createTarget('poisoned');
    const input = { projectId: 'default', targetId: 'poisoned', policy: 'queue' as const, requestedBy: 'old release' };
    const plan = { strategy: 'steps', steps: [] } as never;
    const accepted = database.accept({ ...input, artifactId: 'a1', plan, request: {}, idempotency: undefined });
    if (accepted.kind === 'accepted') this.world.poison = accepted.deploymentId;
  }

  private drawPlot(): void {
    const { random } = this.world;
    const wishes = random.pick([1, 1, 1, 2, 2, 3]);
    for (let wish = 0; wish < wishes; wish += 1) {
      const alias = random.pick(ALIASES);
      const artifact = random.chance(0.2) ? undefined : `a${random.pick(CODES)}`;
      const policy = random.pick(['queue', 'queue', 'supersede', 'refuse'] as const);
      this.when(wish === 0 ? 100 : 7_000, () => this.people.deploy(alias, artifact, policy));
    }
    if (random.chance(0.25)) this.when(9_000, () => this.people.restore(random.pick(ALIASES)));
    for (let acts = random.pick([0, 0, 1, 2, 3]); acts > 0; acts -= 1) this.when(9_000, () => this.askSomething());
    for (let edits = random.pick([0, 0, 0, 0, 1, 2]); edits > 0; edits -= 1) this.when(9_000, () => this.meddle());
    if (random.chance(0.1)) this.when(9_000, () => this.wipeQueue());
    if (random.chance(0.1)) this.when(6_000, () => this.stopSomebody());
    if (Number.isFinite(this.world.troubles.deniedFrom)) this.losePatience();
  }

  /** Where writes are not permitted any more, people abort what hangs, and let go of what cannot be put back as soon as they may. */
  private losePatience(): void {
    const { random, scheduler, calmAt } = this.world;
    scheduler.after(random.between(200, 1_500), () => {
      for (const row of this.live()) {
        const letGo = row.phase === 'needs_human' || row.phase === 'drifted';
        if (letGo) this.ask(row.id, random.pick(['accept-as-is', 'abandon']));
        else if (row.phase === 'shifting' && random.chance(0.5)) this.ask(row.id, 'abort');
      }
      if (scheduler.now < calmAt) this.losePatience();
    });
  }

  private ask(id: string, action: Action): void {
    this.open += 1;
    void this.people.act(id, action).finally(() => {
      this.open -= 1;
    });
  }

  private when(withinMs: number, happen: () => Promise<void> | void): void {
    this.open += 1;
    this.world.scheduler.after(this.world.random.between(0, withinMs), () => {
      void Promise.resolve(happen()).finally(() => {
        this.open -= 1;
      });
    });
  }

  private async askSomething(): Promise<void> {
    const { random, database } = this.world;
    const id = this.people.ids.length > 0 ? random.pick(this.people.ids) : undefined;
    const row = id === undefined ? undefined : database.rows.get(id);
    if (!row || row.endedAt !== undefined) return;
    const open = allowedActions(row.state, { at: this.world.scheduler.now });
    const action = random.chance(0.4) ? 'abort' : random.chance(0.8) ? random.pick(open) : random.pick(actions);
    await this.people.act(row.id, action ?? 'abort');
  }

  /** Somebody outside Sluice: another tool, a console, a colleague. */
  private meddle(): void {
    const { world } = this;
    const { random, lambda } = world;
    const alias = random.pick(ALIASES);
    const versions = lambda.versions(FN);
    const what = random.pick([
      'weights',
      'version',
      'routing removed',
      'code',
      'delete version',
      'delete alias',
    ] as const);
    world.say(() => `somebody outside: ${what} (${alias})`);
    const before = lambda.alias(FN, alias);
    if (what === 'code') {
      world.watch.latestTouched = true;
      lambda.updateFunctionCode(FN, { kind: 'zip', bytes: Uint8Array.of(9) }, {}, { publish: random.chance(0.5) });
      return;
    }
    if (what === 'delete version') {
      world.watch.latestTouched = true;
      world.watch.versionsDeleted ||= lambda.deleteVersion(FN, random.pick(versions));
      return;
    }
    if (!before || (what === 'delete alias' && !random.chance(0.3))) return;
    if (what === 'delete alias') lambda.deleteAlias(FN, alias);
    else {
      const version = what === 'version' ? random.pick(versions) : before.value.version;
      const other = versions.find((candidate) => candidate !== version);
      const canary = what === 'weights' && other ? { canary: { version: other, weightPercent: 33 } } : {};
      lambda.updateAlias(FN, alias, { version, ...canary }, {});
    }
    world.watch.touchedBySomebody(alias);
  }

  private wipeQueue(): void {
    this.world.say(() => 'the queue is wiped');
    this.world.fair = false;
    this.world.queue.flush();
  }

  private stopSomebody(): void {
    const process = this.world.processes[0];
    if (process) this.world.stop(process.actor);
  }

  /** Once the storms are over, somebody looks after what waits for a person. */
  private onCall(): void {
    this.world.scheduler.at(this.world.calmAt + 5_000, () => {
      for (const row of this.live()) {
        if (row.phase !== 'drifted' && row.phase !== 'needs_human') continue;
        const action = this.world.random.pick(['restore', 'accept-as-is', 'abandon', 'abort'] as const);
        this.ask(row.id, action);
      }
      if (this.live().length > 0) this.world.scheduler.after(10_000, () => this.onCall());
    });
  }
}

/**
 * Three globals would make a schedule depend on more than its seed, or slow: back-off spreads by `Math.random`, Node's
 * joined signals hold each other weakly, so that whole worlds outlive their schedule until the next full collection, and
 * each of its signals costs a class of its own.
 */
function borrowGlobals(world: World): () => void {
  const { random } = Math;
  const { any } = AbortSignal;
  const { AbortController: controller } = globalThis;
  Math.random = () => world.random.next();
  AbortSignal.any = joined;
  globalThis.AbortController = PlainController;
  return () => {
    Math.random = random;
    AbortSignal.any = any;
    globalThis.AbortController = controller;
  };
}
