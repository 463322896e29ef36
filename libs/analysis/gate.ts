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

/** Both sequential tests of one metric. Plain JSON, a pure function of the blocks it was fed. */
export interface GateState {
  /** Periods waiting until both versions have been invoked at least once. */
  readonly pending: Counts;
  /** Everything fed so far, without what is pending. */
  readonly totals: Counts;
  /** Blocks fed so far. */
  readonly blocks: number;
  readonly rollback: readonly number[];
  readonly advance: readonly number[];
}

/** Fixed before the first block. */
export interface GateSettings {
  readonly prior: Prior;
  readonly rollbackNull: NullLine;
  readonly advanceNull: NullLine;
  /** How clumped bad events come; evidence is divided by it. */
  readonly dispersion: number;
}

export const newGate: GateState = {
  pending: noCounts,
  totals: noCounts,
  blocks: 0,
  rollback: new Array<number>(rollbackBetCount).fill(0),
  advance: new Array<number>(advanceBetCount).fill(0),
};

/** Feeds one settled period. */
export function stepGate(state: GateState, counts: Readonly<Counts>, settings: GateSettings): GateState {
  const block = addCounts(state.pending, counts);
  if (block.stableCount < 1 || block.canaryCount < 1) return { ...state, pending: block };
  const t = state.blocks + 1;
  const { prior, dispersion } = settings;
  return {
    pending: noCounts,
    totals: addCounts(state.totals, block),
    blocks: t,
    rollback: stepRollback(state.rollback, t, block, state.totals, prior, settings.rollbackNull, dispersion),
    advance: stepAdvance(state.advance, block, state.totals, prior, settings.advanceNull, dispersion),
  };
}

/** Evidence that the canary is worse. */
export function rollbackE(state: GateState): number {
  return rollbackValue(state.rollback, state.blocks);
}

/** Evidence that it is not worse than the margin allows. */
export function advanceE(state: GateState): number {
  return advanceValue(state.advance);
}
