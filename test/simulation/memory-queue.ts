import { type Wake, type WakeHandled, type WakeQueue, wakeJobId } from '#queue';
import type { Random } from './random.js';
import type { Actor, Scheduler } from './scheduler.js';

interface Job {
  readonly wake: Wake;
  /** Who has it in hand, if anybody. */
  holder: Actor | undefined;
}

export interface Taker {
  readonly actor: Actor;
  handle(wake: Wake): Promise<WakeHandled | undefined>;
}

export interface QueueTroubles {
  /** Chance that a job is lost, comes twice, or comes up to this much late. */
  readonly lost: number;
  readonly doubled: number;
  readonly lateMs: number;
}

/** How soon the job of a process that died or froze is given to another. */
const LOCK_MS = 7_000;

/**
 * Wake-ups as BullMQ keeps them: one job per deployment and sequence, given to one process at a time, given again when
 * its holder is gone. What it may do wrong (lose, double, delay, re-order, forget everything) it does by the seed.
 */
export class MemoryQueue {
  private readonly jobs = new Map<string, Job>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    private readonly takers: () => readonly Taker[],
    private readonly troubles: () => QueueTroubles,
    private readonly dedupes: boolean,
  ) {}

  add(wake: Parameters<WakeQueue['add']>[0]): void {
    const { deploymentId, sequence } = wake;
    const id = wakeJobId(wake, wake.lane);
    if (this.dedupes && this.jobs.has(id)) return;
    const { lost, doubled, lateMs } = this.troubles();
    if (this.random.chance(lost)) return;
    const job = { wake: { deploymentId, sequence }, holder: undefined };
    this.jobs.set(id, job);
    const late = lateMs > 0 ? this.random.delay(20, lateMs) : this.random.between(0, 5);
    this.scheduler.after(wake.delayMs + late, () => this.deliver(id, job));
    if (this.random.chance(doubled)) {
      this.scheduler.after(wake.delayMs + this.random.between(0, 3_000), () => this.hand(job));
    }
  }

  /** Everything is forgotten; who has a job in hand goes on. */
  flush(): void {
    this.jobs.clear();
  }

  counts() {
    return this.jobs.size;
  }

  private deliver(id: string, job: Job): void {
    if (this.jobs.get(id) !== job) return;
    const taker = this.hand(job, (again) => {
      if (this.jobs.get(id) !== job) return;
      if (!again) {
        this.jobs.delete(id);
        return;
      }
      job.holder = undefined;
      this.scheduler.after(again.delayMs, () => this.deliver(id, job));
    });
    if (!taker) {
      this.scheduler.after(500, () => this.deliver(id, job));
      return;
    }
    job.holder = taker.actor;
    this.scheduler.after(LOCK_MS, () => this.checkLock(id, job, taker.actor));
  }

  private checkLock(id: string, job: Job, holder: Actor): void {
    if (this.jobs.get(id) !== job || job.holder !== holder) return;
    const gone = !holder.alive || holder.frozenUntil > this.scheduler.now;
    if (gone) this.deliver(id, job);
    else this.scheduler.after(LOCK_MS, () => this.checkLock(id, job, holder));
  }

  private hand(job: Job, done?: (again: { delayMs: number } | undefined) => void): Taker | undefined {
    const alive = this.takers().filter(({ actor }) => actor.alive && !actor.stopping.signal.aborted);
    if (alive.length === 0) return undefined;
    const taker = this.random.pick(alive);
    this.scheduler.after(
      0,
      () => {
        void taker.handle(job.wake).then(
          (handled) => taker.actor.alive && done?.(handled?.again),
          () => taker.actor.alive && done?.(undefined),
        );
      },
      taker.actor,
    );
    return taker;
  }
}
