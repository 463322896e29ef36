import type { Config } from '#runtime';
import type { WorkerParts } from './parts.js';

/** Small enough for a fraction of a second each; between two of them others have their turn. */
const HISTORIES_AT_ONCE = 50;
const ROWS_AT_ONCE = 1_000;
/** The bytes of an artifact go with it, and may be hundreds of megabytes. */
const ARTIFACTS_AT_ONCE = 3;
const TARGETS_AT_ONCE = 200;
const BREATH_MS = 100;

/**
 * Prunes what the policy no longer keeps, in small batches. Several workers may do this at once: one batch at a time is
 * done in the whole database, and who finds it being done goes on to the next.
 */
export class Retention {
  constructor(
    private readonly parts: Pick<WorkerParts, 'store' | 'clock' | 'logger'>,
    private readonly policy: Config['retention'],
    private readonly stopping: AbortSignal,
  ) {}

  async run(): Promise<void> {
    const { retention } = this.parts.store;
    await retention.begin(this.policy);
    await this.whileFull(ROWS_AT_ONCE, () => retention.pruneKeys(this.policy, ROWS_AT_ONCE));
    await this.whileFull(ROWS_AT_ONCE, () => retention.pruneEvidence(this.policy, ROWS_AT_ONCE));
    await this.pruneHistories();
    await this.whileFull(ARTIFACTS_AT_ONCE, () => retention.pruneArtifacts(this.policy, ARTIFACTS_AT_ONCE));
  }

  private async pruneHistories(): Promise<void> {
    const { store, logger } = this.parts;
    let deployments = 0;
    let page: string[];
    let after: string | undefined;
    do {
      page = await store.retention.targets(this.policy, after, TARGETS_AT_ONCE);
      for (const target of page) {
        await this.whileFull(HISTORIES_AT_ONCE, async () => {
          const pruned = await store.retention.pruneHistories(target, this.policy, HISTORIES_AT_ONCE);
          deployments += pruned.deployments;
          return pruned.deployments;
        });
      }
      after = page.at(-1);
    } while (page.length === TARGETS_AT_ONCE && !this.stopping.aborted);
    if (deployments > 0) logger.info({ deployments }, 'Histories were pruned by the retention policy.');
  }

  /** A batch that was not full was the last one. */
  private async whileFull(size: number, prune: () => Promise<number>): Promise<void> {
    while (!this.stopping.aborted && (await prune()) >= size) {
      await this.parts.clock.sleep(BREATH_MS, this.stopping);
    }
  }
}
