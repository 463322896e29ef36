import type { QueueState } from '#queue';
import type { Clock } from '#runtime';
import type { Figures, PhaseCount } from '#store';
import type { ApiParts } from '../parts.js';
import { LiveCounts } from './live-counts.js';

/** A wake-up later than this is overdue: the queue has had its chance and the sweep several. */
export const OVERDUE_MS = 30_000;

/** Scrapes, probes and people may ask as often as they like: Postgres and the queue are asked this often at most. */
const FRESH_MS = 5_000;

/** What is known of the whole of Sluice at one moment. */
export interface Truth {
  /** Absent: the database does not answer. */
  readonly figures: (Figures & { readonly live: readonly PhaseCount[] }) | undefined;
  /** `undefined`: the queue does not answer. `none`: this process was given none to look at. */
  readonly queue: QueueState | 'none' | undefined;
  /** This process's wall clock minus database time, milliseconds; absent without a database. */
  readonly clockSkewMs: number | undefined;
}

/** One look serves everybody who asks while it is under way or fresh. */
export class TruthLooks {
  private last: { readonly at: number; readonly truth: Promise<Truth> } | undefined;
  private readonly clock: Clock;
  private readonly counts: LiveCounts;

  constructor(private readonly parts: ApiParts) {
    this.clock = parts.clock;
    this.counts = new LiveCounts(parts.store, parts.clock, parts.figuresFreshMs !== 0);
  }

  look(freshMs = FRESH_MS): Promise<Truth> {
    const now = this.clock.monotonic();
    const enough = Math.min(freshMs, this.parts.figuresFreshMs ?? FRESH_MS);
    if (this.last && now - this.last.at <= enough && enough > 0) return this.last.truth;
    const truth = this.take();
    this.last = { at: now, truth };
    return truth;
  }

  private async take(): Promise<Truth> {
    const quiet = () => undefined;
    const [figures, queue, clockSkewMs] = await Promise.all([
      this.figures().catch(quiet),
      this.parts.queue?.inspect ? this.parts.queue.inspect().catch(quiet) : ('none' as const),
      this.skew().catch(quiet),
    ]);
    return { figures, queue, clockSkewMs };
  }

  private async figures(): Promise<Truth['figures']> {
    const figures = await this.parts.store.figures(OVERDUE_MS);
    return { ...figures, live: await this.counts.look() };
  }

  /** The database's moment is taken to lie in the middle of the round trip. */
  private async skew(): Promise<number> {
    const before = this.clock.now();
    const database = await this.parts.store.now();
    return Math.round((before + this.clock.now()) / 2 - database);
  }
}
