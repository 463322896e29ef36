import { addCounts, type Counts, noCounts } from './evidence.js';

/**
 * The blocks an excess interval is computed from, kept small however long a rollout lasts: the first 32 blocks one by
 * one, then groups of 2, of 4, and so on. The grouping depends on the number of blocks alone, so the interval stays
 * valid; it only learns of the latest group when that is full.
 */
export interface EvidenceLog {
  /** [stable count, stable bad, canary count, canary bad] per full group. */
  readonly groups: readonly (readonly [number, number, number, number])[];
  readonly open: Counts;
  readonly openBlocks: number;
}

export const newEvidenceLog: EvidenceLog = { groups: [], open: noCounts, openBlocks: 0 };

const groupsPerSize = 32;

export function appendEvidence(log: EvidenceLog, block: Readonly<Counts>): EvidenceLog {
  const open = addCounts(log.open, block);
  const openBlocks = log.openBlocks + 1;
  if (openBlocks < 2 ** Math.floor(log.groups.length / groupsPerSize)) return { ...log, open, openBlocks };
  const group = [open.stableCount, open.stableBad, open.canaryCount, open.canaryBad] as const;
  return { groups: [...log.groups, group], open: noCounts, openBlocks: 0 };
}

export function loggedBlocks(log: EvidenceLog): Counts[] {
  return log.groups.map(([stableCount, stableBad, canaryCount, canaryBad]) => ({
    stableCount,
    stableBad,
    canaryCount,
    canaryBad,
  }));
}
