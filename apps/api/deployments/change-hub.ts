import type { Clock, Logger } from '#runtime';
import type { Store } from '#store';

/** Notices can get lost: whoever waits looks again by itself after this long. */
const LOOK_AGAIN_MS = 5_000;

/**
 * One subscription to the store's changes, shared by every open stream. A stream waits here for the next change of its
 * deployment, for the moment to look again by itself, or for the end of the process.
 */
export class ChangeHub {
  private readonly waiting = new Map<string, Set<() => void>>();
  private readonly closing = new AbortController();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly store: Pick<Store, 'changes'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  async open(): Promise<void> {
    this.unsubscribe = await this.store.changes.subscribe(({ deploymentId }) => {
      for (const wake of this.waiting.get(deploymentId) ?? []) wake();
    });
  }

  get closed(): AbortSignal {
    return this.closing.signal;
  }

  close(): void {
    this.closing.abort();
    this.unsubscribe?.();
    this.logger.debug({ streams: this.waiting.size }, 'The change hub is closed.');
  }

  /**
   * Registers before the caller reads, so that a change between reading and waiting is not missed: `until` resolves at
   * once when something changed since the last call.
   */
  listen(deploymentId: string): Listening {
    const wakers = this.waiting.get(deploymentId) ?? new Set();
    this.waiting.set(deploymentId, wakers);
    let changed = new AbortController();
    const wake = () => changed.abort();
    wakers.add(wake);
    return {
      until: async (end: AbortSignal) => {
        await this.clock.sleep(LOOK_AGAIN_MS, AbortSignal.any([changed.signal, end]));
        changed = new AbortController();
      },
      stop: () => {
        wakers.delete(wake);
        if (wakers.size === 0) this.waiting.delete(deploymentId);
      },
    };
  }
}

export interface Listening {
  /** Resolves at the next change, after `LOOK_AGAIN_MS`, or when `end` aborts. */
  until(end: AbortSignal): Promise<void>;
  stop(): void;
}
