import type { Clock } from '../clock.js';
import type { Place } from '../lambda/names.js';

export interface MetricName {
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
}

/** What is known of the values of one metric in one stretch of time. */
export class Statistic {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** Value → how often, rounded to three digits: enough for percentiles. */
  readonly values = new Map<number, number>();

  add(value: number, times = 1): void {
    this.count += times;
    this.sum += value * times;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const rounded = value === 0 || value === 1 ? value : Number(value.toPrecision(3));
    this.values.set(rounded, (this.values.get(rounded) ?? 0) + times);
  }

  /** A ready-made statistic set, whose single values are unknown. */
  addSet(set: { count: number; sum: number; min: number; max: number }): void {
    this.count += set.count;
    this.sum += set.sum;
    this.min = Math.min(this.min, set.min);
    this.max = Math.max(this.max, set.max);
  }

  merge(other: Statistic): void {
    this.addSet(other);
    for (const [value, times] of other.values) this.values.set(value, (this.values.get(value) ?? 0) + times);
  }
}

export interface Series extends MetricName {
  unit: string | undefined;
  /** Start of the bucket in milliseconds → its statistic. */
  buckets: Map<number, Statistic>;
  newestAt: number;
}

interface Pending {
  visibleAt: number;
  publish(): void;
}

export interface MetricStoreSettings {
  /** The finest period that can be asked for, in seconds; AWS's own is 60. */
  resolutionSeconds: number;
  publicationDelayMs: number;
}

const RETENTION_MS = 24 * 3600 * 1000;

/** Metrics of every account and region, in buckets of the finest period. */
export class MetricStore {
  private readonly series = new Map<string, Series>();
  private pending: Pending[] = [];
  private prunedAt = 0;

  constructor(
    readonly settings: MetricStoreSettings,
    private readonly clock: Clock,
  ) {}

  /** Values become visible after the publication delay, all together with what else was recorded then. */
  later(publish: () => void): void {
    this.pending.push({ visibleAt: this.clock.now() + this.settings.publicationDelayMs, publish });
  }

  /** Makes visible what has waited long enough. Every read begins with it. */
  flush(): void {
    const now = this.clock.now();
    if (this.pending.length === 0 || (this.pending[0]?.visibleAt ?? 0) > now) return;
    const due = this.pending.filter((one) => one.visibleAt <= now);
    this.pending = this.pending.filter((one) => one.visibleAt > now);
    for (const one of due) one.publish();
    this.prune(now);
  }

  statistic(place: Place, metric: MetricName, at: number, unit?: string): Statistic {
    const series = this.ensure(place, metric);
    series.unit ??= unit;
    series.newestAt = Math.max(series.newestAt, at);
    const width = this.settings.resolutionSeconds * 1000;
    const start = Math.floor(at / width) * width;
    let statistic = series.buckets.get(start);
    if (!statistic) {
      statistic = new Statistic();
      series.buckets.set(start, statistic);
    }
    return statistic;
  }

  find(place: Place, metric: MetricName): Series | undefined {
    this.flush();
    return this.series.get(keyOf(place, metric));
  }

  list(place: Place): Series[] {
    this.flush();
    const prefix = `${place.account}/${place.region}/`;
    return [...this.series].filter(([key]) => key.startsWith(prefix)).map(([, series]) => series);
  }

  /** The statistics of `[from, to)` in periods of `periodSeconds`, oldest first; periods without values are left out. */
  range(place: Place, metric: MetricName, from: number, to: number, periodSeconds: number): [number, Statistic][] {
    const series = this.find(place, metric);
    if (!series) return [];
    const width = Math.max(periodSeconds, this.settings.resolutionSeconds) * 1000;
    const periods = new Map<number, Statistic>();
    for (const [start, statistic] of series.buckets) {
      const period = Math.floor(start / width) * width;
      if (period < Math.floor(from / width) * width || period >= to) continue;
      const merged = periods.get(period) ?? new Statistic();
      merged.merge(statistic);
      periods.set(period, merged);
    }
    return [...periods].sort(([a], [b]) => a - b);
  }

  reset(): void {
    this.series.clear();
    this.pending = [];
  }

  private ensure(place: Place, metric: MetricName): Series {
    const key = keyOf(place, metric);
    let series = this.series.get(key);
    if (!series) {
      series = { ...metric, unit: undefined, buckets: new Map(), newestAt: 0 };
      this.series.set(key, series);
    }
    return series;
  }

  private prune(now: number): void {
    if (now - this.prunedAt < 600_000) return;
    this.prunedAt = now;
    for (const series of this.series.values())
      for (const start of series.buckets.keys()) if (start < now - RETENTION_MS) series.buckets.delete(start);
  }
}

function keyOf(place: Place, metric: MetricName): string {
  const dimensions = Object.entries(metric.dimensions)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
  return `${place.account}/${place.region}/${metric.namespace}|${metric.name}|${dimensions.join(',')}`;
}
