import { transition } from '#rollout';
import type { DeploymentRow, StartResult } from '#store';
import type { WorkerParts } from '../parts.js';

/** Leaves the line: one statement takes the target and the function's lock, or nothing. */
export async function start(parts: WorkerParts, row: DeploymentRow, at: number): Promise<StartResult> {
  const event = { type: 'Started', at } as const;
  const next = transition(row.state, event);
  if (next.kind !== 'moved') return { kind: 'busy' };
  return parts.store.deployments.start(row, event, next.state, parts.name);
}
