import { dateOf } from '../clock.js';
import type { Place } from '../lambda/names.js';
import { refused } from './errors.js';
import { evaluate, type Points } from './expression.js';
import { dimensionsOf, flag, type Input, list, moment, number, record, text } from './input.js';
import type { MetricName, MetricStore } from './metric-store.js';
import { readStatistic } from './statistics.js';

const QUERY_LIMIT = 500;
const ID = /^[a-z][a-zA-Z0-9_]*$/;

export function metricOf(value: unknown): MetricName {
  const metric = record(value);
  return {
    namespace: text(metric['Namespace']) ?? '',
    name: text(metric['MetricName']) ?? '',
    dimensions: dimensionsOf(metric['Dimensions']),
  };
}

/** One metric's values over a stretch of time, by the start of each period in milliseconds. */
export function pointsOf(
  store: MetricStore,
  place: Place,
  metric: MetricName,
  stat: string,
  window: { from: number; to: number; period: number },
): Points {
  const points: Points = new Map();
  for (const [start, statistic] of store.range(place, metric, window.from, window.to, window.period))
    points.set(start, readStatistic(statistic, stat));
  return points;
}

/** Every query of a list, expressions included, by its id. */
export function runQueries(
  store: MetricStore,
  place: Place,
  queries: Input[],
  window: { from: number; to: number },
): Map<string, Points> {
  const results = new Map<string, Points>();
  const waiting = new Map(queries.map((query) => [text(query['Id']) ?? '', query]));
  const periods: number[] = [];
  const solve = (id: string, trail: string[]): Points => {
    const known = results.get(id);
    if (known) return known;
    const query = waiting.get(id);
    if (!query || trail.includes(id))
      throw refused('ValidationError', `Error in expression: Unknown identifier or circular reference '${id}'`);
    const expression = text(query['Expression']);
    const points =
      expression === undefined
        ? readStat(query)
        : evaluate(expression, (name) => solve(name, [...trail, id]), {
            all: () => [...waiting].filter(([, q]) => q['MetricStat'] != null).map(([name]) => name),
            ...window,
            periodMs: (Math.min(...periods, number(query['Period']) ?? 60) || 60) * 1000,
          });
    results.set(id, points);
    return points;
  };
  const readStat = (query: Input): Points => {
    const stat = record(query['MetricStat']);
    const period = number(stat['Period']) ?? 60;
    return pointsOf(store, place, metricOf(stat['Metric']), text(stat['Stat']) ?? 'Average', { ...window, period });
  };
  for (const query of queries) {
    const period = number(record(query['MetricStat'])['Period']);
    if (period !== undefined) periods.push(period);
  }
  for (const id of waiting.keys()) solve(id, []);
  return results;
}

export function checkQueries(queries: Input[]): void {
  if (queries.length > QUERY_LIMIT)
    throw refused(
      'ValidationError',
      `The collection MetricDataQueries must not have a size greater than ${QUERY_LIMIT}.`,
    );
  const seen = new Set<string>();
  for (const query of queries) {
    const id = text(query['Id']) ?? '';
    if (!ID.test(id))
      throw refused(
        'ValidationError',
        `The value ${id} for parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
      );
    if (seen.has(id))
      throw refused('ValidationError', `The values for parameter id in MetricDataQueries are not unique: ${id}.`);
    seen.add(id);
    if ((query['MetricStat'] == null) === (query['Expression'] == null))
      throw refused(
        'ValidationError',
        `The parameter MetricDataQueries.member.MetricStat or Expression is required for ${id}, and not both.`,
      );
  }
}

export function getMetricData(store: MetricStore, place: Place, input: Input) {
  const queries = list(input['MetricDataQueries']);
  const from = moment(input['StartTime']);
  const to = moment(input['EndTime']);
  if (from === undefined || to === undefined)
    throw refused('MissingParameter', 'The parameters StartTime and EndTime are required.');
  if (from >= to) throw refused('ValidationError', 'The parameter StartTime must be less than the parameter EndTime.');
  checkQueries(queries);
  const results = runQueries(store, place, queries, { from, to });
  const ascending = text(input['ScanBy']) === 'TimestampAscending';
  const shown = queries.filter((query) => flag(query['ReturnData']) ?? true);
  return {
    MetricDataResults: shown.map((query) => {
      const id = text(query['Id']) ?? '';
      const points = [...(results.get(id) ?? [])].sort(([a], [b]) => (ascending ? a - b : b - a));
      return {
        Id: id,
        Label: text(query['Label']) ?? text(record(record(query['MetricStat'])['Metric'])['MetricName']) ?? id,
        Timestamps: points.map(([at]) => dateOf(at)),
        Values: points.map(([, value]) => value),
        StatusCode: 'Complete',
      };
    }),
    Messages: [],
  };
}
