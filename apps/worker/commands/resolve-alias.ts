import { interpretAlias, type MovingState } from '#rollout';
import { aliasValueOf, aliasVanished } from '../alias-facts.js';
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
    return happened(aliasVanished(turn.row.target, turn.at()));
  }
  const seen = { value: aliasValueOf(alias.value), revisionId: alias.value.revisionId };
  const event = interpretAlias(state, seen, turn.at());
  return event ? happened(event) : wait(0);
}
