import { firstWeight } from '#analysis';
import type { Command } from '#rollout';
import { alarmsAtStart } from '../alarms-at-start.js';
import { capturedOf } from '../claim.js';
import { measuringOf } from '../evidence.js';
import { failed, readAgain } from '../faults.js';
import { policyOf, readBaseline, type Watching, watchingOf } from '../judging.js';
import { readFunction } from '../readings.js';
import { type Answer, happened, type Turn, wait } from '../turn.js';
import { SETTLE_POLL_MS } from './await-latest-settled.js';

/** A version receives no weight before it is active; with SnapStart that can take minutes. */
export async function awaitVersionActive(
  turn: Turn<Extract<Command, { type: 'AwaitVersionActive' }>>,
): Promise<Answer> {
  const { version } = turn.command;
  const answer = await readFunction(turn, version);
  if (!answer.ok) {
    if (answer.fault.retry !== 'never') return readAgain(answer.fault);
    return failed(turn.at(), 'version_not_found', `Version ${version} could not be read: ${answer.fault.public}`);
  }
  const { state, stateReason, lastUpdateStatus, lastUpdateReason } = answer.value;
  if (state === 'Failed' || lastUpdateStatus === 'Failed') {
    const why = stateReason ?? lastUpdateReason ?? 'Lambda gave no reason';
    return failed(turn.at(), 'version_failed', `Version ${version} did not become active: ${why}`);
  }
  if (state === 'Pending' || lastUpdateStatus === 'InProgress') return wait(SETTLE_POLL_MS);
  return activated(turn);
}

/** The last moment before traffic moves: the stable version's own figures are read and frozen for the judge. */
async function activated(turn: Turn): Promise<Answer> {
  const { state, parts, row } = turn;
  const alarms = await alarmsAtStart(turn);
  if (alarms && 'kind' in alarms) return alarms;
  const { point } = capturedOf(turn);
  const judged = state.plan.analysis !== null;
  const { history, coldStarts } = judged ? await readBaseline(turn, point.version) : { history: null };
  const policy = policyOf(state.plan, measuringOf(parts, row.target).periodSeconds, history);
  const known = history !== null && history.requestsPerSecond > 0;
  const first = state.plan.adaptive && known ? firstWeight(policy.ramp, history.requestsPerSecond) : undefined;
  const event = {
    type: 'VersionActivated',
    at: turn.at(),
    ...(first === undefined ? {} : { firstWeightPercent: first }),
  } as const;
  if (!history && !alarms) return happened(event);
  const watching: Watching = {
    ...watchingOf(undefined),
    history,
    ...(alarms ? { alarms } : {}),
    ...(coldStarts ? { coldStarts } : {}),
  };
  const sentence = history
    ? 'The stable version was measured; nothing of the new one has been seen yet.'
    : 'The alarms were read; nothing of the new version has been seen yet.';
  const evidence = { verdict: 'continue', sentence, numbers: {}, judge: watching, at: turn.at() } as const;
  return { ...happened(event), seen: { evidence, blocks: [] } };
}
