import { interpretAlias, type MovingState } from '#rollout';
import { readAgain } from '../faults.js';
import { isAnswer, readAlias } from '../readings.js';
import { type Answer, happened, type Turn, wait } from '../turn.js';

/**
 * Reads the alias and says what that means: our write landed, it did not, or somebody else was there. Also the look
 * that confirms a weight after a late wake-up.
 */
export async function resolveAlias(turn: Turn, state: MovingState): Promise<Answer> {
  const alias = await readAlias(turn, state.phase === 'rolling_back' ? 'rollback' : 'ordinary');
  if (isAnswer(alias)) return alias;
  if (!alias.ok) {
    if (alias.fault.code !== 'not_found') return readAgain(alias.fault);
    const sentence = `The alias ${turn.row.target.aliasName} of ${turn.fn.functionName} no longer exists.`;
    return happened({ type: 'TargetVanished', at: turn.at(), reason: { code: 'target_gone', sentence } });
  }
  const { version, canary, revisionId } = alias.value;
  const event = interpretAlias(state, { value: { version, ...(canary ? { canary } : {}) }, revisionId }, turn.at());
  return event ? happened(event) : wait(0);
}
