import type pg from 'pg';
import type { RolloutEvent, RolloutState } from '#rollout';
import type { DeploymentRow } from '../api.js';
import type { Change } from '../changes.js';
import { inTransaction } from '../database.js';
import { storable } from '../storable.js';
import { getDeployment } from './read.js';
import { isToldWithItsWrite, type Recorded, type RecordOptions, recordEvent } from './record.js';

type RecordHeld = (
  row: DeploymentRow,
  event: RolloutEvent,
  next: RolloutState,
  options: RecordOptions,
) => Promise<Recorded | { readonly kind: 'lost' }>;

/** Decides on the row as it is and records at most one event. Waits for nothing else: others wait for it. */
export type HeldWork<T> = (row: DeploymentRow | undefined, record: RecordHeld) => Promise<T>;

/** Nobody else writes to the row between the read and the record; what is to be told of it is told after the commit. */
export async function holdDeployment<T>(
  pool: pg.Pool,
  projectId: string,
  id: string,
  work: HeldWork<T>,
  tell: (change: Change) => void,
): Promise<T> {
  let change: Change | undefined;
  const result = await inTransaction(pool, async (client) => {
    await client.query('SELECT FROM deployments WHERE id = $1 AND project_id = $2 FOR UPDATE', [id, projectId]);
    return work(await getDeployment(client, projectId, id), async (row, event, next, options) => {
      const entry = storable({ event, next, options });
      const recorded = await recordEvent(client, row, entry.event, entry.next, entry.options);
      if (recorded.kind === 'recorded' && !isToldWithItsWrite(next.phase))
        change = { deploymentId: id, sequence: recorded.sequence, phase: next.phase };
      return recorded;
    });
  });
  if (change) tell(change);
  return result;
}
