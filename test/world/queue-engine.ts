import { claimRedis } from './redis.js';

/**
 * The queue engine of this run. `npm test` runs every file that imports this helper twice, once per engine, in separate
 * processes (BullMQ chooses its backend per process). A single file can be tried with SLUICE_TEST_QUEUE=redis.
 */
export const queueEngine: 'postgres' | 'redis' = process.env['SLUICE_TEST_QUEUE'] === 'redis' ? 'redis' : 'postgres';

/** Redis for the queue when this run is about Redis; undefined means that the queue lives in the test's own database. */
export function claimQueueRedis(): { url: string; prefix: string; clear(): Promise<void> } | undefined {
  return queueEngine === 'redis' ? claimRedis() : undefined;
}
