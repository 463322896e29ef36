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
  /** Blocks fed while the stable version failed far more than it usually does; absent when there was none. */
  readonly outage?: { readonly counts: Counts; readonly lasting: boolean };
}

/** Fixed before the first block. */
export interface GateSettings {
  readonly prior: Prior;
  readonly rollbackNull: NullLine;
  readonly advanceNull: NullLine;
  /** How clumped bad events come; evidence is divided by it. */
  readonly dispersion: number;
  /** Bad share of the stable version's requests that its history makes implausible; absent without a history. */
  readonly unusualRate?: number;
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
  const learned = state.outage?.lasting ? state.totals : calmTotals(state);
  const outage = outageAfter(state, block, settings);
  return {
    pending: noCounts,
    totals: addCounts(state.totals, block),
    blocks: t,
    rollback: stepRollback(state.rollback, t, block, learned, prior, settings.rollbackNull, dispersion),
    advance: stepAdvance(state.advance, block, learned, prior, settings.advanceNull, dispersion),
    ...(outage ? { outage } : {}),
  };
}

/** What was fed while nothing unusual happened to the stable version. */
export function calmTotals({ totals, outage }: GateState): Counts {
  if (!outage) return totals;
  return {
    stableCount: totals.stableCount - outage.counts.stableCount,
    stableBad: totals.stableBad - outage.counts.stableBad,
    canaryCount: totals.canaryCount - outage.counts.canaryCount,
    canaryBad: totals.canaryBad - outage.counts.canaryBad,
  };
}

/** This many causes of bad requests in one block are not chance, whatever the rate. */
const outageCauses = 4;

/**
 * An outage that both versions shared counts as evidence, but what it taught about the usual rates is forgotten with
 * its end: bets on ten times the errors there really are would neither clear nor convict anybody for an hour. Which
 * blocks those are is known before the next one, and of the stable version only, so the evidence stays valid.
 */
function outageAfter({ outage }: GateState, block: Counts, settings: GateSettings): GateState['outage'] {
  const { unusualRate, dispersion } = settings;
  const lasting =
    unusualRate !== undefined && block.stableBad >= outageCauses * dispersion + unusualRate * block.stableCount;
  if (!lasting) return outage && { ...outage, lasting };
  return { counts: addCounts(outage?.counts ?? noCounts, block), lasting };
}

/** Evidence that the canary is worse. */
export function rollbackE(state: GateState): number {
  return rollbackValue(state.rollback, state.blocks);
}

/** Evidence that it is not worse than the margin allows. */
export function advanceE(state: GateState): number {
  return advanceValue(state.advance);
}
