import { systemClock } from '#runtime';
import type { OutageWorld, Reply } from '../outages/world.js';
import type { Random } from '../simulation/random.js';
import { ACCOUNT, handlerCode, REGION, zip } from '../world/emulated-lambda.js';
import type { MetricsService } from './metrics-service.js';

/** A rollout takes seconds; on a machine that is busy and broken besides, longer. */
export const STORY_MS = 90_000;
/** A person keeps asking for this long while the API is in trouble. */
const ASKING_MS = 30_000;
/** Then a customer takes a new function: Lambda lists fifty versions at once, and the probes look at one list. */
const STORIES_PER_TARGET = 25;

/** What one of the customers sees and needs: the APIs, a look into the database, and where to complain. */
export interface Desk {
  readonly world: OutageWorld;
  readonly urls: readonly string[];
  readonly metrics: MetricsService;
  readonly stories: Map<string, number>;
  readonly problems: string[];
}

const judgedGate = {
  strategy: { type: 'steps', steps: [{ weight: 10, bake: '1s', gates: ['analysis'] }] },
  analysis: {},
} as const;
const quick = { strategy: { type: 'canary', weightPercent: 10, bake: '1s' } } as const;
const pausable = {
  strategy: { type: 'steps', steps: ['2s', '1s'].map((bake, index) => ({ weight: 10 + 40 * index, bake })) },
} as const;
export const staying = { strategy: { type: 'canary', weightPercent: 10, bake: '1h' } } as const;

type Story = (customer: Customer) => Promise<void>;

const stories: Readonly<Record<string, Story>> = {
  good: async (me) => me.endsAs(await me.deploy(quick), ['succeeded']),
  'good and judged': async (me) => me.endsAs(await me.deploy(judgedGate), ['succeeded']),
  'bad and judged': async (me) => {
    me.isBad = true;
    await me.endsAs(await me.deploy({ ...staying, analysis: {} }), ['rolled_back']);
    me.isBad = false;
  },
  aborted: async (me) => {
    const id = await me.deploy(staying);
    await me.reaches(id, 'baking');
    await me.act(id, 'abort');
    await me.endsAs(id, ['rolled_back']);
  },
  'aborted at any moment': async (me) => {
    const id = await me.deploy(quick);
    await systemClock.sleep(me.random.between(0, 3_000));
    // An abort that was accepted wins, however close the promotion was.
    const isAccepted = await me.act(id, 'abort');
    await me.endsAs(id, isAccepted ? ['rolled_back', 'cancelled'] : ['rolled_back', 'cancelled', 'succeeded']);
  },
  'paused and resumed': async (me) => {
    const id = await me.deploy(pausable);
    await me.reaches(id, 'baking', 'promoting', 'succeeded');
    if (await me.act(id, 'pause')) await me.reaches(id, 'paused');
    await systemClock.sleep(me.random.between(0, 1_500));
    await me.act(id, 'resume');
    await me.endsAs(id, ['succeeded']);
  },
  'rolled back afterwards': async (me) => {
    await me.endsAs(await me.deploy(quick), ['succeeded']);
    await me.endsAs(await me.rollback(), ['succeeded']);
  },
  superseded: async (me) => {
    const first = await me.deploy(staying);
    await me.reaches(first, 'baking');
    const second = await me.deploy({ ...quick, policy: 'supersede' });
    const third = await me.deploy({ ...quick, policy: 'supersede' });
    await me.endsAs(second, ['superseded']);
    await me.act(first, 'abort');
    await me.endsAs(first, ['rolled_back']);
    await me.endsAs(third, ['succeeded']);
  },
};

/** One function's owner who ships one change after the other, each a story drawn from the seed. */
export class Customer {
  private target = '';
  private told = 0;
  private codes = 1;
  private keys = 0;

  constructor(
    readonly name: string,
    private readonly desk: Desk,
    readonly random: Random,
  ) {}

  set isBad(bad: boolean) {
    if (bad) this.desk.metrics.bad.add(this.target);
    else this.desk.metrics.bad.delete(this.target);
  }

  /** Story after story until `isOver`; the one in hand is told to its end. A story that goes wrong is a problem. */
  async ship(isOver: () => boolean): Promise<void> {
    let left: string[] = [];
    while (!isOver()) {
      if (left.length === 0) left = Object.keys(stories);
      const story = this.random.pick(left);
      left = left.filter((one) => one !== story);
      try {
        if (this.told % STORIES_PER_TARGET === 0) await this.takeFunction();
        this.told += 1;
        await stories[story]?.(this);
        this.desk.stories.set(story, (this.desk.stories.get(story) ?? 0) + 1);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.desk.problems.push(`"${story}" of ${this.name} on ${this.target}: ${why}`);
        // What is left behind there is no ground for the next one.
        this.told = 0;
      }
    }
  }

