import { trafficLevels } from './cells.js';
import { totalFailureAt } from './check-goals.js';
import type { CountsRow, LatencyRow } from './efficiency.js';
import { type Goal, isLarge, mean, missed, type PolicyResult, secondsLost } from './goals.js';
import { type LatencyRollouts, latencyLevels } from './latency.js';
import type { CellResult } from './simulate.js';
import { percentage, short, table } from './table.js';

function titled(title: string, text: string): string {
  return `${title}\n\n${text}\n`;
}

export function overviewTable(results: readonly PolicyResult[]): string {
  const rows = results.map((result) => {
    const medians = result.bad.map((cell) => cell.harmedMedian / cell.cell.rps);
    const large = result.bad.filter(({ cell }) => isLarge(cell));
    const falseShares = result.good.map((cell) => cell.rolledBack);
    return [
      `${result.code.padEnd(3)} ${result.name}`,
      short(secondsLost(result.bad)),
      short(mean(medians)),
      ...trafficLevels.map((rps) => short(secondsLost(result.bad.filter(({ cell }) => cell.rps === rps)))),
      percentage(missed(result.bad)),
      percentage(missed(large)),
      percentage(mean(falseShares)),
      percentage(Math.max(...falseShares)),
      meanTime(result.good.map((cell) => cell.most)),
      meanTime(result.good.map((cell) => cell.all)),
    ];
  });
  const header = ['policy', 's lost', 'median', ...trafficLevels.map((rps) => `${rps} rps`)];
  const rest = ['missed %', '>=5 pp', 'false %', 'worst', 's to 95 %', 's to 100 %'];
  return titled(
    'All bad canaries: seconds of full traffic lost (mean harm / rps), misses, false rollbacks, time for a good one',
    table([...header, ...rest], rows),
  );
}

function meanTime(times: readonly (number | null)[]): string {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? '-' : mean(known).toFixed(0);
}

export function totalFailureTable(results: readonly PolicyResult[]): string {
  const rows = results.map((result) => [
    `${result.code.padEnd(3)} ${result.name}`,
    ...trafficLevels.map((rps) => short(totalFailureAt(result, rps)?.harmedMean ?? Number.NaN)),
  ]);
  const header = ['policy', ...trafficLevels.map((rps) => `${rps} rps`)];
  return titled('Total failure (0 -> 100 %): requests harmed, mean', table(header, rows));
}

/** Medians against the AWS sample alarm, on its own data and on ours: how much is the method and how much the data. */
export function demoTable(
  results: readonly { readonly name: string; readonly cells: readonly CellResult[] }[],
): string {
  const [alarm, sameData, sluice] = results.map((result) => result.cells);
  const rows = (sluice ?? []).map((mine, index) => {
    const theirs = alarm?.[index]?.harmedMedian ?? Number.NaN;
    const same = sameData?.[index]?.harmedMedian ?? Number.NaN;
    const numbers = [theirs, same, mine.harmedMedian, theirs / mine.harmedMedian, same / mine.harmedMedian];
    return [`${mine.cell.rps} rps, ${mine.cell.label}`, ...numbers.map(short)];
  });
  const header = ['canary', ...results.map((result) => result.name), 'fewer by', 'same data'];
  return titled('The demo: requests harmed, median', table(header, rows));
}

export function stressTable(results: readonly PolicyResult[]): string {
  return byScenario(
    'Good canaries under stress: false rollbacks in % at 0.1/1/10/100/1000 rps',
    results,
    (r) => r.stress,
  );
}

export function lateTable(results: readonly PolicyResult[]): string {
  return byScenario('Canaries that turn bad later: caught in % at 0.1/1/10/100/1000 rps', results, (r) => r.late);
}

function byScenario(
  title: string,
  results: readonly PolicyResult[],
  pick: (result: PolicyResult) => readonly CellResult[],
): string {
  const labels = [...new Set(results.flatMap((result) => pick(result).map(({ cell }) => cell.label)))];
  const rows = results.map((result) => [
    result.code,
    ...labels.map((label) =>
      pick(result)
        .filter(({ cell }) => cell.label === label)
        .map((cell) => percentage(cell.rolledBack))
        .join('/'),
    ),
  ]);
  return titled(title, table(['policy', ...labels], rows));
}

export function latencyTable(results: readonly LatencyRollouts[]): string {
  const labels = [...new Set(results.flatMap((result) => result.cells.map(({ cell }) => cell.label)))];
  const rows = results.flatMap((result) =>
    latencyLevels.map((rps) => [
      `${rps} rps, ${result.name}`,
      ...labels.map((label) => {
        const found = result.cells.find(({ cell }) => cell.rps === rps && cell.label === label);
        return found ? `${percentage(found.rolledBack)} / ${short(found.exposedMedian)}` : '';
      }),
    ]),
  );
  return titled(
    'Slow canaries: rolled back in % / requests the canary got before the end, median',
    table(['policy', ...labels], rows),
  );
}

export function efficiencyTables(counts: readonly CountsRow[], latency: readonly LatencyRow[]): string {
  const countRows = counts.map((row) => [
    row.label,
    ...[row.oracle, row.sluice, row.sluiceWithHistory, row.lindonMalek, row.growthBook].map(short),
  ]);
  const latencyRows = latency.map((row) => [row.label, short(row.sluice), short(row.dkw)]);
  return [
    titled(
      'The tests alone: median canary requests to detection at 10 % weight',
      table(['errors', 'exact oracle', 'Sluice', 'with history', 'Lindon-Malek', 'GrowthBook'], countRows),
    ),
    titled('The same for latency', table(['durations', 'Sluice', 'uniform bands'], latencyRows)),
  ].join('\n');
}

export function goalsTable(goals: readonly Goal[]): string {
  const rows = goals.map((goal) => [goal.name, goal.wanted, goal.measured, goal.holds ? 'holds' : 'MISSED']);
  return titled('Goals', table(['goal', 'wanted', 'measured', ''], rows));
}
