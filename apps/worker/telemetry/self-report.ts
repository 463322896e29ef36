import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { InspectableQueue } from '#queue';
import { releaseVersion } from '#runtime';
import type { WorkerReport } from '#store';
import type { WorkerParts } from '../parts.js';
import type { WorkerFigures } from './worker-figures.js';

/** How finely delays of the event loop are measured; this much is in every reading and taken off again. */
const RESOLUTION_MS = 50;
/** Redis is asked for its settings this often at most: they change when somebody changes them. */
const INSPECT_MS = 60_000;

/**
 * Writes what this worker knows about itself to Postgres: the API and the doctor tell of workers that they cannot
 * reach, and a word that stands still is how a dead worker shows.
 */
export class SelfReport {
  private readonly delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private findings: WorkerReport['queue']['findings'] = [];
  private inspectedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: WorkerParts,
    private readonly figures: WorkerFigures,
    private readonly engine: InspectableQueue,
  ) {}

  async write(): Promise<void> {
    const { store, name } = this.parts;
    const [queue, skew] = await Promise.all([this.inspect(), this.skew()]);
    await store.workerReports.write(name, {
      version: releaseVersion,
      clockSkewMs: skew,
      rounds: this.figures.rounds(),
      walks: this.figures.walks,
      eventLoopLagMs: this.lag(),
      pool: store.connections(),
      queue,
      ...this.figures.recent.told(),
    });
  }

  /** The last word: this worker stops in good order. */
  async close(): Promise<void> {
    this.delay.disable();
    await this.parts.store.workerReports.remove(this.parts.name).catch(() => undefined);
  }

  /** Half the round trip is taken as the way there. */
  private async skew(): Promise<number> {
    const { clock, store } = this.parts;
    const before = clock.now();
    const database = await store.now();
    return Math.round((before + clock.now()) / 2 - database);
  }

  /** The 99th percentile since the last report. Measured from the first report on: booting is no shortness of breath. */
  private lag(): number {
    if (this.delay.enable()) return 0;
    const p99 = this.delay.percentile(99) / 1e6;
    this.delay.reset();
    return Number.isFinite(p99) ? Math.max(0, Math.round(p99 - RESOLUTION_MS)) : 0;
  }

  /** A queue that was out of reach is looked at anew: it may be another one now. */
  private async inspect(): Promise<WorkerReport['queue']> {
    const now = this.parts.clock.monotonic();
    let ok = true;
    try {
      if (now - this.inspectedAt < INSPECT_MS) await this.engine.ping();
      else {
        this.findings = [...(await this.engine.inspect()).findings];
        this.inspectedAt = now;
      }
    } catch {
      ok = false;
      this.inspectedAt = Number.NEGATIVE_INFINITY;
    }
    return { engine: this.engine.engine, ok, findings: this.findings };
  }
}
