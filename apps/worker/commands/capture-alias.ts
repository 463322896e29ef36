import { aliasValueOf, aliasVanished } from '../alias-facts.js';
import { failed, readAgain } from '../faults.js';
import { isAnswer, readAlias } from '../readings.js';
import { type Answer, happened, type Turn } from '../turn.js';

/** What a restore starts from: the alias as it is now, so that the restore can be undone, and its token. */
export async function captureAlias(turn: Turn): Promise<Answer> {
  const alias = await readAlias(turn, 'rollback');
  if (isAnswer(alias)) return alias;
  if (alias.ok) {
    const { revisionId } = alias.value;
    const value = aliasValueOf(alias.value);
    return happened({ type: 'AliasCaptured', at: turn.at(), value, revisionId });
  }
  if (alias.fault.code === 'not_found') {
    return happened(aliasVanished(turn.row.target, turn.at()));
  }
  return alias.fault.retry === 'never'
    ? failed(turn.at(), 'write_refused', alias.fault.public)
    : readAgain(alias.fault);
}
