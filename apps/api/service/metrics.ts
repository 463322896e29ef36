import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Store } from '#store';

/** Figures in Prometheus' form; one registry per API, so that two in a process do not collide. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests: Histogram<'method' | 'route' | 'status'>;
  private readonly refusals: Counter<'code'>;

  constructor(store: Pick<Store, 'health'>, openStreams: () => number) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Histogram({
      name: 'sluice_http_request_seconds',
      help: 'Time from a request to its answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.refusals = new Counter({
      name: 'sluice_http_refusals_total',
      help: 'Answers that were problem details, by code.',
      labelNames: ['code'],
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
    this.addBacklog(store, registers);
  }

  observe(request: { method: string; route: string; status: number; seconds: number }): void {
    const { method, route, status, seconds } = request;
    this.requests.observe({ method, route, status: String(status) }, seconds);
  }

  refused(code: string): void {
    this.refusals.inc({ code });
  }

  private addBacklog(store: Pick<Store, 'health'>, registers: Registry[]): void {
    const deployments = new Gauge({
      name: 'sluice_deployments',
      help: 'Deployments that have not ended: active (held ones included), queued, held (waiting for a person), overdue.',
      labelNames: ['kind'],
      registers,
      async collect() {
        const { backlog } = await store.health();
        deployments.reset();
        if (!backlog) return;
        for (const kind of ['active', 'queued', 'held', 'overdue'] as const) deployments.set({ kind }, backlog[kind]);
      },
    });
  }
}
