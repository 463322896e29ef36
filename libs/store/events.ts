import type { EventRow } from './api.js';
import type { Executor } from './database.js';
import { chainHash } from './deployments/row.js';
import { parseEvent } from './rollout-state.js';

/** The events after `seq`, oldest first. */
export async function eventsAfter(
  executor: Executor,
  deploymentId: string,
  seq: number,
  limit: number,
): Promise<EventRow[]> {
  const { rows } = await executor.query(
    `SELECT seq, type, data, actor, hash, round(extract(epoch FROM recorded_at) * 1000)::float8 AS at
     FROM events WHERE deployment_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
    [deploymentId, seq, limit],
  );
  return rows.map((row) => ({
    deploymentId,
    seq: row['seq'] as number,
    type: row['type'] as string,
    data: parseEvent(row['data'], deploymentId),
    actor: row['actor'] as string,
    hash: row['hash'] as string,
    at: row['at'] as number,
  }));
}

/** Checks a whole history: numbered 1..n without a gap, each hash following from the one before. */
export function verifyChain(events: readonly EventRow[]): { ok: true } | { ok: false; seq: number } {
  let previous = '';
  for (const [index, event] of events.entries()) {
    const expected = chainHash(previous, index + 1, event.data);
    if (event.seq !== index + 1 || event.hash !== expected) return { ok: false, seq: index + 1 };
    previous = event.hash;
  }
  return { ok: true };
}
