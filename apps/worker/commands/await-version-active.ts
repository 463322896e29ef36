import type { Command } from '#rollout';
import { failed, readAgain } from '../faults.js';
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
  return happened({ type: 'VersionActivated', at: turn.at() });
}
