import { type Act, type Action, guard, isEnd, transition } from '#rollout';
import type { DeploymentRow } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { Identity } from '../keys/check-key.js';
import type { ApiParts } from '../parts.js';
import { missingDeployment } from './missing-deployment.js';
import { wake } from './wake.js';

export interface AskedAct {
  readonly action: Action;
  /** The event it becomes; the time and the name of whoever asks are filled in. */
  readonly event: (asked: { at: number; by: string }) => Act;
  /** The sequence the person saw, for the acts that must name it. */
  readonly seenSequence?: number;
}

/** Workers write to the same row: after this many lost races in a row something is wrong with the row. */
const MOST_ATTEMPTS = 20;

/**
 * A person's act: read the row, ask the guard, record the event if the row is still the one that was read. A row that
 * moved meanwhile is read and judged anew, so what is recorded was allowed in the very state it changed.
 */
export async function actOnDeployment(
  parts: ApiParts,
  identity: Identity,
  id: string,
  asked: AskedAct,
): Promise<Outcome<void>> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const row = await parts.store.deployments.get(identity.projectId, id);
    if (!row) return missingDeployment(parts.store, identity.projectId, id);
    const refusal = refusalOf(row, asked);
    if (refusal) return refusal;
    const event = asked.event({ at: row.readAt, by: identity.name });
    const next = transition(row.state, event);
    if (next.kind === 'unchanged') return granted(undefined);
    if (next.kind === 'stale')
      throw new Error(`The guard allowed ${asked.action}, the transition did not: ${next.why}`);
    const nextAt = isEnd(next.state) ? undefined : row.readAt;
    const recorded = await parts.store.deployments.record(row, event, next.state, { actor: identity.name, nextAt });
    if (recorded.kind !== 'recorded') continue;
    const lane = next.state.phase === 'rolling_back' ? 'rollback' : 'ordinary';
    wake(parts, row.id, recorded.sequence, lane);
    for (const woken of recorded.woken) wake(parts, woken.deploymentId, woken.sequence);
    return granted(undefined);
  }
  throw new Error('A deployment changed at every one of many attempts to act on it.');
}

function refusalOf(row: DeploymentRow, { action, seenSequence }: AskedAct): ReturnType<typeof refused> | undefined {
  const code = guard(row.state, action, {
    verdict: row.evidence?.verdict ?? null,
    sequence: row.sequence,
    ...(seenSequence === undefined ? {} : { seenSequence }),
  });
  if (!code) return undefined;
  const detail = code === 'sequence_stale' ? `You saw sequence ${seenSequence}, it is ${row.sequence} now.` : undefined;
  return refused(code, {
    detail: detail ?? `The deployment is ${row.phase}: "${action}" is not possible now (${code}).`,
    deploymentId: row.id,
  });
}
