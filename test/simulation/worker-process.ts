import type { Wake, WakeHandled } from '#queue';
import { type Logger, silentLogger } from '#runtime';
import type { Store } from '#store';
import type { WorkerParts } from '../../apps/worker/parts.js';
import { LOOK_SHARE, Reconciler } from '../../apps/worker/reconcile.js';
import { GRACE_MS, Sweep } from '../../apps/worker/sweep.js';
import { Wakes } from '../../apps/worker/wakes.js';
import { Ports } from './ports.js';
import type { Actor } from './scheduler.js';
import type { World } from './world.js';

const ROLLBACK_POLL_MS = 5_000;
const TAKE_OVER_POLL_MS = 5_000;

/** The worker as `apps/worker/start.ts` puts it together, on simulated ports. */
export class WorkerProcess {
  private readonly wakes: Wakes;
  private readonly ports: Ports;

  constructor(
    private readonly world: World,
    readonly actor: Actor,
  ) {
    this.ports = new Ports(world, actor);
    const store = this.ports.store();
    const parts: WorkerParts = {
      store: store as unknown as Store,
      queue: this.ports.queue(),
      lambda: this.ports.lambda(),
      budget: this.ports.budget(),
      invoker: this.ports.invoker(),
      evidence: this.ports.evidence(),
      clock: this.ports.clock,
      logger: this.logger(),
      nudge: (deploymentId) => this.look(deploymentId),
      name: actor.name,
      metricsPeriodSeconds: 1,
    };
    this.wakes = new Wakes(parts, actor.stopping.signal);
    const sweep = new Sweep(parts, this.wakes);
    const everyMs = world.sweepMs;
    const reconciler = new Reconciler(parts, this.wakes, { everyMs, callsPerSecond: 12 });
    const { database } = world;
    // What a sweep has brought back to the queue, its next round has to see gone, so that one is never left out.
    let sweepIsClear = true;
    this.repeat(everyMs, {
      isIdle: () => sweepIsClear && !database.mayFind('overdue', GRACE_MS),
      work: async () => {
        sweepIsClear = !database.mayFind('overdue', GRACE_MS);
        await sweep.run();
      },
    });
    const ageMs = everyMs * (1 - LOOK_SHARE);
    this.repeat(everyMs, { isIdle: () => !database.mayReconcile(ageMs), work: () => reconciler.run() });
    this.repeat(TAKE_OVER_POLL_MS, {
      isIdle: () => !database.mayFind('abandoned', 0),
      work: async () => {
        const left = await store.deployments.abandoned(100);
        await Promise.all(left.map(({ deploymentId }) => this.wakes.look(deploymentId)));
      },
    });
    this.repeat(ROLLBACK_POLL_MS, {
      isIdle: () => !database.mayFind('rollbacks', 0),
      work: async () => {
        const due = await store.deployments.rollbacks(100);
        for (const { deploymentId } of due) void this.wakes.rollBack(deploymentId);
      },
    });
  }

  look(deploymentId: string): void {
    void this.wakes.look(deploymentId);
  }

  rollBack(deploymentId: string): void {
    void this.wakes.rollBack(deploymentId);
  }

  handle(wake: Wake): Promise<WakeHandled | undefined> {
    return this.wakes.handle(wake, this.actor.stopping.signal);
  }

  /**
   * One look after the other. A look for which the database holds nothing only asks: the process may die or freeze at
   * it as at any statement, but the service behind it, which would do nothing with the empty answer, is not run.
   */
  private repeat(intervalMs: number, look: { isIdle(): boolean; work(): Promise<void> }): void {
    const { scheduler, random } = this.world;
    const again = () => scheduler.after(intervalMs, round, this.actor);
    const round = () => {
      if (this.actor.stopping.signal.aborted) return;
      if (look.isIdle()) this.ports.emptyStatement(intervalMs, round);
      else void look.work().then(again, again);
    };
    // Two processes that start together need not look at the same moments.
    scheduler.after(random.between(0, intervalMs), round, this.actor);
  }

  private logger(): Logger {
    if (!this.world.options.trace) return silentLogger;
    const tell = (facts: object, sentence: string) => {
      const text = JSON.stringify(facts);
      if (!text.includes(`"${this.world.poison}"`)) this.world.say(() => `${this.actor.name}: ${sentence} ${text}`);
    };
    return { ...silentLogger, warn: tell, error: tell };
  }
}
