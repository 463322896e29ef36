import type { Due, DueCursor } from '#store';
import type { WorkerParts } from './parts.js';
import { ARM_PAGE } from './rearm.js';
import type { Wakes } from './wakes.js';

/** The queue gets this long to deliver by itself before the sweep steps in. */
export const GRACE_MS = 1_500;
/**
 * Deployments walked by the sweep itself: so many at the same time, and so many at most in one round. Those that cannot
 * be read do not count: however many they are, those behind them get their turn.
 */
const HANDS = 20;
const MOST_BY_HAND = 500;

/**
 * Finds what is overdue, whatever became of its job. Once it brings a wake-up back to the queue; what is then still
 * overdue (or what the queue refuses) it walks itself. Wiping the queue at any moment therefore changes no outcome.
 */
export class Sweep {
  private seen = new Set<string>();

  constructor(
    private readonly parts: WorkerParts,
    private readonly wakes: Wakes,
  ) {}

  /** Brings back everything that is overdue, a page at a time, and then walks the most overdue of the rest. */
  async run(): Promise<void> {
    const present = new Set<string>();
    const direct: string[] = [];
    let after: DueCursor | undefined;
    do {
      const page = await this.parts.store.deployments.overdue(GRACE_MS, ARM_PAGE, after);
      const readable = page.filter((due) => !this.wakes.unreadable.holds(due.deploymentId, due.sequence));
      const fresh = readable.filter((due) => !this.seen.has(keyOf(due)));
      const taken = await this.offer(fresh);
      for (const due of readable) {
        present.add(keyOf(due));
        if (!taken || this.seen.has(keyOf(due))) direct.push(due.deploymentId);
      }
      after = page.length === ARM_PAGE ? page.at(-1) : undefined;
    } while (after);
    this.seen = present;
    let walked = 0;
    await inParallel(direct, HANDS, async (deploymentId) => {
      if (walked >= MOST_BY_HAND) return;
      walked += 1;
      await this.wakes.look(deploymentId);
      if (this.wakes.unreadable.knows(deploymentId)) walked -= 1;
    });
  }

  private offer(due: readonly Due[]): Promise<boolean> {
    const wakes = due.map(({ deploymentId, sequence, phase }) => {
      const lane = phase === 'rolling_back' ? ('rollback' as const) : ('ordinary' as const);
      return { deploymentId, sequence, delayMs: 0, lane };
    });
    return this.parts.queue.addAll(wakes).then(
      () => true,
      () => false,
    );
  }
}

const keyOf = ({ deploymentId, sequence }: Due): string => `${deploymentId}-${sequence}`;

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
