import type { NullLine } from './e-value.js';
import { addCounts, type Counts, noCounts } from './evidence.js';
import {
  advanceBetCount,
  advanceValue,
  type Prior,
  rollbackBetCount,
  rollbackValue,
  stepAdvance,
  stepRollback,
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
  const refutesAtMost = (d: number) => rollbackAt(blocks, prior, dispersion, { ratio: 1, offset: d }) >= threshold;
  const refutesAtLeast = (d: number) => advanceAt(blocks, prior, dispersion, { ratio: 1, offset: d }) >= threshold;
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

function rollbackAt(blocks: readonly Readonly<Counts>[], prior: Prior, dispersion: number, line: NullLine): number {
  let wealth: readonly number[] = new Array<number>(rollbackBetCount).fill(0);
  let totals = noCounts;
  blocks.forEach((block, index) => {
    wealth = stepRollback(wealth, index + 1, block, totals, prior, line, dispersion);
    totals = addCounts(totals, block);
  });
  return rollbackValue(wealth, blocks.length);
}

function advanceAt(blocks: readonly Readonly<Counts>[], prior: Prior, dispersion: number, line: NullLine): number {
  let logs: readonly number[] = new Array<number>(advanceBetCount).fill(0);
  let totals = noCounts;
  for (const block of blocks) {
    logs = stepAdvance(logs, block, totals, prior, line, dispersion);
    totals = addCounts(totals, block);
  }
  return advanceValue(logs);
}
