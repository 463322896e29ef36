import type { AliasReading } from '#aws';
import type { AliasValue, Fact } from '#rollout';
import type { TargetRow } from '#store';

/** A reading without what belongs to the read alone: what can be compared with an intent. */
export function aliasValueOf({ version, canary }: AliasReading): AliasValue {
  return { version, ...(canary ? { canary } : {}) };
}

/** The alias, or its function, is gone: nothing is created in its place. */
export function aliasVanished({ aliasName, functionName }: TargetRow, at: number): Fact {
  const sentence = `The alias ${aliasName} of ${functionName} no longer exists.`;
  return { type: 'TargetVanished', at, reason: { code: 'target_gone', sentence } };
}
