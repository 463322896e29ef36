import type { Random } from './random.js';

/**
 * The simulated alias: Poisson traffic split by weight, in ticks of ten seconds, for sixty minutes. Whoever watches
 * sees sums over windows; how late, is the policy's business.
 */
export const tickSeconds = 10;
export const horizonSeconds = 3600;
const ticks = horizonSeconds / tickSeconds;

export interface Scenario {
  readonly rps: number;
  /** Error rates of stable and canary at a time since the start, seconds. */
  readonly rates: (seconds: number) => readonly [number, number];
  /** Errors come in clumps of this many, each on one version; 1 means independently. */
  readonly clump: number;
  /** The stable version's error rate before the rollout. */
  readonly historyRate: number;
  /** Shares of requests slower than the three frozen thresholds, if durations are simulated. */
  readonly slow?: { readonly stable: readonly number[]; readonly canary: readonly number[] };
}

export interface Sum {
  stableCount: number;
  stableBad: number;
  canaryCount: number;
  canaryBad: number;
}

/** Requests slower than each threshold, by version. */
export interface SlowSum {
  readonly stable: readonly number[];
  readonly canary: readonly number[];
}

const thresholds = 3;
const columns = 4 + 2 * thresholds;

export class World {
  readonly scenario: Scenario;
  readonly random: Random;
  /** Where in its minute the rollout begins, seconds: periods of a minute end at `60 k - phase`. */
  readonly phase: number;
  readonly #sums = new Float64Array(columns * (ticks + 1));
  #ticks = 0;
  /** Canary requests that the stable version would have answered. */
  harmed = 0;

  constructor(scenario: Scenario, random: Random) {
    this.scenario = scenario;
    this.random = random;
    this.phase = tickSeconds * Math.floor(random.next() * 6);
  }

  get seconds(): number {
    return this.#ticks * tickSeconds;
  }

  /** Lets ten seconds pass at this weight, a fraction. */
  tick(weight: number): void {
    const { rps, rates, clump, slow } = this.scenario;
    const [stableRate, canaryRate] = rates(this.seconds);
    const stableCount = this.random.poisson(rps * tickSeconds * (1 - weight));
    const canaryCount = this.random.poisson(rps * tickSeconds * weight);
    this.#add(0, stableCount);
    this.#add(1, this.#bad(stableCount, stableRate, clump));
    this.#add(2, canaryCount);
    this.#add(3, this.#bad(canaryCount, canaryRate, clump));
    if (slow) {
      this.#addSlow(4, stableCount, slow.stable);
      this.#addSlow(4 + thresholds, canaryCount, slow.canary);
    }
    this.#ticks++;
    this.harmed += canaryCount * (canaryRate - stableRate);
  }

  /** The rest of the hour with everybody on the canary, by expectation. */
  finishPromoted(): void {
    for (let at = this.seconds; at < horizonSeconds; at += tickSeconds) {
      const [stableRate, canaryRate] = this.scenario.rates(at);
      this.harmed += this.scenario.rps * tickSeconds * (canaryRate - stableRate);
    }
  }

  /** Counts between two times since the start, seconds; times outside what has passed are cut off. */
  window(from: number, to: number): Sum {
    const at = this.#between(from, to);
    return { stableCount: at(0), stableBad: at(1), canaryCount: at(2), canaryBad: at(3) };
  }

  /** The same for slow requests. */
  slowWindow(from: number, to: number): SlowSum {
    const at = this.#between(from, to);
    return { stable: [at(4), at(5), at(6)], canary: [at(7), at(8), at(9)] };
  }

  #between(from: number, to: number): (column: number) => number {
    const first = Math.min(this.#ticks, Math.max(0, Math.round(from / tickSeconds)));
    const last = Math.min(this.#ticks, Math.max(first, Math.round(to / tickSeconds)));
    return (column) => (this.#sums[last * columns + column] ?? 0) - (this.#sums[first * columns + column] ?? 0);
  }

  #add(column: number, value: number): void {
    this.#sums[(this.#ticks + 1) * columns + column] = (this.#sums[this.#ticks * columns + column] ?? 0) + value;
  }

  /** Every request slower than a threshold is slower than the lower ones, so the counts are drawn one from another. */
  #addSlow(first: number, count: number, shares: readonly number[]): void {
    let [left, share] = [count, 1];
    shares.forEach((next, index) => {
      left = this.random.binomial(left, share === 0 ? 0 : Math.min(1, next / share));
      share = next;
      this.#add(first + index, left);
    });
  }

  #bad(count: number, rate: number, clump: number): number {
    if (clump === 1) return this.random.binomial(count, rate);
    return Math.min(count, clump * this.random.poisson((count * rate) / clump));
  }
}

/** What a policy wants at a moment: a weight (fraction), everybody on the canary, or the stable version back. */
export type Wish = { readonly weight: number } | 'promote' | 'rollback';

export interface Rollout {
  /** Asked at every tick, before it; sees only what its data source would show by then. */
  at(seconds: number, world: World): Wish;
}

export interface PolicyContext {
  readonly rps: number;
  /** Stable version's error rate in the week before. */
  readonly historyRate: number;
  readonly dispersion: number;
  readonly random: Random;
  /** Whether durations are simulated, and so to be judged. */
  readonly latency: boolean;
  /** Rates at the start, for probes. */
  readonly rates: readonly [number, number];
}

export interface Policy {
  readonly code: string;
  readonly name: string;
  begin(context: PolicyContext): Rollout;
}

export interface Outcome {
  readonly harmed: number;
  /** Requests the canary got before the end, the rest of the hour after a promotion left out. */
  readonly exposed: number;
  readonly end: 'promoted' | 'rolled_back' | 'unfinished';
  /** Seconds until at least 95 % (or the holdback) and until everybody is on the canary; null when never. */
  readonly most: number | null;
  readonly all: number | null;
}

/** A rollback takes effect one tick after the decision. */
export function run(policy: Policy, world: World, dispersion: number): Outcome {
  const { rps, historyRate, rates, slow } = world.scenario;
  const latency = slow !== undefined;
  const rollout = policy.begin({ rps, historyRate, dispersion, latency, random: world.random, rates: rates(0) });
  let weight = 0;
  let most: number | null = null;
  while (world.seconds < horizonSeconds) {
    const wish = rollout.at(world.seconds, world);
    if (wish === 'rollback') {
      world.tick(weight);
      return { harmed: world.harmed, exposed: exposedIn(world), end: 'rolled_back', most: null, all: null };
    }
    if (wish === 'promote') {
      const all = world.seconds;
      world.finishPromoted();
      return { harmed: world.harmed, exposed: exposedIn(world), end: 'promoted', most: most ?? all, all };
    }
    weight = wish.weight;
    if (weight >= 0.95) most ??= world.seconds;
    world.tick(weight);
  }
  return { harmed: world.harmed, exposed: exposedIn(world), end: 'unfinished', most, all: null };
}

function exposedIn(world: World): number {
  return world.window(0, horizonSeconds).canaryCount;
}
