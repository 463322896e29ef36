import type { Policy, PolicyContext, Rollout, Wish, World } from '../world.js';

/**
 * Spinnaker's Kayenta: 10 % of the traffic to the canary and as much to a fresh baseline, the Mann-Whitney judge on
 * error percentages per minute, three runs over a growing window, one critical metric, missing values as zero.
 */
const lag = 10;
const minute = 60;
const quantile = 2.3263478740408408;
const tolerance = 1e-4;
const relativeAccuracy = 1e-14;

export function kayenta(code: string, name: string, runSeconds: number): Policy {
  return { code, name, begin: (context) => new KayentaRollout(runSeconds, context) };
}

class KayentaRollout implements Rollout {
  readonly #baseline: number[] = [];

  constructor(
    readonly runSeconds: number,
    readonly context: PolicyContext,
  ) {}

  at(seconds: number, world: World): Wish {
    if (seconds > lag && (seconds - lag) % minute === 0) this.#drawBaseline(seconds - lag - minute, world);
    const runs = seconds / this.runSeconds;
    if (runs > 0 && Number.isInteger(runs)) {
      if (judgeIsHigh(this.#canary(world), this.#baseline)) return 'rollback';
      if (runs >= 3) return 'promote';
    }
    return { weight: 0.1 };
  }

  /** The fresh baseline gets as many requests as the canary; it fails as the stable version does at that time. */
  #drawBaseline(from: number, world: World): void {
    const { random, rps } = this.context;
    const count = random.poisson(rps * minute * 0.1);
    const [rate] = world.scenario.rates(from);
    const clump = world.scenario.clump;
    const bad = clump === 1 ? random.binomial(count, rate) : clump * random.poisson((count * rate) / clump);
    this.#baseline.push(count === 0 ? 0 : (100 * Math.min(bad, count)) / count);
  }

  #canary(world: World): number[] {
    return this.#baseline.map((_, index) => {
      const sum = world.window(index * minute, (index + 1) * minute);
      return sum.canaryCount === 0 ? 0 : (100 * sum.canaryBad) / sum.canaryCount;
    });
  }
}

/** Whether the judge classifies the canary's values as "High" (allowed increase 1). */
export function judgeIsHigh(canary: readonly number[], baseline: readonly number[]): boolean {
  const [x, y] = separateConstants([...canary], [...baseline]);
  if (x.length === 0 || new Set([...x, ...y]).size === 1) return false;
  if (sorted(x).every((value, index) => value === sorted(y)[index])) return false;
  const { lower, estimate } = locationShift(x, y);
  const effect = average(x) === 0 || average(y) === 0 ? Number.NaN : average(x) / average(y);
  return lower > 0.25 * Math.abs(estimate) && (Number.isNaN(effect) || effect >= 1);
}

/** Two different constants would have no rank variance; the judge jitters them by a hundred-thousandth. */
function separateConstants(x: number[], y: number[]): [number[], number[]] {
  const constant = new Set(x).size === 1 && new Set(y).size === 1 && x[0] !== y[0];
  if (!constant) return [x, y];
  const jitter = (values: number[]) => values.map((value, index) => value * (1 + 1e-5 * Math.sin(index + 1)));
  return [jitter(x), jitter(y)];
}

/** Confidence interval and estimate of the shift, as roots of the standardised rank statistic. */
export function locationShift(x: readonly number[], y: readonly number[]) {
  const low = Math.min(...x) - Math.max(...y);
  const high = Math.max(...x) - Math.min(...y);
  const at = (target: number) => (shift: number) => standardised(x, y, shift) - target;
  const bound = (target: number) => {
    if (at(target)(low) <= 0) return low;
    if (at(target)(high) >= 0) return high;
    return rootNearMiddle(at(target), low, high);
  };
  return { lower: bound(quantile), upper: bound(-quantile), estimate: rootNearMiddle(at(0), low, high) };
}

