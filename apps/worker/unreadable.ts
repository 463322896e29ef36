import type { Clock } from '#runtime';

/** Read again after this long at first; then after as long as it has been unreadable, so twice as late each time. */
const FIRST_MS = 5_000;
/** And never later than this: somebody may have mended the row by hand. */
const LONGEST_MS = 600_000;
/** A wake-up is handed on to other workers this often, for as long as the row has not been held longer than that. */
const HAND_ON_EVERY_MS = 1_000;
const HAND_ON_FOR_MS = 10_000;
/** Past this many the one held longest is forgotten, and read once more than needed. */
const MOST_HELD = 10_000;

interface Held {
  readonly sequence: number;
  readonly since: number;
  readonly until: number;
}

/**
 * The rows that this process cannot read, because a newer release wrote them or nobody can. Kept in memory and not in
 * the row: its time must not move, so that a worker which can read it takes it while this one leaves it alone.
 */
export class UnreadableRows {
  private readonly held = new Map<string, Held>();

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** How many there are: so many of what is due may have to be passed over. */
  get size(): number {
    return this.held.size;
  }

  /** As `<id>-<sequence>`: those that are to be left alone at present. */
  keys(): string[] {
    return [...this.held].flatMap(([id, { sequence }]) => (this.holds(id, sequence) ? [`${id}-${sequence}`] : []));
  }

  knows(deploymentId: string): boolean {
    return this.held.has(deploymentId);
  }

  holds(deploymentId: string, sequence: number): boolean {
    const held = this.held.get(deploymentId);
    return held?.sequence === sequence && held.until > this.clock.monotonic();
  }

  /**
   * It was read in vain. Returns when it will be read again, milliseconds; `undefined` when that is nothing to tell: it
   * was held already, or is known and has only moved on under another worker.
   */
  hold(deploymentId: string, sequence: number): number | undefined {
    const now = this.clock.monotonic();
    const before = this.held.get(deploymentId);
    if (this.holds(deploymentId, sequence)) return undefined;
    const since = before?.sequence === sequence ? before.since : now;
    const againInMs = Math.min(Math.max(now - since, FIRST_MS), LONGEST_MS);
    const oldest = this.held.keys().next().value;
    if (!before && this.held.size >= MOST_HELD && oldest !== undefined) this.held.delete(oldest);
    this.held.set(deploymentId, { sequence, since, until: now + againInMs });
    return before && before.sequence !== sequence ? undefined : againInMs;
  }

  /** When its wake-up should come back to the queue, where a worker that can read it may take it; 0: no more. */
  handOnInMs(deploymentId: string, sequence: number): number {
    const held = this.held.get(deploymentId);
    if (held?.sequence !== sequence) return 0;
    return this.clock.monotonic() - held.since < HAND_ON_FOR_MS ? HAND_ON_EVERY_MS : 0;
  }

  forget(deploymentId: string): void {
    this.held.delete(deploymentId);
  }
}
