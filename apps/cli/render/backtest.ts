import type { BacktestView } from '#contracts';
import type { Style } from './style.js';
import { table } from './table.js';
import { count, duration } from './words.js';

/** Which recorded rollouts a policy would have stopped, beside how they really ended. */
export function backtestLines(style: Style, result: BacktestView): string[] {
  if (result.rows.length === 0) return ['No recorded rollout of this target has left evidence yet.'];
  const rows = result.rows.map((row) => [
    row.id,
    row.ended?.replace('_', ' ') ?? 'other',
    row.outcome,
    row.afterMs === null ? '-' : duration(row.afterMs),
    row.harmedUntilDecision.toFixed(0),
  ]);
  const differs = result.promotedButStopped.length + result.rolledBackButPassed.length;
  return [
    ...table(style, ['DEPLOYMENT', 'ENDED', 'POLICY', 'AFTER', 'HARMED'], rows),
    '',
    `It would have stopped ${result.stopped}, passed ${result.passed} and left ${result.undecided} undecided; ${count(differs, 'rollout')} would have ended otherwise.`,
  ];
}
