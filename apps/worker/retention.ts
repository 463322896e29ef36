import type { BucketObjects } from '#aws';
import type { Config } from '#runtime';
import type { PrunedObject, RetentionPolicy } from '#store';
import type { WorkerParts } from './parts.js';

/** Small enough for a fraction of a second each; between two of them others have their turn. */
const HISTORIES_AT_ONCE = 50;
const ROWS_AT_ONCE = 1_000;
/** The bytes of an artifact go with it, and may be hundreds of megabytes. */
const ARTIFACTS_AT_ONCE = 3;
const TARGETS_AT_ONCE = 200;
const BREATH_MS = 100;
const OBJECTS_AT_ONCE = 20;
/** So many refusals of S3 one after the other are no matter of single objects. */
const FAILURES_IN_A_ROW = 3;

/** A bucket in which code that nothing refers to may be removed. */
export interface PrunedBucket {
  readonly bucket: string;
  open(): Pick<BucketObjects, 'remove' | 'close'>;
}

/**
 * Prunes what the policy no longer keeps, in small batches. Several workers may do this at once: one batch at a time is
 * done in the whole database, and who finds it being done goes on to the next.
 */
export class Retention {
  private readonly policy: RetentionPolicy;

  constructor(
    private readonly parts: Pick<WorkerParts, 'store' | 'clock' | 'logger'>,
    kept: Config['retention'],
    private readonly stopping: AbortSignal,
    private readonly pruned?: PrunedBucket,
  ) {
    this.policy = pruned ? { ...kept, bucket: pruned.bucket } : kept;
  }

  async run(): Promise<void> {
    const { retention } = this.parts.store;
    await retention.begin(this.policy);
    await this.whileFull(ROWS_AT_ONCE, () => retention.pruneKeys(this.policy, ROWS_AT_ONCE));
    await this.whileFull(ROWS_AT_ONCE, () => retention.pruneEvidence(this.policy, ROWS_AT_ONCE));
    await this.pruneHistories();
    await this.whileFull(ARTIFACTS_AT_ONCE, () => retention.pruneArtifacts(this.policy, ARTIFACTS_AT_ONCE));
    if (this.pruned) await this.removeObjects(this.pruned);
  }

  /** Removing the same object twice, as two workers may, is no error. */
  private async removeObjects({ bucket, open }: PrunedBucket): Promise<void> {
    const { objects } = this.parts.store.retention;
    let page = await objects.due(bucket, OBJECTS_AT_ONCE);
    if (page.length === 0) return;
    const opened = open();
    try {
      for (let inARow = 0; page.length > 0; page = await objects.due(bucket, OBJECTS_AT_ONCE)) {
        for (const object of page) {
          if (this.stopping.aborted || inARow === FAILURES_IN_A_ROW) return;
          inARow = (await this.removeObject(opened, object, bucket)) ? 0 : inARow + 1;
        }
      }
    } finally {
      opened.close();
    }
  }

  /** True when it is gone. One that could not be removed waits for a day. */
  private async removeObject(
    opened: Pick<BucketObjects, 'remove'>,
    { artifactId, key }: PrunedObject,
    bucket: string,
  ): Promise<boolean> {
    const { objects } = this.parts.store.retention;
    try {
      await opened.remove(key);
    } catch (error) {
      const problem = error instanceof Error ? error.name : 'unknown';
      await objects.failed(artifactId, problem);
      this.parts.logger.warn({ bucket, key, problem }, 'Code that nothing refers to could not be removed.');
      return false;
    }
    await objects.removed(artifactId);
    return true;
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
