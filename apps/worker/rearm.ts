import type { DueCursor } from '#store';
import type { WorkerParts } from './parts.js';

/** Wake-ups per round trip: enough that the trips do not count, few enough to be taken well within two seconds. */
export const ARM_PAGE = 500;

/**
 * After a wiped Redis: everything live gets its wake-up back at once, the most urgent first, instead of one by one when
 * it is overdue. A page that was refused or came too late is put back once more when `goesOn` says that the pages before
 * it are still there; else this rejects, and whoever noticed the loss will notice this one too.
 */
export async function rearmAll(
  { store, queue, logger, clock }: Pick<WorkerParts, 'store' | 'queue' | 'logger' | 'clock'>,
  goesOn: () => Promise<boolean> = async () => false,
): Promise<void> {
  const startedAt = clock.monotonic();
  let after: DueCursor | undefined;
  let [armed, interrupted] = [0, 0];
  for (let more = true; more; ) {
    try {
      const page = await store.deployments.armed(after, ARM_PAGE);
      await queue.addAll(page);
      armed += page.length;
      after = page.at(-1);
      more = page.length === ARM_PAGE;
    } catch (error) {
      if (!(await goesOn())) throw error;
      interrupted += 1;
    }
  }
  if (armed === 0) return;
  logger.info(
    { armed, interrupted, tookMs: Math.round(clock.monotonic() - startedAt) },
    'All wake-ups were put back into the queue.',
  );
}
