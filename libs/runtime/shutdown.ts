import type { Clock } from './clock.js';
import type { Logger } from './logger.js';

/** Something that must be closed before the process ends. */
export interface Closable {
  readonly name: string;
  close(): Promise<void>;
}

/** A supervisor that allows ten seconds must never have to kill: some of them are needed to notice and to end. */
const SHUTDOWN_MS = 9_000;

/**
 * Closes in reverse order of opening, each within what is left of `deadlineMs` (all together). What does not close in
 * time is named in the log and left behind: a stuck connection must not keep a process from ending.
 */
export async function closeAll(
  closables: readonly Closable[],
  clock: Clock,
  logger: Logger,
  deadlineMs = SHUTDOWN_MS,
): Promise<void> {
  const deadline = clock.monotonic() + deadlineMs;
  for (const closable of [...closables].reverse()) {
    const left = Math.max(0, deadline - clock.monotonic());
    const outcome = await Promise.race([
      closable.close().then(
        () => 'closed' as const,
        (error: unknown) => {
          logger.warn({ part: closable.name, error: String(error) }, 'A part did not close cleanly.');
          return 'closed' as const;
        },
      ),
      clock.sleep(left).then(() => 'late' as const),
    ]);
    if (outcome === 'late') logger.warn({ part: closable.name }, 'A part did not close within the drain deadline.');
  }
}
