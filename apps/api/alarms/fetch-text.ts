import type { FetchText } from './verify-sns.js';

const TIMEOUT_MS = 3_000;
const MAX_BYTES = 16 * 1024;
/** Made-up addresses may not keep the process busy: what comes on top is refused. */
const MOST_AT_ONCE = 4;

/** One GET, bounded in time and size, that follows nobody elsewhere. The address was checked before. */
export function createFetchText(): FetchText {
  let underWay = 0;
  return async (url) => {
    if (underWay >= MOST_AT_ONCE) throw new Error('Too many at once.');
    underWay += 1;
    try {
      const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!answer.ok || !answer.body) throw new Error(`It answered ${answer.status}.`);
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of answer.body) {
        size += chunk.length;
        if (size > MAX_BYTES) throw new Error('The answer is too long.');
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    } finally {
      underWay -= 1;
    }
  };
}
