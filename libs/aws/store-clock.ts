import { JITTER_MS } from './next-slot.js';

/** How many answers are remembered. A clock that was set back, or a link that became slower, is believed after as many. */
const REMEMBERED = 8;

/** So many answers that were slow, and alike slow, are the link and no accident. */
const ENOUGH_WITNESSES = 3;

/** One answer out of the ordinary must not hold up the next ones by as much. */
const LONGEST_LEAD_MS = 250;

interface Answer {
  /** How far the local clock is ahead of the store's, the way of the answer included. */
  readonly offsetMs: number;
  /** When it was asked for and arrived, on the local clock. */
  readonly askedMs: number;
  readonly arrivedMs: number;
}

/**
 * Tells the store's time on this process's own clock. An answer that carries the store's time arrives some time after it
 * was written; the quickest of the last few is the best measure of how the two clocks lie, as in NTP's clock filter
 * (RFC 5905 §10). An answer that a frozen process or a slow link kept for seconds then no longer passes for the present.
 */
export class StoreClock {
  private readonly answers: Answer[] = [];
  private isKnown = false;

  /**
   * @param storeMs the store's time in an answer
   * @param arrivedMs when it arrived, on the local clock
   * @param tookMs since it was asked for
   * @returns whether that is enough to go by: one answer was quick, or three that were not agree (a slow link is slow
   *   always; a process that was frozen twice for as long is not frozen for as long a third time).
   */
  learn(storeMs: number, arrivedMs: number, tookMs: number): boolean {
    this.answers.push({ offsetMs: arrivedMs - storeMs, askedMs: arrivedMs - tookMs, arrivedMs });
    if (this.answers.length > REMEMBERED) this.answers.shift();
    this.isKnown ||= tookMs <= JITTER_MS || this.witnesses() >= ENOUGH_WITNESSES;
    return this.isKnown;
  }

  /** How many say the same as the quickest. Those that were under way at the same time are one: one freeze held them up. */
  private witnesses(): number {
    const quickest = Math.min(...this.offsets());
    let seen = 0;
    let since = Number.NEGATIVE_INFINITY;
    for (const { offsetMs, askedMs, arrivedMs } of this.answers) {
      if (offsetMs - quickest > JITTER_MS || askedMs < since) continue;
      seen += 1;
      since = arrivedMs;
    }
    return seen;
  }

  /** A moment of the store's clock on the local one. Never earlier than it really is, and late by the quickest trip. */
  toLocal(storeMs: number): number {
    return storeMs + Math.min(...this.offsets());
  }

  /** How much longer than the quickest the slowest of the last trips took: what is nearer than this may be missed. */
  leadMs(): number {
    if (this.answers.length === 0) return 0;
    const offsets = this.offsets();
    return Math.min(LONGEST_LEAD_MS, Math.max(...offsets) - Math.min(...offsets));
  }

  private offsets(): number[] {
    return this.answers.map(({ offsetMs }) => offsetMs);
  }
}
