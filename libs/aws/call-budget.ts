import { type Clock, systemClock } from '#runtime';
import { JITTER_MS, slotSpacingMs } from './next-slot.js';
import { StoreClock } from './store-clock.js';

/** Lambda counts control-plane calls per account and region. */
export interface BudgetKey {
  readonly accountId: string;
  readonly region: string;
}

export type Lane = 'ordinary' | 'rollback';

export interface LaneRates {
  readonly ordinaryPerSecond: number;
  readonly rollbackPerSecond: number;
}

/**
 * One row of slots that a store found for a request: `count` slots, the first at `startMs`, then every `spacingMs`.
 * `startMs` and `nowMs` are moments of the store's clock; `waitMs` is a duration.
 */
export type Reservation =
  | {
      readonly granted: true;
      readonly nowMs: number;
      readonly startMs: number;
      readonly count: number;
      readonly spacingMs: number;
    }
  | { readonly granted: false; readonly waitMs: number };

/** Where the slots of all workers are kept: a row per account, region and lane. */
export interface CallBudgetStore {
  /**
   * Takes up to `count` slots from the earliest of `lanes` and returns when they are, on its own clock. All workers see
   * the same rows, and one statement both looks and takes, so no slot is given out twice. No slot lies nearer than
   * `leadMs` or further than `horizonMs`.
   */
  reserve(
    key: BudgetKey,
    lanes: readonly { readonly lane: Lane; readonly spacingMs: number }[],
    count: number,
    horizonMs: number,
    leadMs: number,
  ): Promise<Reservation>;
}

/** `granted: true` means: make the one call now. Otherwise come back after `waitMs`. */
export type BudgetAnswer = { readonly granted: true } | { readonly granted: false; readonly waitMs: number };

export interface CallBudget {
  /**
   * Asks for one control-plane call. Resolves when its moment has come, if that is within the lane's patience, and
   * otherwise at once with the time to come back. Rejects only when the store does.
   */
  take(key: BudgetKey, lane: Lane, signal?: AbortSignal): Promise<BudgetAnswer>;
}

export interface CallBudgetOptions {
  readonly store: CallBudgetStore;
  readonly rates: LaneRates;
  readonly clock?: Clock;
  /** How long `take` may hold its caller. Short for ordinary calls, which can wait as a value; long for rollbacks. */
  readonly patienceMs?: Partial<Record<Lane, number>>;
  /** Spreads the return of refused callers; in 0..1. */
  readonly random?: () => number;
}

const PATIENCE_MS: Record<Lane, number> = { ordinary: 400, rollback: 5_000 };

/**
 * How many slots one statement takes at most. Six ordinary ones: a process that dies with them wastes half a second.
 * Rollbacks one by one, because each of them wants the earlier of two lanes.
 */
const LARGEST_BATCH: Record<Lane, number> = { ordinary: 6, rollback: 1 };

/** Refused callers are sent away for at most this long; beyond it they take their chance again. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Never more calls than the lanes' rates in any one second, whatever the number of workers. Rollbacks have a lane of
 * their own and may use the ordinary one as well; because they may reserve seconds ahead and ordinary calls only
 * moments, a crowd of rollbacks pushes ordinary calls aside.
 */
export function createCallBudget(options: CallBudgetOptions): CallBudget {
  return new LeasingCallBudget(options);
}

interface Line {
  askers: Asker[];
  asking: boolean;
  /** When the caller that was refused last was told to come back. */
  returnAtMs: number;
}

interface Asker {
  answer(outcome: Slot | BudgetAnswer): void;
  reject(error: unknown): void;
}

/** A moment on this process's monotonic clock. */
interface Slot {
  readonly atMs: number;
}

class LeasingCallBudget implements CallBudget {
  private readonly clock: Clock;
  private readonly lines = new Map<string, Line>();
  private readonly storeClock = new StoreClock();

  constructor(private readonly options: CallBudgetOptions) {
    this.clock = options.clock ?? systemClock;
  }

  async take(key: BudgetKey, lane: Lane, signal?: AbortSignal): Promise<BudgetAnswer> {
    const giveUpAt = this.clock.monotonic() + this.patience(lane);
    for (;;) {
      const answer = await this.takeOnce(key, lane, signal);
      const missed = !answer.granted && answer.waitMs === 0 && !signal?.aborted;
      if (!missed || this.clock.monotonic() >= giveUpAt) return answer;
    }
  }

