/** A line in the plane of (stable rate, canary rate): `canary = ratio x stable + offset`. */
export interface NullLine {
  readonly ratio: number;
  readonly offset: number;
}

/** An alternative: the error rates of stable and canary that a bet is placed on. */
export interface RatePair {
  readonly stable: number;
  readonly canary: number;
}

/** Invocations and bad events of one closed block. */
export interface BlockCounts {
  readonly stableCount: number;
  readonly stableBad: number;
  readonly canaryCount: number;
  readonly canaryBad: number;
}

const smallest = 1e-15;
const iterations = 100;

/**
 * The point of the null line closest to the bet: minimises `n_b KL(b||x) + n_c KL(c||s x + d)` over x.
 * The derivative is increasing in x, so the root is bracketed by b and the point where the line reaches c; Newton's
 * steps that leave the bracket are replaced by halving it. With this projection the expectation of the e-value is at
 * most 1 everywhere in the null, block by block.
 */
export function projectOntoNull(bet: RatePair, line: NullLine, stableCount: number, canaryCount: number): number {
  if (line.ratio === 1 && line.offset === 0) {
    return (stableCount * bet.stable + canaryCount * bet.canary) / (stableCount + canaryCount);
  }
  const reach = (bet.canary - line.offset) / line.ratio;
  const floor = Math.max(smallest, (smallest - line.offset) / line.ratio);
  const ceiling = Math.min(1 - smallest, (1 - smallest - line.offset) / line.ratio);
  let low = Math.max(floor, Math.min(bet.stable, reach));
  let high = Math.min(ceiling, Math.max(bet.stable, reach));
  // Where the projection lies on the unmoved line; Newton needs half the steps from here than from the middle.
  const guess = (stableCount * bet.stable + canaryCount * reach) / (stableCount + canaryCount);
  let x = guess > low && guess < high ? guess : (low + high) / 2;
  for (let step = 0; step < iterations && low < high; step++) {
    const y = line.ratio * x + line.offset;
    const value = slope(x, y, bet, line, stableCount, canaryCount);
    if (value === 0) return x;
    if (value > 0) high = x;
    else low = x;
    const newton = x - value / curvature(x, y, bet, line, stableCount, canaryCount);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - x) <= 4e-15 * x) return next;
    x = next;
  }
  return x;
}

/** First derivative in x of the distance that the projection minimises. */
function slope(x: number, y: number, bet: RatePair, line: NullLine, stableCount: number, canaryCount: number): number {
  return (
    (stableCount * (x - bet.stable)) / (x * (1 - x)) + (canaryCount * line.ratio * (y - bet.canary)) / (y * (1 - y))
  );
}

/** Second derivative of the same; always positive. */
function curvature(
  x: number,
  y: number,
  bet: RatePair,
  line: NullLine,
  stableCount: number,
  canaryCount: number,
): number {
  const stablePart = bet.stable / (x * x) + (1 - bet.stable) / ((1 - x) * (1 - x));
  const canaryPart = bet.canary / (y * y) + (1 - bet.canary) / ((1 - y) * (1 - y));
  return stableCount * stablePart + canaryCount * line.ratio * line.ratio * canaryPart;
}

/**
 * Logarithm of the two-sample e-value of one block for one bet (Turner, Ly and Grünwald 2021, with the null moved to a
 * line). `x` is the projection of the bet; the two versions need not have had equal traffic.
 */
export function logEValue(block: BlockCounts, bet: RatePair, line: NullLine): number {
  const x = projectOntoNull(bet, line, block.stableCount, block.canaryCount);
  const y = line.ratio * x + line.offset;
  return (
    likelihoodRatio(block.stableBad, block.stableCount, bet.stable, x) +
    likelihoodRatio(block.canaryBad, block.canaryCount, bet.canary, y)
  );
}

/** `log` of Binomial(bad; count, bet) over Binomial(bad; count, null). */
export function likelihoodRatio(bad: number, count: number, bet: number, null_: number): number {
  const good = count - bad;
  const badPart = bad === 0 ? 0 : bad * Math.log(bet / null_);
  const goodPart = good === 0 ? 0 : good * Math.log((1 - bet) / (1 - null_));
  return badPart + goodPart;
}
