import type { Clock } from '#runtime';
import { type Change, UNQUEUED } from './changes.js';
import { type Executor, prepared } from './database.js';

/** So long one change waits for company: nobody who watches a rollout sees the difference. */
const TOGETHER_MS = 10;
/** Changes in one statement: far from any limit of Postgres' queue of notices. */
const MOST_AT_ONCE = 500;
/** While the database does not answer; whoever listens looks by itself. */
const MOST_WAITING = 10_000;

const TELL = prepared('tell', `SELECT pg_notify('sluice_changed', told) FROM unnest($1::text[]) AS told`);

/**
 * Tells the listeners what was written, after it was written and many changes at a time. Postgres puts notifying
 * commits behind one lock of the whole database and keeps it until the commit is on disk, so a notice inside a write
 * would make the writes of all processes wait for each other's disk. A statement that only notifies writes nothing
 * and waits for no disk.
 *
 * A notice is a hint. One that is lost (the database is away, the process died after its write) is not made up for:
 * streams look every five seconds by themselves, and what a worker must hear of is told inside the write.
 */
export class ChangeTeller {
  /** By deployment: several changes of one are one notice, of the last. */
  private readonly waiting = new Map<string, string>();
  private readonly closing = new AbortController();
  private telling: Promise<void> | undefined;

  constructor(
    private readonly executor: Executor,
    private readonly clock: Clock,
  ) {}

  /** Never throws, never waits. */
  tell(change: Change): void {
    const { deploymentId, sequence, phase } = change;
    const waiting = this.waiting.get(deploymentId);
    if (waiting === undefined && this.waiting.size >= MOST_WAITING) return;
    const notice = `${deploymentId} ${sequence} ${phase}`;
    // What stands in for a wake-up does so as well when more is told of the same deployment.
    const unqueued = change.unqueued ?? waiting?.endsWith(UNQUEUED);
    this.waiting.set(deploymentId, unqueued ? `${notice} ${UNQUEUED}` : notice);
    this.telling ??= this.run();
  }

  /** What waits is told without further delay. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.telling;
  }

  private async run(): Promise<void> {
    while (this.waiting.size > 0) {
      await this.clock.sleep(TOGETHER_MS, this.closing.signal);
      const batch = [...this.waiting].slice(0, MOST_AT_ONCE);
      for (const [deploymentId] of batch) this.waiting.delete(deploymentId);
      try {
        await this.executor.query(TELL([batch.map(([, payload]) => payload)]));
      } catch {
        // A hint that could not be given: a trouble of the database is told by whoever writes or reads.
      }
    }
    this.telling = undefined;
  }
}
