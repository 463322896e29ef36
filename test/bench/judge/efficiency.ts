import { type GateSettings, type GateState, logEValue, multinomialLog, newGate, rollbackE, stepGate } from '#analysis';
import { lowerBound } from './peers/growthbook.js';
import { Random } from './random.js';
import { medianOf } from './simulate.js';
import type { Sum } from './world.js';

/**
 * The tests alone: 10 % weight, a look after every hundred requests, alarm odds of 1 in 100. How many canary requests
 * does each need, in the median, to see a regression?
 */
const perLook = 100;
const weight = 0.1;
const alarm = 100;
const settings: GateSettings = {
  prior: { count: 0, bad: 0 },
  rollbackNull: { ratio: 1, offset: 0 },
  advanceNull: { ratio: 1.5, offset: 0.005 },
  dispersion: 1,
};

/** A test that is fed looks and says when it has seen enough. */
type Watch = (look: Sum) => boolean;

export interface CountsRow {
  readonly label: string;
  readonly oracle: number;
  readonly sluice: number;
  /** The same with the stable version's history choosing the first bets, as in a rollout. */
  readonly sluiceWithHistory: number;
  readonly lindonMalek: number;
  readonly growthBook: number;
}

const pairs: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, 0.5],
  [0, 0.05],
  [0.001, 0.011],
  [0.001, 0.051],
  [0.01, 0.02],
  [0.01, 0.06],
  [0.01, 0.5],
];

/** Median canary requests until each test fires; infinite when most runs never do. */
export function countEfficiency(runs: number, seed: number): CountsRow[] {
  return pairs.map(([from, to]) => {
    const median = (begin: () => Watch) => medianRequests(runs, seed, from, to, begin);
    return {
      label: `${percent(from)} -> ${percent(to)}`,
      oracle: median(() => oracle(Math.max(from, 1e-5), Math.min(to, 0.999))),
      sluice: median(() => sluiceWatch(0)),
      sluiceWithHistory: median(() => sluiceWatch(1000, 1000 * from)),
      lindonMalek: median(lindonMalek),
      growthBook: median(growthBookWatch),
    };
  });
}

const mostLooks = 1500;

function medianRequests(runs: number, seed: number, from: number, to: number, begin: () => Watch): number {
  const needed = Array.from({ length: runs }, (_, index) => {
    const random = new Random(seed + 7919 * index);
    const watch = begin();
    let seen = 0;
    for (let look = 1; look <= mostLooks; look++) {
      const canaryCount = random.binomial(perLook, weight);
      const stableCount = perLook - canaryCount;
      const stableBad = random.binomial(stableCount, from);
      seen += canaryCount;
      if (watch({ stableCount, stableBad, canaryCount, canaryBad: random.binomial(canaryCount, to) })) return seen;
    }
    return Number.POSITIVE_INFINITY;
  });
  return medianOf(needed.sort((a, b) => a - b));
}

/** Knows both rates: no exact two-sample test can do better. */
function oracle(stable: number, canary: number): Watch {
  let log = 0;
  return (look) => {
    log += logEValue(look, { stable, canary }, settings.rollbackNull);
    return log >= Math.log(alarm);
  };
}

function sluiceWatch(count: number, bad = 0): Watch {
  let state = newGate;
  return (look) => {
    state = stepGate(state, look, { ...settings, prior: { count, bad } });
    return rollbackE(state) >= alarm;
  };
}

/** Netflix's counting test: which version the next error comes from. */
function lindonMalek(): Watch {
  let [stable, canary] = [0, 0];
  return (look) => {
    stable += look.stableBad;
    canary += look.canaryBad;
    const worse = canary * (1 - weight) > stable * weight;
    return worse && multinomialLog([1 - weight, weight], [stable, canary]) >= Math.log(alarm);
  };
}

function growthBookWatch(): Watch {
  const total: Sum = { stableCount: 0, stableBad: 0, canaryCount: 0, canaryBad: 0 };
  return (look) => {
    total.stableCount += look.stableCount;
    total.stableBad += look.stableBad;
    total.canaryCount += look.canaryCount;
    total.canaryBad += look.canaryBad;
    return lowerBound(total, false, 1 / alarm) > 0;
  };
}

export interface LatencyRow {
  readonly label: string;
  readonly sluice: number;
  readonly dkw: number;
}

type Slow = (random: Random, ms: number) => number;

