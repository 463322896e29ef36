import { refused } from './errors.js';
import type { Statistic } from './metric-store.js';

/** The value of a statistic as CloudWatch names it: `Sum`, `Average`, `p99`, ... */
export function readStatistic(statistic: Statistic, stat: string): number {
  switch (stat) {
    case 'Sum':
      return statistic.sum;
    case 'Average':
      return statistic.sum / statistic.count;
    case 'Minimum':
      return statistic.min;
    case 'Maximum':
      return statistic.max;
    case 'SampleCount':
      return statistic.count;
    default:
      return stat.startsWith('p') ? percentile(statistic, stat) : ranged(statistic, stat);
  }
}

/**
 * The statistics over a range of absolute values, `TC(x:y)` (how many), `PR(x:y)` (which percentage), `TM` (their mean)
 * and `TS` (their sum). As in CloudWatch the lower bound is left out of the range and the upper one belongs to it; a
 * missing bound is open.
 */
function ranged(statistic: Statistic, stat: string): number {
  const parts = /^(TC|PR|TM|TS)\((\d+(?:\.\d+)?)?:(\d+(?:\.\d+)?)?\)$/.exec(stat);
  if (!parts || (parts[2] === undefined && parts[3] === undefined)) throw unsupported(stat);
  const above = parts[2] === undefined ? Number.NEGATIVE_INFINITY : Number(parts[2]);
  const upTo = parts[3] === undefined ? Number.POSITIVE_INFINITY : Number(parts[3]);
  let count = 0;
  let sum = 0;
  for (const [value, times] of statistic.values) {
    if (value <= above || value > upTo) continue;
    count += times;
    sum += value * times;
  }
  switch (parts[1]) {
    case 'TC':
      return count;
    case 'PR':
      return (100 * count) / statistic.count;
    case 'TM':
      return count === 0 ? 0 : sum / count;
    default:
      return sum;
  }
}

function unsupported(stat: string): Error {
  return refused('ValidationError', `The value ${stat} for parameter Stat is not supported.`);
}

function percentile(statistic: Statistic, stat: string): number {
  const share = Number(/^p(\d{1,3}(?:\.\d+)?)$/.exec(stat)?.[1]);
  if (!(share >= 0 && share <= 100)) throw unsupported(stat);
  const values = [...statistic.values].sort(([a], [b]) => a - b);
  const wanted = (share / 100) * statistic.count;
  let seen = 0;
  for (const [value, times] of values) {
    seen += times;
    if (seen >= wanted) return value;
  }
  return statistic.max;
}
