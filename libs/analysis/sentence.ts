import type { Decision } from './decide.js';
import type { MetricNumbers, VerdictNumbers } from './verdict.js';

/** One sentence for the person on call: what was compared, what came out, in percent and in requests. */
export function sentenceOf(decision: Decision, numbers: VerdictNumbers): string {
  const leading = numbers.metrics.find((metric) => metric.metric === numbers.leadingMetric);
  switch (decision.reason) {
    case 'regression':
      return leading ? `${rise(leading)}${harm(leading, numbers)}; ${odds(numbers.pValue)}` : 'the canary is worse';
    case 'regression_excluded':
      return `no regression: ${comparison(numbers)}; ${excluded(numbers)}`;
    case 'nothing_suspicious':
      return `nothing points at the canary: ${comparison(numbers)}`;
    case 'canary_better_than_failing_stable':
      return `the stable version itself is failing and the canary is better: ${comparison(numbers)}`;
    case 'suspicious':
      return leading ? `suspicious but not proven: ${rise(leading)}` : 'suspicious but not proven';
    case 'stable_unhealthy':
      return `the stable version itself is failing more than its history allows: ${comparison(numbers)}`;
    case 'split_mismatch':
      return `the alias sends ${points(numbers.seenWeightPercent)} of the requests to the canary instead of ${points(numbers.weightPercent)}; the comparison is stopped`;
    case 'no_data':
      return numbers.canary.invocations === 0
        ? `no invocation of the canary was seen in ${duration(numbers.watchedMs)}`
        : `no invocation of the canary is being reported any more after ${requests(numbers.canary.invocations)}`;
    case 'deadline':
      return `undecided after ${duration(numbers.watchedMs)}: ${comparison(numbers)}`;
    case 'gathering':
      return numbers.canary.invocations === 0
        ? 'no invocation of the canary was seen yet'
        : `not enough seen yet: ${comparison(numbers)}`;
    default:
      return decision.reason satisfies never;
  }
}

function rise(metric: MetricNumbers): string {
  const from = percent(metric.stable.rate ?? 0);
  const to = percent(metric.canary.rate ?? 0);
  const seen = `(${metric.canary.bad} of ${requests(metric.canary.count)})`;
  if (metric.thresholdMs === null) return `errors rose from ${from} to ${to} ${seen}`;
  return `requests slower than ${milliseconds(metric.thresholdMs)} rose from ${from} to ${to} ${seen}`;
}

function harm(metric: MetricNumbers, numbers: VerdictNumbers): string {
  if (metric.thresholdMs !== null) return '';
  return `; about ${requests(Math.round(numbers.harmedRequests))} ${Math.round(numbers.harmedRequests) === 1 ? 'was' : 'were'} harmed`;
}

function comparison(numbers: VerdictNumbers): string {
  const { stable, canary } = numbers;
  const canaryPart = `canary ${percent(canary.errorRate ?? 0)} errors in ${requests(canary.invocations)}`;
  if (stable.errorRate === null) return `${canaryPart}, stable saw no traffic`;
  return `${canaryPart}, stable ${percent(stable.errorRate)} in ${requests(stable.invocations)}`;
}

function excluded(numbers: VerdictNumbers): string {
  const upper = numbers.excessInterval?.upper;
  if (typeof upper === 'number') return `an excess above ${percent(Math.max(0, upper))} is excluded at 95 %`;
  return `a rise beyond the margin is excluded at ${percent(1 - 1 / Math.max(1, numbers.advanceE), 2)}`;
}

function points(weightPercent: number | null): string {
  return weightPercent === null ? 'none' : percent(weightPercent / 100);
}

function odds(pValue: number): string {
  if (pValue >= 0.5) return 'this may be chance';
  const inverse = 1 / pValue;
  if (inverse >= 1e6) return 'false-alarm odds under 1 in a million';
  const rounded = 10 ** Math.floor(Math.log10(inverse));
  return `false-alarm odds under 1 in ${rounded.toLocaleString('en-US')}`;
}

function requests(count: number): string {
  return count === 1 ? '1 request' : `${count.toLocaleString('en-US')} requests`;
}

/** A fraction as percent with two significant digits, never more than two decimals. */
export function percent(fraction: number, decimals?: number): string {
  const value = fraction * 100;
  if (value === 0) return '0 %';
  const places = decimals ?? (Math.abs(value) >= 9.95 ? 0 : Math.abs(value) >= 0.095 ? 1 : 2);
  const text = value.toFixed(places);
  return Number(text) === 0 ? 'under 0.01 %' : `${trim(text)} %`;
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function milliseconds(value: number): string {
  return value >= 1000 ? `${trim((value / 1000).toFixed(1))} s` : `${Math.round(value)} ms`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
