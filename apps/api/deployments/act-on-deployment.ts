import { type Act, type Action, type GuardCode, guard, isEnd, mayLandUntil, transition } from '#rollout';
import type { DeploymentRow } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { Identity } from '../keys/check-key.js';
import type { ApiParts } from '../parts.js';
import { missingDeployment } from './missing-deployment.js';
import { isoTime } from './value-view.js';
import { wake } from './wake.js';

export interface AskedAct {
  readonly action: Action;
  /** The event it becomes; the time and the name of whoever asks are filled in. */
  readonly event: (asked: { at: number; by: string }) => Act;
  /** The sequence the person saw, for the acts that must name it. */
  readonly seenSequence?: number;
}

/** Workers write to the same row: after this many lost races it is held, so that a person is always heard. */
const MOST_RACES = 5;

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
  const { deployments } = parts.store;
  for (let race = 0; race < MOST_RACES; race += 1) {
    const ended = await act(identity, asked, await deployments.get(identity.projectId, id), deployments.record);
    if (ended !== 'lost') return concluded(parts, identity, id, ended);
  }
  const ended = await deployments.hold(identity.projectId, id, (row, record) => act(identity, asked, row, record));
  if (ended === 'lost') throw new Error('A deployment changed while it was held.');
  return concluded(parts, identity, id, ended);
}

/** What to wake once it is written. */
interface Acted {
  readonly lane: 'rollback' | 'ordinary';
  readonly wakes: readonly { readonly deploymentId: string; readonly sequence: number }[];
}

type ActEnd = Acted | 'unchanged' | 'missing' | ReturnType<typeof refused>;

async function act(
  identity: Identity,
  asked: AskedAct,
  row: DeploymentRow | undefined,
  record: ApiParts['store']['deployments']['record'],
): Promise<ActEnd | 'lost'> {
  if (!row) return 'missing';
  const refusal = refusalOf(row, asked);
  if (refusal) return refusal;
  const event = asked.event({ at: row.readAt, by: identity.name });
  const next = transition(row.state, event);
  if (next.kind === 'unchanged') return 'unchanged';
  if (next.kind === 'stale') throw new Error(`The guard allowed ${asked.action}, the transition did not: ${next.why}`);
  const nextAt = isEnd(next.state) ? undefined : row.readAt;
  const recorded = await record(row, event, next.state, { actor: identity.name, nextAt });
  if (recorded.kind !== 'recorded') return 'lost';
  const lane = next.state.phase === 'rolling_back' ? 'rollback' : 'ordinary';
  return { lane, wakes: [{ deploymentId: row.id, sequence: recorded.sequence }, ...recorded.woken] };
}

async function concluded(parts: ApiParts, identity: Identity, id: string, ended: ActEnd): Promise<Outcome<void>> {
  if (ended === 'missing') return missingDeployment(parts.store, identity.projectId, id);
  if (ended === 'unchanged') return granted(undefined);
  if (!('wakes' in ended)) return ended;
  for (const { deploymentId, sequence } of ended.wakes)
    wake(parts, deploymentId, sequence, deploymentId === id ? ended.lane : 'turn');
  return granted(undefined);
}

function refusalOf(row: DeploymentRow, asked: AskedAct): ReturnType<typeof refused> | undefined {
  const { action, seenSequence } = asked;
  const code = guard(row.state, action, {
    verdict: row.evidence?.verdict ?? null,
    sequence: row.sequence,
    at: row.readAt,
    ...(seenSequence === undefined ? {} : { seenSequence }),
  });
  if (!code) return undefined;
  return refused(code, { detail: detailOf(code, row, asked), deploymentId: row.id });
}

function detailOf(code: GuardCode, row: DeploymentRow, { action, seenSequence }: AskedAct): string {
  if (code === 'sequence_stale') return `You saw sequence ${seenSequence}, it is ${row.sequence} now.`;
  const until = mayLandUntil(row.state, row.readAt);
  if (code === 'write_may_land' && until !== undefined)
    return `A write to Lambda was never answered and may still move the alias until ${isoTime(until)}; until then "${action}" would leave it to nobody.`;
  return `The deployment is ${row.phase}: "${action}" is not possible now (${code}).`;
}
