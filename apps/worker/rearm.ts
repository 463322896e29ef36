import type { DueCursor } from '#store';
import type { WorkerParts } from './parts.js';

/** Wake-ups per round trip: enough that the trips do not count, few enough to be taken well within two seconds. */
export const ARM_PAGE = 500;

/**
 * After a wiped Redis: everything live gets its wake-up back at once, the most urgent first, instead of one by one when
 * it is overdue. Rejects when the queue is gone again: whoever noticed the loss will notice that one too.
 */
export async function rearmAll({
  store,
  queue,
  logger,
  clock,
}: Pick<WorkerParts, 'store' | 'queue' | 'logger' | 'clock'>): Promise<void> {
  const startedAt = clock.monotonic();
  let after: DueCursor | undefined;
  let armed = 0;
  do {
    const page = await store.deployments.armed(after, ARM_PAGE);
    await queue.addAll(page);
    armed += page.length;
    after = page.length === ARM_PAGE ? page.at(-1) : undefined;
  } while (after);
  if (armed === 0) return;
  logger.info(
    { armed, tookMs: Math.round(clock.monotonic() - startedAt) },
    'All wake-ups were put back into the queue.',
  );
}
