import type { WorkerParts } from './parts.js';
import type { Wakes } from './wakes.js';

/** The queue gets this long to deliver by itself before the sweep steps in. */
const GRACE_MS = 1_500;
const PAGE = 500;
/** Deployments walked by the sweep itself at the same time. */
const HANDS = 20;

/**
 * Finds what is overdue, whatever became of its job. Once it brings a wake-up back to the queue; what is then still
 * overdue (or what the queue refuses) it walks itself. Wiping the queue at any moment therefore changes no outcome.
 */
export class Sweep {
  private readonly seen = new Set<string>();

  constructor(
    private readonly parts: WorkerParts,
    private readonly wakes: Wakes,
  ) {}

  async run(): Promise<void> {
    const due = await this.parts.store.deployments.overdue(GRACE_MS, PAGE);
    const direct: string[] = [];
    const present = new Set<string>();
    for (const { deploymentId, sequence, phase } of due) {
      const key = `${deploymentId}-${sequence}`;
      present.add(key);
      const lane = phase === 'rolling_back' ? 'rollback' : 'ordinary';
      const queued = !this.seen.has(key) && (await this.offer({ deploymentId, sequence, delayMs: 0, lane }));
      if (!queued) direct.push(deploymentId);
    }
    this.seen.clear();
    for (const key of present) this.seen.add(key);
    await inParallel(direct, HANDS, (deploymentId) => this.wakes.look(deploymentId));
  }

  private offer(wake: Parameters<WorkerParts['queue']['add']>[0]): Promise<boolean> {
    return this.parts.queue.add(wake).then(
      () => true,
      () => false,
    );
  }
}

/** Runs `work` over all items, at most `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = [...items];
  const hands = Array.from({ length: Math.min(width, rest.length) }, async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  });
  await Promise.all(hands);
}
