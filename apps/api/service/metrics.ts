import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { addPoolMetrics, createRegistry } from '#runtime';
import type { Store } from '#store';
import type { TruthLooks } from './truth.js';
import { addTruthMetrics } from './truth-metrics.js';

/** Figures in Prometheus' form: what this process counts, and what Postgres and the queue say. */
export class Metrics {
  private readonly requests: Histogram<'method' | 'route' | 'status'>;
  /** By method, route and status: as many as the contract has, so finding one costs less than naming it anew. */
  private readonly series = new Map<string, Histogram.Internal<'method' | 'route' | 'status'>>();
  private readonly refusals: Counter<'code'>;
  private readonly alarms: Counter<'outcome'>;

  constructor(
    store: Pick<Store, 'connections'>,
    looks: TruthLooks,
    openStreams: () => number,
    readonly registry: Registry = createRegistry(),
  ) {
    const registers = [this.registry];
    this.requests = new Histogram({
      name: 'sluice_http_request_seconds',
      help: 'Time from a request to its answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.refusals = new Counter({
      name: 'sluice_http_refusals_total',
      help: 'Requests that were refused or failed, by the code of the answer (rate_limited is a 429).',
      labelNames: ['code'],
      registers,
    });
    this.alarms = new Counter({
      name: 'sluice_alarm_pushes_total',
      help: 'State changes of CloudWatch alarms that were pushed, by what became of them.',
      labelNames: ['outcome'],
      registers,
    });
    new Gauge({
      name: 'sluice_event_streams',
      help: 'Open streams of server-sent events.',
      registers,
      collect() {
        this.set(openStreams());
      },
    });
    addPoolMetrics(registry, store);
    addTruthMetrics(registry, looks);
  }

  observe(request: { method: string; route: string; status: number; seconds: number }): void {
    const { method, route, status, seconds } = request;
    const name = `${method} ${route} ${status}`;
    let series = this.series.get(name);
    if (!series) {
      series = this.requests.labels({ method, route, status: String(status) });
      this.series.set(name, series);
    }
    series.observe(seconds);
  }

  refused(code: string): void {
    this.refusals.inc({ code });
  }

  alarm(outcome: string): void {
    this.alarms.inc({ outcome });
  }
}
