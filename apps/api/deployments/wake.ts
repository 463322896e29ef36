import type { WakeLane } from '#queue';
import { describeSpan, traced } from '#runtime';
import type { ApiParts } from '../parts.js';

/** What a wake-up needs. */
export type WakeParts = Pick<ApiParts, 'queue' | 'store' | 'logger'>;

/**
 * Tells a worker at once, best effort and never awaited: the row is the truth, and the sweep finds what no wake-up
 * reached. What the queue does not take is told through the database.
 */
export function wake(
  { queue, store, logger }: WakeParts,
  deploymentId: string,
  sequence: number,
  lane: WakeLane = 'ordinary',
): void {
  describeSpan({ 'sluice.deployment.id': deploymentId });
  if (!queue) return;
  const attributes = { 'sluice.deployment.id': deploymentId, 'messaging.system': 'bullmq', 'sluice.lane': lane };
  const send = () => queue.add({ deploymentId, sequence, delayMs: 0, lane });
  traced('wakes send', { kind: 'producer', attributes }, send).catch((error: unknown) => {
    logger.warn(
      { deploymentId, sequence, error: String(error) },
      'A wake-up was not queued; the workers are told through the database.',
    );
    store.changes.tellUnqueued(deploymentId, sequence);
  });
}
