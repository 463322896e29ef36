import type { Wake, WakeHandled } from '#queue';
import { isDatabaseTrouble, UnreadableRow } from '#store';
import { advance, type Progress } from './advance.js';
import type { WorkerParts } from './parts.js';
import { UnreadableRows } from './unreadable.js';

/** One walk under way in this process. */
interface Walking extends Progress {
  /** Somebody else wanted the same deployment looked at meanwhile. */
  again: boolean;
}

/** A walk's own record of a rollback is told by Postgres and by its answer; this long one may come before the other. */
const OWN_RECORD_MS = 10;

/** Wake-ups that the queue refused and that are due within this time are kept in memory, up to so many. */
const SOON_MS = 10_000;
const MOST_REMEMBERED = 1_000;

/**
 * The one door to `advance` in this process: the queue, the sweep and the rollback lane may all bring the same
 * deployment at once, and only one of them walks it. Who comes second leaves a note, so that nothing is missed.
 */
export class Wakes {
  readonly unreadable: UnreadableRows;
  private readonly walking = new Map<string, Walking>();
  private readonly rollingBack = new Set<string>();
  private readonly remembered = new Set<string>();

  constructor(
    private readonly parts: WorkerParts,
    private readonly stopping: AbortSignal,
  ) {
    this.unreadable = new UnreadableRows(parts.clock);
  }

  /** How many deployments this process is walking. */
  get underWay(): number {
    return this.walking.size;
  }

  /**
   * For the queue: a wake-up that is stale does nothing, one that must come back says when. One whose row this process
   * cannot read goes back, for a worker that can.
   */
  async handle(wake: Wake, signal: AbortSignal): Promise<WakeHandled | undefined> {
    const { deploymentId, sequence } = wake;
    const next = this.unreadable.holds(deploymentId, sequence)
      ? undefined
      : await this.walk(deploymentId, sequence, AbortSignal.any([signal, this.stopping]));
    const handOnInMs = this.unreadable.handOnInMs(deploymentId, sequence);
    if (!next) return handOnInMs > 0 ? { again: { delayMs: handOnInMs } } : undefined;
    if (next.sequence === sequence) return { again: { delayMs: next.delayMs } };
    await this.arm(deploymentId, next.sequence, next.delayMs);
    return undefined;
  }

  /**
   * For the rollback lane. A walk under way may be waiting for its metrics, for a slot of the ordinary lane or for an
   * answer from Lambda; a rollback waits for none of them. Its own walk overtakes it, as that of another process would:
   * the sequence and the token refuse whatever the one before still does. Only a walk that is already rolling back is
   * left to it.
   */
  async rollBack(deploymentId: string): Promise<void> {
    if (this.rollingBack.has(deploymentId)) return;
    this.rollingBack.add(deploymentId);
    try {
      if (this.walking.has(deploymentId)) await this.parts.clock.sleep(OWN_RECORD_MS, this.stopping);
      const present = this.walking.get(deploymentId);
      if (!present || present.phase === 'rolling_back') return await this.look(deploymentId);
      const next = await this.attempt(deploymentId, undefined, this.stopping, {});
      if (next) await this.arm(deploymentId, next.sequence, next.delayMs);
    } finally {
      this.rollingBack.delete(deploymentId);
    }
  }

  /** For the sweep and the reconciler: acts whatever the queue knows. */
  async look(deploymentId: string): Promise<void> {
    const next = await this.walk(deploymentId, undefined, this.stopping);
    if (next) await this.arm(deploymentId, next.sequence, next.delayMs);
  }

  /** Best effort: what the queue does not take, this process remembers if it is soon, and the sweep finds in any case. */
  private async arm(deploymentId: string, sequence: number, delayMs: number): Promise<void> {
    await this.parts.queue.add({ deploymentId, sequence, delayMs }).catch(() => this.remember(deploymentId, delayMs));
  }

  /** While the queue is down a rollout's short waits would otherwise each take a whole round of the sweep. */
  private remember(deploymentId: string, delayMs: number): void {
    if (delayMs > SOON_MS || this.remembered.size >= MOST_REMEMBERED || this.remembered.has(deploymentId)) return;
    this.remembered.add(deploymentId);
    void this.parts.clock.sleep(delayMs, this.stopping).then(() => {
      this.remembered.delete(deploymentId);
      return this.stopping.aborted ? undefined : this.look(deploymentId);
    });
  }

  private async walk(deploymentId: string, sequence: number | undefined, signal: AbortSignal) {
    const present = this.walking.get(deploymentId);
    if (present) {
      present.again = true;
      return undefined;
    }
    const mark: Walking = { again: false };
    this.walking.set(deploymentId, mark);
    try {
      let next = await this.attempt(deploymentId, sequence, signal, mark);
      while (mark.again && !signal.aborted) {
        mark.again = false;
        next = (await this.attempt(deploymentId, undefined, signal, mark)) ?? next;
      }
      return next;
    } finally {
      this.walking.delete(deploymentId);
    }
  }

  /**
   * One deployment's trouble is its own: it is set aside with the cause, and looked at again ever more seldom. One that
   * cannot be read is left where it is, for a newer release. Of the database's trouble it knows nothing: that one is
   * simply looked at again by the sweep.
   */
  private async attempt(deploymentId: string, sequence: number | undefined, signal: AbortSignal, progress: Progress) {
    try {
      const next = await advance(this.parts, deploymentId, sequence, signal, progress);
      this.unreadable.forget(deploymentId);
      return next;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (isDatabaseTrouble(error)) {
        this.parts.logger.warn(
          { deploymentId, problem },
          'The database did not let a deployment go on; the sweep will.',
        );
      } else if (error instanceof UnreadableRow && error.sequence !== undefined) {
        await this.leaveAlone(error.deploymentId, error.sequence, problem);
      } else {
        await this.setAside(deploymentId, progress.sequence, problem);
      }
      return undefined;
    }
  }

  /** Its time stays as it is: whoever can read it finds it due. What is told here is all that this process does. */
  async leaveAlone(deploymentId: string, sequence: number, problem: string): Promise<void> {
    const againInMs = this.unreadable.hold(deploymentId, sequence);
    if (againInMs === undefined) return;
    const { store, logger } = this.parts;
    const againInSeconds = Math.round(againInMs / 1000);
    logger.error(
      { deploymentId, sequence, problem, againInSeconds },
      'A deployment is stored in a form that this release cannot read; it is left to one that can.',
    );
    // For those who look; that it could not be written down changes nothing else.
    await store.deployments.noteUnreadable(deploymentId, sequence, problem).catch(() => undefined);
  }

  private async setAside(deploymentId: string, sequence: number | undefined, problem: string): Promise<void> {
    const { store, logger } = this.parts;
    try {
      const againInMs = await store.deployments.setAside(deploymentId, sequence, problem);
      // Somebody else stumbled over it as well and has said so, or it has moved on, or it is not due.
      if (againInMs === undefined) return;
      const againInSeconds = Math.round(againInMs / 1000);
      logger.error(
        { deploymentId, problem, againInSeconds },
        'A deployment cannot go on; it was set aside for a while.',
      );
    } catch (error) {
      const also = error instanceof Error ? error.message : String(error);
      logger.error({ deploymentId, problem, also }, 'A deployment cannot go on, nor be set aside.');
    }
  }
}
