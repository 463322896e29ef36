import type { Cell } from './cells.js';
import type { CellResult } from './simulate.js';

/** All results of one policy. */
export interface PolicyResult {
  readonly code: string;
  readonly name: string;
  readonly bad: readonly CellResult[];
  readonly good: readonly CellResult[];
  readonly stress: readonly CellResult[];
  readonly late: readonly CellResult[];
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Mean harm in seconds of a total outage. */
export function secondsLost(results: readonly CellResult[]): number {
  return mean(results.map((result) => result.harmedMean / result.cell.rps));
}

export function missed(results: readonly CellResult[]): number {
  return mean(results.map((result) => 1 - result.rolledBack));
}

export function isLarge(cell: Cell): boolean {
  return cell.canaryRate - cell.stableRate >= 0.0499;
}

/** Below this many harmed requests two policies are called equal: nobody can tell them apart. */
const indistinguishable = 0.05;
const tolerableFalseRollbacks = 0.05;

/** For each bad cell: harm of the best peer whose false rollbacks are tolerable there, over the harm of ours. */
export function ratiosToBestPeer(mine: PolicyResult, peers: readonly PolicyResult[]) {
  return mine.bad.map((result, index) => {
    const twin = mine.good.findIndex(
      ({ cell }) => cell.rps === result.cell.rps && cell.stableRate === result.cell.stableRate,
    );
    const honest = peers.filter((peer) => (peer.good[twin]?.rolledBack ?? 1) <= tolerableFalseRollbacks);
    const best = honest.reduce<{ code: string; harmed: number }>(
      (least, peer) => {
        const harmed = peer.bad[index]?.harmedMean ?? Number.POSITIVE_INFINITY;
        return harmed < least.harmed ? { code: peer.code, harmed } : least;
      },
      { code: '-', harmed: Number.POSITIVE_INFINITY },
    );
    const ratio = (best.harmed + indistinguishable) / (Math.max(0, result.harmedMean) + indistinguishable);
    return { cell: result.cell, ours: result.harmedMean, peer: best.code, theirs: best.harmed, ratio };
  });
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.map((value) => Math.log(value))));
}

export interface Goal {
  readonly name: string;
  readonly wanted: string;
  readonly measured: string;
  readonly holds: boolean;
}
