import type { Clock } from '#runtime';
import type { PhaseCount, Store } from '#store';

/** A count that takes less is taken anew whenever somebody asks. */
const QUICK_MS = 50;
/** A longer one is taken beside those who ask, and takes at most this part of the time. */
const PART_OF_TIME = 1 / 100;

/**
 * How many deployments are in each phase. Counting is the one figure whose cost grows with all that is live, so with very
 * many of them nobody waits for it: the last count is told while the next one is made.
 */
export class LiveCounts {
  private last: { readonly counts: readonly PhaseCount[]; readonly at: number; readonly tookMs: number } | undefined;
  private underway: Promise<readonly PhaseCount[]> | undefined;

  constructor(
    private readonly store: Pick<Store, 'countLive'>,
    private readonly clock: Pick<Clock, 'monotonic'>,
    /** False: everybody waits for a count of their own, however long it takes. */
    private readonly isPaced = true,
  ) {}

  /** Rejects when there is no count yet and the database does not answer. */
  async look(): Promise<readonly PhaseCount[]> {
    const { last } = this;
    if (!last || !this.isPaced || last.tookMs <= QUICK_MS) return this.count();
    const sinceMs = this.clock.monotonic() - last.at;
    // What fails is tried again by the next one who asks.
    if (sinceMs * PART_OF_TIME >= last.tookMs) this.count().catch(() => undefined);
    return last.counts;
  }

  private count(): Promise<readonly PhaseCount[]> {
    this.underway ??= this.take().finally(() => {
      this.underway = undefined;
    });
    return this.underway;
  }

  private async take(): Promise<readonly PhaseCount[]> {
    const begun = this.clock.monotonic();
    const counts = await this.store.countLive();
    const at = this.clock.monotonic();
    this.last = { counts, at, tookMs: at - begun };
    return counts;
  }
}