/**
 * Brent's root finder as the judge calls it: first the half of the range with a change of sign, then Brent's steps. On
 * a statistic that moves in jumps, where the search ends within its tolerance decides about counts that are mostly
 * zero, so a simpler search would be another judge.
 */
function rootNearMiddle(f: (shift: number) => number, low: number, high: number): number {
  const middle = low + 0.5 * (high - low);
  const [fLow, fMiddle, fHigh] = [f(low), f(middle), f(high)];
  if (Math.abs(fMiddle) <= 1e-15) return middle;
  if (Math.abs(fLow) <= 1e-15) return low;
  if (fMiddle * fLow < 0) return brent(f, low, middle, fLow, fMiddle);
  if (Math.abs(fHigh) <= 1e-15) return high;
  if (fMiddle * fHigh < 0) return brent(f, middle, high, fMiddle, fHigh);
  return middle;
}

function brent(f: (shift: number) => number, low: number, high: number, fLow: number, fHigh: number): number {
  let [a, b, c] = [low, high, low];
  let [fa, fb, fc] = [fLow, fHigh, fLow];
  let step = b - a;
  let before = step;
  for (let round = 0; round < 1000; round++) {
    if (Math.abs(fc) < Math.abs(fb)) {
      [a, b, c] = [b, c, b];
      [fa, fb, fc] = [fb, fc, fb];
    }
    const allowed = 2 * relativeAccuracy * Math.abs(b) + tolerance;
    const half = 0.5 * (c - b);
    if (Math.abs(half) <= allowed || fb === 0) return b;
    if (Math.abs(before) < allowed || Math.abs(fa) <= Math.abs(fb)) {
      step = half;
      before = half;
    } else {
      const [p, q] = interpolation(a, b, c, fa, fb, fc);
      const useful = p < 1.5 * half * q - Math.abs(allowed * q) && p < Math.abs(0.5 * before * q);
      before = useful ? step : half;
      step = useful ? p / q : half;
    }
    a = b;
    fa = fb;
    b += Math.abs(step) > allowed ? step : half > 0 ? allowed : -allowed;
    fb = f(b);
    if (fb > 0 === fc > 0) {
      c = a;
      fc = fa;
      step = b - a;
      before = step;
    }
  }
  return b;
}

/** Secant or inverse quadratic step from b as a fraction p / q with p not negative. */
function interpolation(a: number, b: number, c: number, fa: number, fb: number, fc: number): [number, number] {
  const s = fb / fa;
  let [p, q] = [(c - b) * s, 1 - s];
  if (a !== c) {
    const r = fb / fc;
    const t = fa / fc;
    p = s * ((c - b) * t * (t - r) - (b - a) * (r - 1));
    q = (t - 1) * (r - 1) * (s - 1);
  }
  return p > 0 ? [p, -q] : [-p, q];
}

function standardised(x: readonly number[], y: readonly number[], shift: number): number {
  const all = [
    ...x.map((value) => ({ value: value - shift, mine: true })),
    ...y.map((value) => ({ value, mine: false })),
  ];
  all.sort((a, b) => a.value - b.value);
  let [rankSum, ties] = [0, 0];
  for (let start = 0; start < all.length; ) {
    let end = start;
    while (end < all.length && all[end]?.value === all[start]?.value) end++;
    const rank = (start + 1 + end) / 2;
    for (let index = start; index < end; index++) if (all[index]?.mine) rankSum += rank;
    ties += (end - start) ** 3 - (end - start);
    start = end;
  }
  const [nx, ny] = [x.length, y.length];
  const distance = rankSum - (nx * (nx + 1)) / 2 - (nx * ny) / 2;
  const total = nx + ny;
  const variance = ((nx * ny) / 12) * (total + 1 - ties / (total * (total - 1)));
  return variance === 0 ? 0 : (distance - 0.5 * Math.sign(distance)) / Math.sqrt(variance);
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
