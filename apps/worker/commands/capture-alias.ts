import { failed, readAgain } from '../faults.js';
import { isAnswer, readAlias } from '../readings.js';
import { type Answer, happened, type Turn } from '../turn.js';

/** What a restore starts from: the alias as it is now, so that the restore can be undone, and its token. */
export async function captureAlias(turn: Turn): Promise<Answer> {
  const alias = await readAlias(turn, 'rollback');
  if (isAnswer(alias)) return alias;
  if (alias.ok) {
    const { version, canary, revisionId } = alias.value;
    const value = { version, ...(canary ? { canary } : {}) };
    return happened({ type: 'AliasCaptured', at: turn.at(), value, revisionId });
  }
  if (alias.fault.code === 'not_found') {
    const sentence = `The alias ${turn.row.target.aliasName} of ${turn.fn.functionName} no longer exists.`;
    return happened({ type: 'TargetVanished', at: turn.at(), reason: { code: 'target_gone', sentence } });
  }
  return alias.fault.retry === 'never'
    ? failed(turn.at(), 'write_refused', alias.fault.public)
    : readAgain(alias.fault);
}
