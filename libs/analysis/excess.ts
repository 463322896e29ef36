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
 */
export interface ExcessBounds {
  readonly lower: number;
  /** null when nothing can be excluded yet. */
  readonly upper: number | null;
}

/** Halvings of the range of d; 44 leave an uncertainty of 1e-13. */
const exactHalvings = 44;

/**
 * @param blocks counts per closed block, both versions invoked in each
 * @param confidence of each one-sided bound, 0.95 usually
 */
export function excessBounds(
  blocks: readonly Readonly<Counts>[],
  prior: Prior,
  dispersion: number,
  confidence = 0.95,
  halvings = exactHalvings,
): ExcessBounds {
  const threshold = 1 / (1 - confidence);
  const refutesAtMost = rollbackReaches(blocks, prior, dispersion, threshold);
  const refutesAtLeast = advanceReaches(blocks, prior, dispersion, threshold);
  const lower = refutesAtMost(-edge) ? boundary(-edge, edge, refutesAtMost, halvings) : -1;
  const upper = refutesAtLeast(edge) ? boundary(edge, -edge, refutesAtLeast, halvings) : null;
  return { lower, upper };
}

const edge = 0.999;

/** The last d between `inside` (refuted) and `outside` (not refuted) that is still refuted. */
function boundary(inside: number, outside: number, refuted: (d: number) => boolean, halvings: number): number {
  let [near, far] = [inside, outside];
  for (let step = 0; step < halvings; step++) {
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
