import type { MonitoringOperation } from '../wire/monitoring-front.js';
import { getMetricData } from './get-metric-data.js';
import type { MetricStore } from './metric-store.js';

/** CloudWatch's operations over one store. */
export function cloudWatchOperations(store: MetricStore): Record<string, MonitoringOperation> {
  return {
    GetMetricData: (place, input) => getMetricData(store, place, input),
  };
}
