/** Seeded randomness for tests: the same seed gives the same run, so a failure can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1): the mulberry32 generator. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** Successes in `count` trials, counted by waiting times so that rare events are cheap. */
  binomial(count: number, rate: number): number {
    if (rate <= 0) return 0;
    if (rate >= 1) return count;
    const log = Math.log1p(-rate);
    let [successes, position] = [0, 0];
    for (;;) {
      position += Math.floor(Math.log(1 - this.next()) / log) + 1;
      if (position > count) return successes;
      successes++;
    }
  }
}
