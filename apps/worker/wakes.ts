import type { Wake, WakeHandled } from '#queue';
import { advance } from './advance.js';
import type { WorkerParts } from './parts.js';

/**
 * The one door to `advance` in this process: the queue, the sweep and the rollback lane may all bring the same
 * deployment at once, and only one of them walks it. Who comes second leaves a note, so that nothing is missed.
 */
export class Wakes {
  private readonly walking = new Map<string, { again: boolean }>();

  constructor(
    private readonly parts: WorkerParts,
    private readonly stopping: AbortSignal,
  ) {}

  /** How many deployments this process is walking. */
  get underWay(): number {
    return this.walking.size;
  }

  /** For the queue: a wake-up that is stale does nothing, one that must come back says when. */
  async handle(wake: Wake, signal: AbortSignal): Promise<WakeHandled | undefined> {
    const next = await this.walk(wake.deploymentId, wake.sequence, AbortSignal.any([signal, this.stopping]));
    if (!next) return undefined;
    if (next.sequence === wake.sequence) return { again: { delayMs: next.delayMs } };
    await this.arm(wake.deploymentId, next.sequence, next.delayMs);
    return undefined;
  }

  /** For the sweep, the rollback lane and the reconciler: acts whatever the queue knows. */
  async look(deploymentId: string): Promise<void> {
    const next = await this.walk(deploymentId, undefined, this.stopping);
    if (next) await this.arm(deploymentId, next.sequence, next.delayMs);
  }

  /** Best effort: what the queue does not take, the sweep finds. */
  private async arm(deploymentId: string, sequence: number, delayMs: number): Promise<void> {
    await this.parts.queue.add({ deploymentId, sequence, delayMs }).catch(() => undefined);
  }

  private async walk(deploymentId: string, sequence: number | undefined, signal: AbortSignal) {
    const present = this.walking.get(deploymentId);
    if (present) {
      present.again = true;
      return undefined;
    }
    const mark = { again: false };
    this.walking.set(deploymentId, mark);
    try {
      let next = await this.attempt(deploymentId, sequence, signal);
      while (mark.again && !signal.aborted) {
        mark.again = false;
        next = (await this.attempt(deploymentId, undefined, signal)) ?? next;
      }
      return next;
    } finally {
      this.walking.delete(deploymentId);
    }
  }

  /** One deployment's trouble is its own: it is logged with its id and found again by the sweep. */
  private async attempt(deploymentId: string, sequence: number | undefined, signal: AbortSignal) {
    try {
      return await advance(this.parts, deploymentId, sequence, signal);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.parts.logger.error({ deploymentId, problem }, 'A deployment could not be advanced; it will be tried again.');
      return undefined;
    }
  }
}
