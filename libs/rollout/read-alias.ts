import { type AliasValue, describeAliasValue, sameAliasValue } from './alias-value.js';
import type { Fact } from './event.js';
import { isBakeState, isLate } from './moving.js';
import type { MovingState } from './state.js';

export interface AliasSeen {
  readonly value: AliasValue;
  readonly revisionId: string;
}

/**
 * What a read of the alias means for a deployment: its write has landed, its write has not, nothing changed
 * (`undefined`), or somebody else moved the alias. Only values that may still be in flight count as ours: everything
 * claimed since the last confirmation; an older value of ours that reappears was put there by somebody.
 */
export function interpretAlias(state: MovingState, seen: AliasSeen, at: number): Fact | undefined {
  const { claim } = state;
  if (!claim?.wanted) return interpretIdle(state, seen, at);
  const landed = sameAliasValue(seen.value, claim.wanted);
  // A restore is over only when the token it used is dead: until then an older write could still land.
  if (landed && (claim.command !== 'Restore' || seen.revisionId !== claim.token)) return landedEvent(state, seen, at);
  const ours = state.intents.some((intent) => sameAliasValue(intent, seen.value));
  return ours ? { type: 'AliasConfirmed', at, ...seen } : drift(claim.wanted, seen, at);
}

function interpretIdle(state: MovingState, seen: AliasSeen, at: number): Fact | undefined {
  if (!isBakeState(state)) return undefined;
  if (!sameAliasValue(seen.value, state.value)) return drift(state.value, seen, at);
  const known = seen.revisionId === state.revisionId && !isLate(state, at);
  return known ? undefined : { type: 'AliasConfirmed', at, ...seen };
}

function landedEvent(state: MovingState, seen: AliasSeen, at: number): Fact {
  const type = state.phase === 'rolling_back' ? 'Restored' : state.phase === 'promoting' ? 'Promoted' : 'WeightShifted';
  return { type, at, ...seen };
}

function drift(expected: AliasValue, seen: AliasSeen, at: number): Fact {
  return { type: 'AliasDrifted', at, expected, observed: seen.value, observedRevisionId: seen.revisionId };
}

/** One line that says who holds what: "expected 90 % on version 1, 10 % on version 2; found 100 % on version 3". */
export function describeDrift(expected: AliasValue, observed: AliasValue): string {
  return `expected ${describeAliasValue(expected)}; found ${describeAliasValue(observed)}`;
}
