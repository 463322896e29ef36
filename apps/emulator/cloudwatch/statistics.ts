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
      return percentile(statistic, stat);
  }
}

function percentile(statistic: Statistic, stat: string): number {
  const share = Number(/^p(\d{1,3}(?:\.\d+)?)$/.exec(stat)?.[1]);
  if (!(share >= 0 && share <= 100))
    throw refused('ValidationError', `The value ${stat} for parameter Stat is not supported.`);
  const values = [...statistic.values].sort(([a], [b]) => a - b);
  const wanted = (share / 100) * statistic.count;
  let seen = 0;
  for (const [value, times] of values) {
    seen += times;
    if (seen >= wanted) return value;
  }
  return statistic.max;
}
