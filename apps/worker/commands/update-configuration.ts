import type { Command } from '#rollout';
import { writeFault } from '../faults.js';
import { type Answer, happened, type Turn } from '../turn.js';
import { configurationPatch } from '../wanted.js';
import type { Change } from './change-function.js';

/** Sends the members in which `$LATEST` differs from what is wanted; the token is the one captured before the claim. */
export async function updateConfiguration(
  turn: Turn<Extract<Command, { type: 'UpdateConfiguration' }>>,
  change: Change,
  timeoutMs: number,
): Promise<Answer> {
  const patch = configurationPatch(change.latest.configuration, change.wanted.configuration);
  const fence = { revisionId: turn.command.token };
  const options = { timeoutMs, signal: turn.signal };
  const answer = await turn.parts.lambda.updateFunctionConfiguration(turn.fn, patch, fence, options);
  return answer.ok ? happened({ type: 'ConfigurationUpdated', at: turn.at() }) : writeFault(answer.fault, turn.at());
}
