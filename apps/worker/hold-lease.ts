import type { DeploymentRow } from '#store';
import { LEASE_MS } from './lease.js';
import type { WorkerParts } from './parts.js';

/** Often enough that one look that gets lost does not cost the lease. */
const EVERY_MS = 1_500;

/** One for all: a reason made anew would take its stack every time. */
const ENDED = new Error('Nobody holds this lease any more.');

/**
 * Keeps the lease of a row while something runs that takes longer than one. `lost` ends when the row has moved on (an
 * abort, say), the lease ran out, or nobody could be told for as long as it lasts.
 */
export class LeaseHold {
  private readonly ended = new AbortController();
  private readonly gone = new AbortController();
  private heldUntil: number;

  constructor(
    private readonly parts: Pick<WorkerParts, 'store' | 'clock'>,
    private readonly row: Pick<DeploymentRow, 'id' | 'sequence'>,
  ) {
    this.heldUntil = parts.clock.monotonic() + LEASE_MS;
    void this.keep();
  }

  get lost(): AbortSignal {
    return this.gone.signal;
  }

  end(): void {
    this.ended.abort(ENDED);
  }

  private async keep(): Promise<void> {
    const { clock, store } = this.parts;
    for (;;) {
      await clock.sleep(EVERY_MS, this.ended.signal);
      if (this.ended.signal.aborted) return;
      const asked = clock.monotonic();
      const held = await store.deployments.extendLease(this.row, LEASE_MS).catch(() => undefined);
      if (held) this.heldUntil = asked + LEASE_MS;
      if (held === false || clock.monotonic() >= this.heldUntil) return this.gone.abort(ENDED);
    }
  }
}
