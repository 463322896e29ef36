import { type BlockCounts, logEValue, type NullLine } from './e-value.js';
import type { Counts } from './evidence.js';

/**
 * Sequential evidence built block by block. The bets of a block depend on earlier blocks (and on history) only, which
 * is what makes the product of block e-values an e-process: it may be looked at after every block.
 */

/** History as pseudo-counts. It only chooses the bets, so a wrong history costs speed and never validity. */
export interface Prior {
  readonly count: number;
  readonly bad: number;
}

const priorCap = 1000;
const largest = 1e250;

/** Caps history so that it guides the first bets without drowning what the rollout itself shows. */
export function priorOf(historyCount: number, historyBad: number): Prior {
  if (historyCount <= priorCap) return { count: historyCount, bad: historyBad };
  return { count: priorCap, bad: (historyBad * priorCap) / historyCount };
}

const rollbackShares = [0.08, 0.08, 0.08, 0.08, 0.08, 0.08, 0.08, 0.08, 0.08, 0.14, 0.14];
const advanceShares = [0.5, 0.1, 0.1, 0.1, 0.1, 0.1];

export const rollbackBetCount = rollbackShares.length;
export const advanceBetCount = advanceShares.length;

/** Weight of "the regression began with block t"; sums to 1 over all t. */
export function onsetShare(t: number): number {
  return t === 1 ? 0.5 : 1 / (2 * t * (t - 1));
}

/** Share of the onset prior that lies after block t. */
function onsetRemaining(t: number): number {
  return t === 0 ? 1 : 1 / (2 * t);
}

export function stableBet(totals: Readonly<Counts>, prior: Prior): number {
  const rate = (totals.stableBad + prior.bad + 0.5) / (totals.stableCount + prior.count + 50);
  return clip(rate, 1e-5, 0.98);
}

export function canaryEstimate(totals: Readonly<Counts>): number {
  return clip((totals.canaryBad + 0.5) / (totals.canaryCount + 1), 1e-5, 0.999);
}

/** Canary rates that the rollback test bets on, from twice the stable rate to a total failure; the last one learns. */
export function rollbackBets(b: number, learned: number): number[] {
  const bets = [2 * b + 0.002, 4 * b + 0.005, b + 0.01, b + 0.02, b + 0.05, b + 0.1, b + 0.2, b + 0.5 * (1 - b)];
  return [...bets, 0.9, 0.999, learned].map((bet) => Math.min(bet, 0.999));
}

function advanceBets(b: number, learned: number): number[] {
  return [b, 1.1 * b, b + 0.0005, b + 0.001, b + 0.0025, learned].map((bet) => Math.min(bet, 0.999));
}

/**
 * Adds a block to the rollback mixture, over effect sizes and over the block at which the regression began.
 * @param wealth one number per bet, 0 at the start
 * @param t number of this block, from 1
 */
export function stepRollback(
  wealth: readonly number[],
  t: number,
  block: BlockCounts,
  totals: Readonly<Counts>,
  prior: Prior,
  line: NullLine,
  dispersion: number,
): number[] {
  const { b, bets } = rollbackBetsOn(totals, prior);
  return bets.map((canary, j) => stepRollbackBet(wealth[j] ?? 0, t, block, b, canary, line, dispersion));
}

/** What the rollback test bets on a block, knowing `totals` of the blocks before it. */
export function rollbackBetsOn(
  totals: Readonly<Counts>,
  prior: Prior,
): { readonly b: number; readonly bets: number[] } {
  const b = stableBet(totals, prior);
  return { b, bets: rollbackBets(b, canaryEstimate(totals)) };
}

/** One bet of `stepRollback`: on `b` for the stable version and `canary` for the new one. */
export function stepRollbackBet(
  wealth: number,
  t: number,
  block: BlockCounts,
  b: number,
  canary: number,
  line: NullLine,
  dispersion: number,
): number {
  const worse = canary > line.ratio * b + line.offset;
  const log = worse ? logEValue(block, { stable: b, canary }, line) / dispersion : 0;
  return grow(wealth, onsetShare(t), log);
}

export function grow(wealth: number, entering: number, log: number): number {
  return Math.min(largest, Math.exp(Math.min(log, 570)) * (wealth + entering));
}

/** The rollback e-value after t blocks. */
export function rollbackValue(wealth: readonly number[], t: number): number {
  return onsetRemaining(t) + wealth.reduce((sum, value, j) => sum + (rollbackShares[j] ?? 0) * value, 0);
}

/** Adds a block to the advance mixture; one logarithm per bet, 0 at the start. */
export function stepAdvance(
  logs: readonly number[],
  block: BlockCounts,
  totals: Readonly<Counts>,
  prior: Prior,
  line: NullLine,
  dispersion: number,
): number[] {
  const { b, bets } = advanceBetsOn(totals, prior);
  return bets.map((canary, j) => stepAdvanceBet(logs[j] ?? 0, block, b, canary, line, dispersion));
}

/** What the advance test bets on a block, knowing `totals` of the blocks before it. */
export function advanceBetsOn(totals: Readonly<Counts>, prior: Prior): { readonly b: number; readonly bets: number[] } {
  const b = stableBet(totals, prior);
  return { b, bets: advanceBets(b, canaryEstimate(totals)) };
}

/** One bet of `stepAdvance`. */
export function stepAdvanceBet(
  log: number,
  block: BlockCounts,
  b: number,
  canary: number,
  line: NullLine,
  dispersion: number,
): number {
  const better = canary < line.ratio * b + line.offset;
  return log + (better ? logEValue(block, { stable: b, canary }, line) / dispersion : 0);
}

export function advanceValue(logs: readonly number[]): number {
  return logs.reduce((sum, log, j) => sum + (advanceShares[j] ?? 0) * Math.exp(Math.min(log, 570)), 0);
}

function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
