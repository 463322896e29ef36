/**
 * How long a claim's holder may act. A write is given less time than the lease, so that a worker that lost its lease
 * has no call of its own under way that it still waits for.
 */
export const LEASE_MS = 5_000;

/** What must be left of the lease after the write's own time-out. */
const MARGIN_MS = 1_000;

/** A call that has less time left of its lease than this is not begun. */
export const LEAST_CALL_MS = 1_000;

/** A slow uplink: the lease of an upload grows with its size, because the bytes travel inside the call. */
const UPLOAD_BYTES_PER_MS = 1_000;

export function leaseFor(uploadBytes: number): { readonly leaseMs: number; readonly timeoutMs: number } {
  const leaseMs = LEASE_MS + Math.ceil(uploadBytes / UPLOAD_BYTES_PER_MS);
  return { leaseMs, timeoutMs: leaseMs - MARGIN_MS };
}
