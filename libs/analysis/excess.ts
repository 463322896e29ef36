import type { NullLine } from './e-value.js';
import { addCounts, type Counts, noCounts } from './evidence.js';
import {
  advanceBetCount,
  advanceBetsOn,
  advanceValue,
  type Prior,
  rollbackBetCount,
  rollbackBetsOn,
  rollbackValue,
  stepAdvanceBet,
  stepRollbackBet,
} from './process.js';

/**
 * Sequential bounds of the excess `canary rate - stable rate`: the excesses d that the two tests, with their null moved
 * to `canary = stable + d`, have not refuted. Each bound alone holds at every look with the given confidence.
 *
 * Evidence against "at most d" need not fall as d grows: after an erratic block a d far below may stand while a higher
 * one is refuted. A bound is therefore looked for from the outside, over places that do not depend on the data, and
 * stops at the first one that stands. Below a bound every place is refuted, the one next above the true excess as well,
 * and each place is refuted wrongly with at most `1 - confidence`: its e-value has expectation 1 or less on all of its
 * side (`projectOntoNull`). Within the last gap between two places the bound is refined by halving.
 */
export interface ExcessBounds {
  readonly lower: number;
  /** null when nothing can be excluded yet. */
  readonly upper: number | null;
}

/** How far a bound is refined when nothing is said. */
const exact = 1e-13;

/**
 * @param blocks counts per closed block, both versions invoked in each
 * @param confidence of each one-sided bound, 0.95 usually
 * @param resolution how exact the bounds are, as a difference of rates
 */
export function excessBounds(
  blocks: readonly Readonly<Counts>[],
  prior: Prior,
  dispersion: number,
  confidence = 0.95,
  resolution = exact,
): ExcessBounds {
  const threshold = 1 / (1 - confidence);
  const refutesAtMost = rollbackReaches(blocks, prior, dispersion, threshold);
  const refutesAtLeast = advanceReaches(blocks, prior, dispersion, threshold);
  const lower = boundary(places, refutesAtMost, resolution) ?? -1;
  const upper = boundary(places.toReversed(), refutesAtLeast, resolution) ?? null;
  return { lower, upper };
}

const edge = 0.999;
/** Each twice as far from no excess as the one before, from 0.1 percentage points on. */
const distances = Array.from({ length: 11 }, (_, k) => edge / 2 ** k);
/** From -99.9 to 99.9 percentage points. */
const places = [...distances.map((distance) => -distance), 0, ...distances.toReversed()];

/** Where the first place that is not refuted ends those that are; undefined when nothing is refuted. */
function boundary(
  outsideIn: readonly number[],
  refuted: (d: number) => boolean,
  resolution: number,
): number | undefined {
  const first = outsideIn.findIndex((place) => !refuted(place));
  if (first === 0) return undefined;
  if (first < 0) return outsideIn.at(-1);
  let [near, far] = [outsideIn[first - 1] ?? 0, outsideIn[first] ?? 0];
  while (Math.abs(far - near) > resolution) {
    const middle = (near + far) / 2;
    if (refuted(middle)) near = middle;
    else far = middle;
  }
  return (near + far) / 2;
}

interface BetBlock {
  readonly block: Readonly<Counts>;
  readonly b: number;
  readonly bets: readonly number[];
}

/** The bets do not depend on d, so they are placed once for all of it. */
function placeBets(
  blocks: readonly Readonly<Counts>[],
  on: (totals: Readonly<Counts>) => Omit<BetBlock, 'block'>,
): BetBlock[] {
  let totals = noCounts;
  return blocks.map((block) => {
    const placed = { block, ...on(totals) };
    totals = addCounts(totals, block);
    return placed;
  });
}

/**
 * Whether a mixture of `count` bets reaches the threshold. No bet can take anything away from it, so the question ends
 * with the first few that suffice; the one that had won most for the last d is asked first.
 */
function reaching(
  threshold: number,
  count: number,
  start: number,
  play: (bet: number, line: NullLine) => number,
  mixture: (results: readonly number[]) => number,
): (d: number) => boolean {
  const order = Array.from({ length: count }, (_, bet) => count - 1 - bet);
  return (d) => {
    const line = { ratio: 1, offset: d };
    const results = new Array<number>(count).fill(start);
    for (const bet of order) {
      results[bet] = play(bet, line);
      if (mixture(results) < threshold) continue;
      order.splice(order.indexOf(bet), 1);
      order.unshift(bet);
      return true;
    }
    return false;
  };
}

function rollbackReaches(blocks: readonly Readonly<Counts>[], prior: Prior, dispersion: number, threshold: number) {
  const placed = placeBets(blocks, (totals) => rollbackBetsOn(totals, prior));
  const play = (bet: number, line: NullLine) => {
    let wealth = 0;
    placed.forEach(({ block, b, bets }, index) => {
      wealth = stepRollbackBet(wealth, index + 1, block, b, bets[bet] ?? b, line, dispersion);
    });
    return wealth;
  };
  return reaching(threshold, rollbackBetCount, 0, play, (wealth) => rollbackValue(wealth, blocks.length));
}

function advanceReaches(blocks: readonly Readonly<Counts>[], prior: Prior, dispersion: number, threshold: number) {
  const placed = placeBets(blocks, (totals) => advanceBetsOn(totals, prior));
  const play = (bet: number, line: NullLine) => {
    let log = 0;
    for (const { block, b, bets } of placed) log = stepAdvanceBet(log, block, b, bets[bet] ?? b, line, dispersion);
    return log;
  };
  return reaching(threshold, advanceBetCount, Number.NEGATIVE_INFINITY, play, advanceValue);
}
