import type { Cell } from './cells.js';
import { Random } from './random.js';
import { horizonSeconds, type Outcome, type Policy, run, World } from './world.js';

/** One policy in one cell, over many runs. */
export interface CellResult {
  readonly code: string;
  readonly cell: Cell;
  readonly runs: number;
  readonly harmedMean: number;
  readonly harmedMedian: number;
  readonly exposedMedian: number;
  /** Share of runs that ended in a rollback. */
  readonly rolledBack: number;
  /** Median seconds until the canary has (nearly) all traffic, and all of it; null when most runs never get there. */
  readonly most: number | null;
  readonly all: number | null;
}

export function simulate(policy: Policy, cell: Cell, runs: number, seed: number): CellResult {
  const outcomes: Outcome[] = [];
  for (let index = 0; index < runs; index++) {
    const random = new Random(Math.imul(seed + index, 2654435761) ^ (index << 7));
    outcomes.push(run(policy, new World(cell, random), cell.dispersion));
  }
  const harmed = outcomes.map((outcome) => outcome.harmed).sort((a, b) => a - b);
  return {
    code: policy.code,
    cell,
    runs,
    harmedMean: harmed.reduce((sum, value) => sum + value, 0) / runs,
    harmedMedian: medianOf(harmed),
    exposedMedian: medianOf(outcomes.map((outcome) => outcome.exposed).sort((a, b) => a - b)),
    rolledBack: outcomes.filter((outcome) => outcome.end === 'rolled_back').length / runs,
    most: medianTime(outcomes.map((outcome) => outcome.most)),
    all: medianTime(outcomes.map((outcome) => outcome.all)),
  };
}

function medianTime(times: readonly (number | null)[]): number | null {
  const sorted = times.map((time) => time ?? horizonSeconds + 1).sort((a, b) => a - b);
  const middle = medianOf(sorted);
  return middle > horizonSeconds ? null : middle;
}

export function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
