import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** The release of this checkout: `package.json` two levels up from `libs/runtime`, or three from `dist/libs/runtime`. */
export const releaseVersion: string = readVersion();

function readVersion(): string {
  const up = import.meta.url.includes('/dist/libs/') ? '../../../package.json' : '../../package.json';
  const { version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version?: string };
  return version ?? 'unknown';
}

/**
 * A process's figures in Prometheus' form, with what every process has: memory, CPU, event loop, build. One per process;
 * an API and a worker in one process share it, so that one look shows both.
 */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'sluice_build_info',
    help: 'Always 1; the labels say which release of Sluice runs on which Node.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version: releaseVersion, node: process.versions.node }, 1);
  return registry;
}

export interface Connections {
  readonly max: number;
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** In one process API and worker share the store, and with it the pool: whoever comes second finds the gauge there. */
export function addPoolMetrics(registry: Registry, store: { connections(): Connections }): void {
  const name = 'sluice_database_connections';
  if (registry.getSingleMetric(name)) return;
  new Gauge({
    name,
    help: 'Connections of this process to Postgres: max (allowed), open, idle, and callers waiting for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      for (const [state, count] of Object.entries(store.connections())) this.set({ state }, count);
    },
  });
}
