import type { Wake, WakeHandled } from '#queue';
import { type Logger, silentLogger } from '#runtime';
import type { Store } from '#store';
import type { WorkerParts } from '../../apps/worker/parts.js';
import { Reconciler } from '../../apps/worker/reconcile.js';
import { Sweep } from '../../apps/worker/sweep.js';
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
    void this.repeat(everyMs, () => sweep.run());
    void this.repeat(everyMs, () => reconciler.run());
    void this.repeat(TAKE_OVER_POLL_MS, async () => {
      const left = await store.deployments.abandoned(100);
      await Promise.all(left.map(({ deploymentId }) => this.wakes.look(deploymentId)));
    });
    void this.repeat(ROLLBACK_POLL_MS, async () => {
      const due = await store.deployments.rollbacks(100);
      for (const { deploymentId } of due) void this.wakes.rollBack(deploymentId);
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

  private async repeat(intervalMs: number, work: () => Promise<void>): Promise<void> {
    // Two processes that start together need not look at the same moments.
    await this.ports.clock.sleep(this.world.random.between(0, intervalMs));
    while (!this.actor.stopping.signal.aborted) {
      await work().catch(() => undefined);
      await this.ports.clock.sleep(intervalMs);
    }
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
