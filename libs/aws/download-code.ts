import { createHash } from 'node:crypto';
import type { Clock } from '#runtime';
import type { CallOptions } from './address.js';
import { type Fault, failed, fault, type Outcome, succeeded } from './faults.js';
import type { FunctionReading } from './function-reading.js';

/** Lambda takes at most 50 MB in a direct upload, so a larger package could not be sent back anyway. */
export const MAX_DIRECT_UPLOAD_BYTES = 50 * 1024 * 1024;

/**
 * Fetches the package of a version and checks it against the version's CodeSha256. `never` when the version has no
 * package or it is too large to send; `again` for everything the network does.
 */
export async function downloadCode(
  clock: Clock,
  reading: FunctionReading,
  call: CallOptions,
): Promise<Outcome<Uint8Array>> {
  const location = reading.codeLocation;
  if (!location) return failed(fault('code_unavailable', 'never', { internal: 'GetFunction gave no Code.Location.' }));
  const settled = new AbortController();
  const cut = new AbortController();
  const stop = () => cut.abort();
  call.signal?.addEventListener('abort', stop, { once: true });
  if (call.signal?.aborted) stop();
  void clock.sleep(Math.max(0, call.timeoutMs), settled.signal).then(() => settled.signal.aborted || stop());
  try {
    const answer = await fetch(location, { signal: cut.signal });
    if (!answer.ok || !answer.body) return failed(refused(answer.status));
    const bytes = await readAtMost(answer.body, MAX_DIRECT_UPLOAD_BYTES);
    if (!bytes) return failed(fault('code_too_large', 'never', { internal: 'The stored package exceeds 50 MB.' }));
    const actual = createHash('sha256').update(bytes).digest('base64');
    if (actual === reading.codeSha256) return succeeded(bytes);
    return failed(fault('code_mismatch', 'again', { internal: `Wanted ${reading.codeSha256}, downloaded ${actual}.` }));
  } catch (error) {
    // The text of a fetch error can contain the signed link, so only its name is kept.
    const name = error instanceof Error ? error.name : 'Error';
    const code = call.signal?.aborted ? 'cancelled' : cut.signal.aborted ? 'timed_out' : 'network';
    return failed(fault(code, 'again', { internal: `Download of a version’s code: ${name}.` }));
  } finally {
    settled.abort();
    call.signal?.removeEventListener('abort', stop);
  }
}

/** 403 is what a signed link answers once it has expired: a fresh GetFunction gives another. */
function refused(status: number): Fault {
  return fault('code_unavailable', 'again', { internal: `Download of a version’s code: answer ${status}.` });
}

async function readAtMost(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks, size));
}