const slowdowns: readonly (readonly [string, Slow])[] = [
  ['+10 %', (_, ms) => ms * 1.1],
  ['+25 %', (_, ms) => ms * 1.25],
  ['+50 %', (_, ms) => ms * 1.5],
  ['x2', (_, ms) => ms * 2],
  ['2 % of requests +2 s', (random, ms) => (random.next() < 0.02 ? ms + 2000 : ms)],
];

/** The same for durations, log-normal around 100 ms: three frozen thresholds against time-uniform bands. */
export function latencyEfficiency(runs: number, seed: number): LatencyRow[] {
  return slowdowns.map(([label, slow]) => {
    const needed = Array.from({ length: runs }, (_, index) => latencyRun(new Random(seed + 104_729 * index), slow));
    const median = (pick: (run: [number, number]) => number) => medianOf(needed.map(pick).sort((a, b) => a - b));
    return { label, sluice: median(([mine]) => mine), dkw: median(([, theirs]) => theirs) };
  });
}

/** p50, p90 and p99 of the log-normal with median 100 ms and sigma 0.5. */
const thresholds = [0, 1.2815515655446004, 2.3263478740408408].map((z) => 100 * Math.exp(0.5 * z));
const priors = [0.5, 0.1, 0.01].map((rate) => ({ count: 1000, bad: 1000 * rate }));
/** The bands spend the whole alarm budget on durations, so the three thresholds share it here too. */
const share = 1 / 3;
const bins = 400;

function latencyRun(random: Random, slow: Slow): [number, number] {
  let gates = thresholds.map(() => newGate);
  const bands = new Bands();
  let [seen, mine, theirs] = [0, 0, 0];
  for (let look = 1; look <= mostLooks && (mine === 0 || theirs === 0); look++) {
    const canaryCount = random.binomial(perLook, weight);
    const draw = () => 100 * Math.exp(0.5 * random.normal());
    const stable = Array.from({ length: perLook - canaryCount }, draw);
    const canary = Array.from({ length: canaryCount }, () => slow(random, draw()));
    seen += canaryCount;
    if (mine === 0) {
      gates = gates.map((gate, index) => stepLatency(gate, index, stable, canary));
      if (gates.reduce((sum, gate) => sum + share * rollbackE(gate), 0) >= alarm) mine = seen;
    }
    bands.add(stable, canary);
    if (theirs === 0 && bands.separate()) theirs = seen;
  }
  return [mine || Number.POSITIVE_INFINITY, theirs || Number.POSITIVE_INFINITY];
}

function stepLatency(gate: GateState, index: number, stable: readonly number[], canary: readonly number[]): GateState {
  const above = (values: readonly number[]) => values.filter((value) => value > (thresholds[index] ?? 0)).length;
  const counts = {
    stableCount: stable.length,
    stableBad: above(stable),
    canaryCount: canary.length,
    canaryBad: above(canary),
  };
  return stepGate(gate, counts, { ...settings, prior: priors[index] ?? settings.prior });
}

/** Empirical distributions with Howard and Ramdas' bands, uniform over time and over all durations. */
class Bands {
  readonly #stable = new Float64Array(bins);
  readonly #canary = new Float64Array(bins);
  #stableCount = 0;
  #canaryCount = 0;

  add(stable: readonly number[], canary: readonly number[]): void {
    for (const value of stable) this.#count(this.#stable, value);
    for (const value of canary) this.#count(this.#canary, value);
    this.#stableCount += stable.length;
    this.#canaryCount += canary.length;
  }

  /** Whether some duration is exceeded more often on the canary than both bands together allow. */
  separate(): boolean {
    const allowed = band(this.#stableCount, 0.5 / alarm) + band(this.#canaryCount, 0.5 / alarm);
    let [below, belowCanary] = [0, 0];
    for (let bin = 0; bin < bins; bin++) {
      below += this.#stable[bin] ?? 0;
      belowCanary += this.#canary[bin] ?? 0;
      if (below / this.#stableCount - belowCanary / this.#canaryCount > allowed) return true;
    }
    return false;
  }

  /** Bins of two percent from 5 ms on: fine enough not to matter. */
  #count(histogram: Float64Array, value: number): void {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(Math.log(value / 5) / 0.02)));
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
}

function band(count: number, odds: number): number {
  return 0.85 * Math.sqrt((Math.log(Math.log(Math.E * count)) + 0.8 * Math.log(1612 / odds)) / count);
}

function percent(rate: number): string {
  return `${Number((rate * 100).toFixed(3))} %`;
}
