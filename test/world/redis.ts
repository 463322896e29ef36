import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

/** A corner of the test run's Redis: nobody else uses this prefix. */
export interface TestRedis {
  readonly url: string;
  readonly prefix: string;
  /** Deletes every key below the prefix. */
  clear(): Promise<void>;
}

export function claimRedis(): TestRedis {
  const url = process.env['SLUICE_TEST_REDIS_URL'];
  if (!url) throw new Error('There is no test Redis: wrap the suite in describeWithRedis (describe-with-redis.ts).');
  const prefix = `test-${randomBytes(8).toString('hex')}`;
  return { url, prefix, clear: () => clearPrefix(url, prefix) };
}

async function clearPrefix(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  try {
    let cursor = '0';
    do {
      const [next, keys] = await client.scan(cursor, 'MATCH', `*${prefix}*`, 'COUNT', 1000);
      cursor = next;
      if (keys.length > 0) await client.del(...keys);
    } while (cursor !== '0');
  } finally {
    client.disconnect();
  }
}
