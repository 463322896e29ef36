import type { AliasReading } from '#aws';
import { type AliasWrite, type Fact, sameAliasValue } from '#rollout';
import { aliasVanished } from '../alias-facts.js';
import { writeFault } from '../faults.js';
import { LEAST_CALL_MS } from '../lease.js';
import { isAnswer, readAlias, readFunction, takeSlot } from '../readings.js';
import { type Answer, happened, type Turn } from '../turn.js';

const LANDED = { ShiftWeight: 'WeightShifted', Promote: 'Promoted', Restore: 'Restored' } as const;

const TOKEN_ALIVE = 'Lambda gave no new token for the same alias value, and there was no room yet for a second write.';

const laneOf = ({ type }: AliasWrite) => (type === 'Restore' ? 'rollback' : 'ordinary');

/** The one write that moves traffic. What it set and what it answers are two facts; both must agree. */
export async function writeAlias(turn: Turn<AliasWrite>, timeoutMs: number): Promise<Answer> {
  const { command, fn, row } = turn;
  const { lambda, clock } = turn.parts;
  const begin = clock.monotonic();
  const fence = { revisionId: command.token };
  const call = { timeoutMs, signal: turn.signal };
  let answer = await lambda.updateAlias(fn, row.target.aliasName, command.wanted, fence, call);
  if (answer.ok && answer.value.revisionId === command.token) {
    // The endpoint gave no new token for equal content. An older write under the same token could still land: change
    // something nobody reads, so that the token dies.
    const full = await takeSlot(turn, laneOf(command));
    const left = timeoutMs - (clock.monotonic() - begin);
    // The lease holds for both calls together; without room for the second the claim is resolved, which comes back here.
    if (full || left < LEAST_CALL_MS) return happened({ type: 'OutcomeUnknown', at: turn.at(), sentence: TOKEN_ALIVE });
    const description = `restored by sluice ${row.id}`;
    const second = { ...call, timeoutMs: left };
    answer = await lambda.updateAlias(fn, row.target.aliasName, command.wanted, { ...fence, description }, second);
  }
  if (answer.ok) return happened(landed(turn, answer.value));
  if (answer.fault.code === 'not_found') return whatIsGone(turn);
  return writeFault(answer.fault, turn.at());
}

function landed(turn: Turn<AliasWrite>, { version, canary, revisionId }: AliasReading): Fact {
  const { wanted, type } = turn.command;
  const value = { version, ...(canary ? { canary } : {}) };
  if (sameAliasValue(value, wanted)) return { type: LANDED[type], at: turn.at(), value: wanted, revisionId };
  return {
    type: 'OutcomeUnknown',
    at: turn.at(),
    sentence: 'Lambda answered with another alias value than was written.',
  };
}

/**
 * "Not found" may mean the alias, the function, or a version that somebody deleted. The version is looked up first: that
 * costs no slot of the budget, so a crowded budget cannot send the same hopeless write round and round.
 */
async function whatIsGone(turn: Turn<AliasWrite>): Promise<Answer> {
  const { row, command } = turn;
  const version = command.wanted.canary?.version ?? command.wanted.version;
  const reading = await readFunction(turn, version);
  const alias = await readAlias(turn, laneOf(command));
  const at = turn.at();
  if (!isAnswer(alias) && !alias.ok && alias.fault.code === 'not_found') {
    return happened(aliasVanished(row.target, at));
  }
  if (!reading.ok && reading.fault.code === 'not_found') {
    const gone = command.type === 'Restore' ? 'rollback_point_gone' : 'version_not_found';
    return happened({
      type: 'WriteRefused',
      at,
      reason: { code: gone, sentence: `Version ${version} no longer exists.` },
    });
  }
  // No room in the budget: the claim stays, and resolving it reads the alias.
  if (isAnswer(alias)) return alias;
  return happened({
    type: 'OutcomeUnknown',
    at,
    sentence: 'Lambda answered "not found" although everything is there.',
  });
}