  /** `waitMs: 0`: a slot was found, but its moment was missed. */
  private async takeOnce(key: BudgetKey, lane: Lane, signal?: AbortSignal): Promise<BudgetAnswer> {
    const outcome = await this.slot(key, lane);
    if (!('atMs' in outcome)) return outcome;
    const wait = outcome.atMs - this.clock.monotonic();
    if (wait > 0) await this.clock.sleep(wait, signal);
    // A process that was held up must not use its slot late: the next second's slots belong to others.
    const lateness = this.clock.monotonic() - outcome.atMs;
    return lateness < JITTER_MS && !signal?.aborted ? { granted: true } : { granted: false, waitMs: 0 };
  }

  /** Callers that ask while a statement is under way share the next one: one round trip serves the whole line. */
  private slot(key: BudgetKey, lane: Lane): Promise<Slot | BudgetAnswer> {
    const name = `${key.accountId}/${key.region}/${lane}`;
    const line = this.lines.get(name) ?? { askers: [], asking: false, returnAtMs: 0 };
    this.lines.set(name, line);
    return new Promise((answer, reject) => {
      line.askers.push({ answer, reject });
      if (!line.asking) void this.serve(name, key, lane, line);
    });
  }

  private async serve(name: string, key: BudgetKey, lane: Lane, line: Line) {
    line.asking = true;
    while (line.askers.length > 0) {
      const batch = line.askers.splice(0, LARGEST_BATCH[lane]);
      const askedAt = this.clock.monotonic();
      try {
        const leadMs = this.storeClock.leadMs();
        const horizonMs = leadMs + this.patience(lane);
        const reservation = await this.options.store.reserve(key, this.lanesFor(lane), batch.length, horizonMs, leadMs);
        this.handOut(batch, reservation, line, lane, askedAt);
      } catch (error) {
        for (const asker of batch) asker.reject(error);
      }
    }
    line.asking = false;
    if (line.returnAtMs < this.clock.monotonic()) this.lines.delete(name);
  }

  private handOut(batch: Asker[], reservation: Reservation, line: Line, lane: Lane, askedAt: number) {
    const now = this.clock.monotonic();
    if (!reservation.granted) {
      for (const asker of batch) {
        asker.answer({ granted: false, waitMs: this.turn(line, lane, now, reservation.waitMs) });
      }
      return;
    }
    const { count, spacingMs } = reservation;
    // Counted from the store's moment and not from now: this answer may have been long under way.
    if (!this.storeClock.learn(reservation.nowMs, now, now - askedAt)) {
      for (const asker of batch) asker.answer({ granted: false, waitMs: 0 });
      return;
    }
    const first = this.storeClock.toLocal(reservation.startMs);
    for (const [index, asker] of batch.slice(0, count).entries()) asker.answer({ atMs: first + index * spacingMs });
    // Those for whom the lane had no room any more are asked for again, ahead of everybody who came later.
    line.askers.unshift(...batch.slice(count));
  }

  /**
   * When a refused caller should come back: each gets a turn of its own, one slot apart, so that a thousand waiting
   * rollouts return one after the other instead of all at once.
   */
  private turn(line: Line, lane: Lane, now: number, waitMs: number): number {
    const spacing = slotSpacingMs(this.rate(lane));
    line.returnAtMs = Math.max(line.returnAtMs + spacing, now + waitMs);
    const wait = line.returnAtMs - now;
    if (wait <= LONGEST_WAIT_MS) return Math.ceil(wait);
    line.returnAtMs = now + LONGEST_WAIT_MS;
    return Math.ceil(LONGEST_WAIT_MS * (0.5 + (this.options.random ?? Math.random)() / 2));
  }

  private lanesFor(lane: Lane) {
    const lanes: Lane[] = lane === 'rollback' ? ['rollback', 'ordinary'] : ['ordinary'];
    return lanes.map((one) => ({ lane: one, spacingMs: slotSpacingMs(this.rate(one)) }));
  }

  private rate(lane: Lane): number {
    return lane === 'rollback' ? this.options.rates.rollbackPerSecond : this.options.rates.ordinaryPerSecond;
  }

  private patience(lane: Lane): number {
    return this.options.patienceMs?.[lane] ?? PATIENCE_MS[lane];
  }
}
