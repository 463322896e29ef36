/** Seeded randomness of the simulation: the same seed repeats a run exactly. */
export class Random {
  #state: number;
  #spare: number | undefined;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** Uniform in [0, 1): the mulberry32 generator. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** Standard normal, by the polar method. */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.next() - 1;
      const y = 2 * this.next() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * scale;
      return x * scale;
    }
  }

  /** Poisson counts; above 200 the normal approximation is within a count or two. */
  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    // Sums of smaller ones keep the product away from underflow.
    if (mean > 30) return this.poisson(mean / 2) + this.poisson(mean / 2);
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.next(); product > limit; product *= this.next()) count++;
    return count;
  }

  /** Binomial counts, by waiting times between successes; large ones by the normal approximation. */
  binomial(count: number, rate: number): number {
    if (rate <= 0 || count === 0) return 0;
    if (rate >= 1) return count;
    if (rate > 0.5) return count - this.binomial(count, 1 - rate);
    if (count * rate > 200) {
      const value = Math.round(count * rate + Math.sqrt(count * rate * (1 - rate)) * this.normal());
      return Math.min(count, Math.max(0, value));
    }
    const log = Math.log1p(-rate);
    let [successes, position] = [0, 0];
    for (;;) {
      position += Math.floor(Math.log(1 - this.next()) / log) + 1;
      if (position > count) return successes;
      successes++;
    }
  }
}
