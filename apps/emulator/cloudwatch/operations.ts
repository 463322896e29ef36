import { type Clock, dateOf } from '../clock.js';
import type { Place } from '../lambda/names.js';
import type { MonitoringOperation } from '../wire/monitoring-front.js';
import { alarmOperations } from './alarm-operations.js';
import type { AlarmStore } from './alarm-store.js';
import { refused } from './errors.js';
import { getMetricData, metricOf } from './get-metric-data.js';
import { dimensionList, type Input, list, moment, number, record, text, texts } from './input.js';
import type { MetricStore } from './metric-store.js';
import { readStatistic } from './statistics.js';

const LIST_PAGE = 500;
const DATA_LIMIT = 1000;

/** CloudWatch's operations over one store of metrics and one of alarms. */
export function cloudWatchOperations(
  store: MetricStore,
  alarms: AlarmStore,
  clock: Clock,
): Record<string, MonitoringOperation> {
  return {
    GetMetricData: (place, input) => getMetricData(store, place, input),
    GetMetricStatistics: (place, input) => getMetricStatistics(store, place, input),
    ListMetrics: (place, input) => listMetrics(store, place, input),
    PutMetricData: (place, input) => {
      putMetricData(store, place, input, clock.now());
      return {};
    },
    ...alarmOperations(alarms, clock),
  };
}

function getMetricStatistics(store: MetricStore, place: Place, input: Input) {
  const from = moment(input['StartTime']);
  const to = moment(input['EndTime']);
  const period = number(input['Period']);
  if (from === undefined || to === undefined || period === undefined)
    throw refused('MissingParameter', 'The parameters StartTime, EndTime and Period are required.');
  const stats = texts(input['Statistics']);
  const extended = texts(input['ExtendedStatistics']);
  const metric = metricOf(input);
  const unit = store.find(place, metric)?.unit ?? 'None';
  const points = store.range(place, metric, from, to, period).map(([start, statistic]) => ({
    Timestamp: dateOf(start),
    ...Object.fromEntries(stats.map((stat) => [stat, readStatistic(statistic, stat)])),
    ...(extended.length > 0
      ? { ExtendedStatistics: Object.fromEntries(extended.map((stat) => [stat, readStatistic(statistic, stat)])) }
      : {}),
    Unit: unit,
  }));
  return { Label: metric.name, Datapoints: points };
}

function listMetrics(store: MetricStore, place: Place, input: Input) {
  const namespace = text(input['Namespace']);
  const name = text(input['MetricName']);
  const filters = list(input['Dimensions']).map((one) => [String(one['Name']), text(one['Value'])] as const);
  const all = store
    .list(place)
    .filter((series) => namespace === undefined || series.namespace === namespace)
    .filter((series) => name === undefined || series.name === name)
    .filter((series) =>
      filters.every(
        ([key, value]) => key in series.dimensions && (value === undefined || series.dimensions[key] === value),
      ),
    );
  const start = number(text(input['NextToken'])) ?? 0;
  const page = all.slice(start, start + LIST_PAGE);
  return {
    Metrics: page.map((series) => ({
      Namespace: series.namespace,
      MetricName: series.name,
      Dimensions: dimensionList(series.dimensions),
    })),
    OwningAccounts: [],
    NextToken: start + LIST_PAGE < all.length ? String(start + LIST_PAGE) : undefined,
  };
}

function putMetricData(store: MetricStore, place: Place, input: Input, now: number): void {
  const namespace = text(input['Namespace']);
  if (!namespace) throw refused('MissingParameter', 'The parameter Namespace is required.');
  if (namespace.startsWith('AWS/'))
    throw refused(
      'InvalidParameterValue',
      "The value AWS/ for parameter Namespace is invalid. Custom namespaces can't start with AWS/.",
    );
  const data = list(input['MetricData']);
  if (data.length > DATA_LIMIT)
    throw refused(
      'InvalidParameterValue',
      `The collection MetricData must not have a size greater than ${DATA_LIMIT}.`,
    );
  store.later(() => {
    for (const datum of data) recordDatum(store, place, namespace, datum, now);
  });
}

function recordDatum(store: MetricStore, place: Place, namespace: string, datum: Input, now: number): void {
  const metric = { ...metricOf(datum), namespace };
  const statistic = store.statistic(place, metric, moment(datum['Timestamp']) ?? now, text(datum['Unit']));
  const set = record(datum['StatisticValues']);
  const values = Array.isArray(datum['Values']) ? datum['Values'].map(Number) : [];
  const counts = Array.isArray(datum['Counts']) ? datum['Counts'].map(Number) : [];
  const value = number(datum['Value']);
  if (value !== undefined) statistic.add(value);
  values.forEach((one, index) => {
    statistic.add(one, counts[index] ?? 1);
  });
  if (set['SampleCount'] != null)
    statistic.addSet({
      count: Number(set['SampleCount']),
      sum: Number(set['Sum']),
      min: Number(set['Minimum']),
      max: Number(set['Maximum']),
    });
}
