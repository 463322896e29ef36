import type { WorkerParts } from './parts.js';
import { inParallel } from './sweep.js';

/** After a wiped Redis: everything live gets its wake-up back at once, instead of one by one when it is overdue. */
export async function rearmAll(parts: WorkerParts): Promise<void> {
  let after: string | undefined;
  do {
    const page = await parts.store.deployments.armed(after, 1_000);
    await inParallel(page, 50, ({ deploymentId, sequence, delayMs }) =>
      parts.queue.add({ deploymentId, sequence, delayMs }).catch(() => undefined),
    );
    after = page.at(-1)?.deploymentId;
  } while (after !== undefined);
}
