import { likelihoodRatio } from './e-value.js';
import type { Counts } from './evidence.js';
import { wilsonUpper } from './intervals.js';
import type { AnalysisPolicy, BaselineHistory } from './policy.js';
import { grow, onsetShare, rollbackBetCount, rollbackBets, rollbackValue } from './process.js';

/**
 * For functions with too little traffic to compare two versions: the canary against what the stable version's own
 * history allows. An incident that hits both versions can fool it, so it is mixed in with a small share, sleeps while
 * the stable version misbehaves, and is used only below a traffic limit.
 */

export interface HistoryTestState {
  readonly blocks: number;
  readonly wealth: readonly number[];
}

/** Stable invocations and bad events of one minute of the clock. */
export interface RecentMinute {
  readonly minute: number;
  readonly count: number;
  readonly bad: number;
}

export const newHistoryTest: HistoryTestState = {
  blocks: 0,
  wealth: new Array<number>(rollbackBetCount).fill(0),
};

export function historyTestActive(policy: AnalysisPolicy, requestsPerSecond: number): boolean {
  const { enabled, belowRequestsPerSecond } = policy.historyTest;
  return enabled && requestsPerSecond < belowRequestsPerSecond && (policy.history?.invocations ?? 0) > 0;
}

/** The error rate that history makes implausible to exceed by chance. */
function highestPlausibleRate(history: BaselineHistory): number {
  return wilsonUpper(history.errors, history.invocations, 3);
}

/** Feeds one block's canary counts; the null is "at most one and a half times the highest plausible stable rate". */
export function stepHistoryTest(
  state: HistoryTestState,
  errors: Readonly<Counts>,
  history: BaselineHistory,
): HistoryTestState {
  if (errors.canaryCount < 1) return state;
  const u = highestPlausibleRate(history);
  const q = Math.min(0.999, 1.5 * u + 0.0002);
  const t = state.blocks + 1;
  const bets = rollbackBets(u, Math.min(10 * u + 0.05, 0.999));
  const wealth = bets.map((bet, j) => {
    const log = bet > q ? likelihoodRatio(errors.canaryBad, errors.canaryCount, bet, q) / history.dispersion : 0;
    return grow(state.wealth[j] ?? 0, onsetShare(t), log);
  });
  return { blocks: t, wealth };
}

export function historyTestE(state: HistoryTestState): number {
  return rollbackValue(state.wealth, state.blocks);
}

/** Times the highest plausible rate from which on the stable version is not well. */
const unusual = 3;

/** Whether the stable version failed in the last ten minutes far more than its history allows. */
export function stableUnhealthy(recent: readonly RecentMinute[], history: BaselineHistory | null): boolean {
  if (!history || history.invocations === 0) return false;
  const count = recent.reduce((sum, entry) => sum + entry.count, 0);
  const bad = recent.reduce((sum, entry) => sum + entry.bad, 0);
  return bad >= 1 + unusual * highestPlausibleRate(history) * count;
}

/** A bad share that is not the stable version's usual one, whatever is bad about the requests; undefined without history. */
export function unusualRate(historyCount: number, historyBad: number): number | undefined {
  return historyCount > 0 ? unusual * wilsonUpper(historyBad, historyCount, 3) : undefined;
}
