import { isoTime } from '../clock.js';
import { refused } from './errors.js';

export interface Rule {
  evaluationPeriods: number;
  datapointsToAlarm: number | undefined;
  threshold: number;
  comparison: string;
  treatMissing: string;
}

export interface Verdict {
  state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  reason: string;
  reasonData: string | undefined;
}

interface Comparison {
  words: string;
  breaches(value: number, threshold: number): boolean;
}

const COMPARISONS: Record<string, Comparison> = {
  GreaterThanOrEqualToThreshold: { words: 'greater than or equal to', breaches: (v, t) => v >= t },
  GreaterThanThreshold: { words: 'greater than', breaches: (v, t) => v > t },
  LessThanThreshold: { words: 'less than', breaches: (v, t) => v < t },
  LessThanOrEqualToThreshold: { words: 'less than or equal to', breaches: (v, t) => v <= t },
};

export function comparisonOf(name: string): Comparison {
  const comparison = Object.hasOwn(COMPARISONS, name) ? COMPARISONS[name] : undefined;
  if (!comparison)
    throw refused('ValidationError', `The comparison operator ${name} is not supported by this emulator.`);
  return comparison;
}

export const MISSING_TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'];

/**
 * M out of N with the four treatments of missing data, as the CloudWatch user guide tabulates them. With as many real
 * points in reach as periods are evaluated, only those count. With fewer, missing ones are filled in: `missing` lets
 * the real ones decide alone (so one breaching point on its own raises the alarm), `ignore` keeps the state unless the
 * real ones speak against it. Undefined: the state stays as it is.
 */
export function evaluatePoints(rule: Rule, points: [number, number][], now: number): Verdict | undefined {
  const wanted = rule.evaluationPeriods;
  const needed = rule.datapointsToAlarm ?? wanted;
  const real = points.slice(-wanted);
  const comparison = comparisonOf(rule.comparison);
  const breaching = real.filter(([, value]) => comparison.breaches(value, rule.threshold));
  const missing = wanted - real.length;
  const alarm = () => crossed(rule, comparison, breaching, real, now);
  const fine = () => notCrossed(rule, comparison, real, now);
  if (missing === 0) return breaching.length >= needed ? alarm() : fine();
  switch (rule.treatMissing) {
    case 'breaching':
      return breaching.length + missing >= needed ? alarm() : fine();
    case 'notBreaching':
      return breaching.length >= needed ? alarm() : fine();
    case 'ignore':
      if (breaching.length >= needed) return alarm();
      return breaching.length < real.length ? fine() : undefined;
    default:
      if (real.length === 0) return insufficient(needed, wanted);
      return breaching.length >= needed || breaching.length === real.length ? alarm() : fine();
  }
}

function shownPoints(points: [number, number][]): string {
  const date = (at: number) => isoTime(at).replace(/^\d\d(\d\d)-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d).*$/, '$3/$2/$1 $4');
  return points.map(([at, value]) => `${decimal(value)} (${date(at)})`).join(', ');
}

const decimal = (value: number) => (Number.isInteger(value) ? value.toFixed(1) : String(value));

function dataOf(rule: Rule, points: [number, number][], now: number): string {
  return JSON.stringify({
    version: '1.0',
    queryDate: isoTime(now),
    recentDatapoints: points.map(([, value]) => value),
    threshold: rule.threshold,
  });
}

function crossed(
  rule: Rule,
  how: Comparison,
  breaching: [number, number][],
  real: [number, number][],
  now: number,
): Verdict {
  const needed = rule.datapointsToAlarm ?? rule.evaluationPeriods;
  const many = breaching.length !== 1;
  const what =
    breaching.length === 0
      ? 'no datapoints were received'
      : `${breaching.length} out of the last ${rule.evaluationPeriods} datapoint${rule.evaluationPeriods === 1 ? '' : 's'} [${shownPoints(breaching)}] ${many ? 'were' : 'was'} ${how.words} the threshold (${decimal(rule.threshold)})`;
  return {
    state: 'ALARM',
    reason: `Threshold Crossed: ${what} (minimum ${needed} datapoint${needed === 1 ? '' : 's'} for OK -> ALARM transition).`,
    reasonData: dataOf(rule, real, now),
  };
}

function notCrossed(rule: Rule, how: Comparison, real: [number, number][], now: number): Verdict {
  const count = real.length;
  const what =
    count === 0
      ? 'no datapoints were received'
      : `${count} out of the last ${rule.evaluationPeriods} datapoint${rule.evaluationPeriods === 1 ? '' : 's'} [${shownPoints(real)}] evaluated were not all ${how.words} the threshold (${decimal(rule.threshold)})`;
  return { state: 'OK', reason: `Threshold Crossed: ${what}.`, reasonData: dataOf(rule, real, now) };
}

function insufficient(needed: number, wanted: number): Verdict {
  return {
    state: 'INSUFFICIENT_DATA',
    reason: `Insufficient Data: no datapoints were received for ${wanted} period${wanted === 1 ? '' : 's'} (minimum ${needed}).`,
    reasonData: undefined,
  };
}