  async takeFunction(): Promise<string> {
    this.target = await this.desk.world.lambda.newFunction();
    this.codes = 1;
    const metrics = {
      source: 'http',
      url: `${this.desk.metrics.origin}/${this.target}`,
      periodSeconds: 1,
      settleSeconds: 0,
    };
    const target = { name: this.target, functionName: this.target, aliasName: 'live', region: REGION };
    await this.ask('/v1/targets', { ...target, accountId: ACCOUNT, metrics }, { isDoneBy: ['target_exists'] });
    return this.target;
  }

  async deploy(more: object): Promise<string> {
    this.codes += 1;
    const artifact = await this.upload(handlerCode(`v${this.codes}`));
    return this.promised('/v1/deployments', {
      target: this.target,
      artifact: { id: artifact },
      analysis: null,
      ...more,
    });
  }

  rollback(): Promise<string> {
    return this.promised(`/v1/targets/${this.target}/rollback`, {});
  }

  /** The same bytes are the same artifact, however often they come. */
  private async upload(code: string): Promise<string> {
    const { world } = this.desk;
    let id = '';
    await world.until('an artifact is uploaded', ASKING_MS, async () => {
      id = await world.client.uploadArtifact(zip(code)).then(
        (artifact) => artifact.id,
        () => '',
      );
      return id !== '';
    });
    return id;
  }

  private async promised(path: string, body: Record<string, unknown>): Promise<string> {
    this.keys += 1;
    const key = `${this.name}-${this.keys}`;
    const reply = await this.ask(path, body, { key });
    const id = String(reply.body['id']);
    this.desk.world.promised.push({ id, key, body: { target: this.target, ...body } });
    return id;
  }

  /** Whether it was accepted; not when the deployment was past it. */
  async act(id: string, act: 'abort' | 'pause' | 'resume'): Promise<boolean> {
    const past = ['deployment_ended', 'not_pausable', 'not_paused'];
    const reply = await this.ask(`/v1/deployments/${id}/${act}`, {}, { isDoneBy: past });
    return reply.status < 300;
  }

  /** Asks until there is an answer that is not "later"; any other no than those of `isDoneBy` is a problem. */
  private async ask(
    path: string,
    body: unknown,
    { key, isDoneBy = [] }: { key?: string; isDoneBy?: readonly string[] },
  ): Promise<Reply> {
    const end = systemClock.monotonic() + ASKING_MS;
    for (;;) {
      const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
      const reply = await this.desk.world.ask('POST', `${this.random.pick(this.desk.urls)}${path}`, body, headers);
      if (reply.status >= 200 && reply.status < 300) return reply;
      if (reply.status !== 0 && reply.status !== 503) {
        if (isDoneBy.includes(String(reply.body['code']))) return reply;
        throw new Error(`${path} was answered ${reply.status}: ${JSON.stringify(reply.body)}`);
      }
      if (systemClock.monotonic() > end) throw new Error(`${path} got no yes or no for ${ASKING_MS} ms`);
      await systemClock.sleep(200);
    }
  }

  async reaches(id: string, ...phases: string[]): Promise<void> {
    const row = await this.look(id, (phase, ended) => ended || phases.includes(phase));
    if (!phases.includes(row)) throw new Error(`${id} ended as ${row} before it was ${phases[0]}`);
  }

  async endsAs(id: string, allowed: readonly string[]): Promise<void> {
    const phase = await this.look(id, (_phase, ended) => ended);
    if (!allowed.includes(phase)) {
      throw new Error(`${id} ended as ${phase} instead of ${allowed.join(' or ')}: ${await this.reason(id)}`);
    }
  }

  private async look(id: string, isThere: (phase: string, ended: boolean) => boolean): Promise<string> {
    const end = systemClock.monotonic() + STORY_MS;
    for (;;) {
      // The database may be away just now.
      const row = await this.desk.world.row(id).catch(() => undefined);
      if (row && isThere(row.phase, row.ended)) return row.phase;
      if (systemClock.monotonic() > end) {
        throw new Error(`${id} is still ${row?.phase} after ${STORY_MS} ms: ${await this.reason(id)}`);
      }
      await systemClock.sleep(100);
    }
  }

  private async reason(id: string): Promise<string> {
    const row = await this.desk.world.row(id).catch(() => undefined);
    return JSON.stringify(row?.state['reason'] ?? row?.state ?? 'no row can be read').slice(0, 400);
  }
}
