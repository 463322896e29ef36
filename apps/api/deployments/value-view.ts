import type { AliasValue } from '#rollout';

/** ISO 8601 in UTC of database milliseconds. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

export function isoOrNull(at: number | undefined): string | null {
  return at === undefined ? null : isoTime(at);
}

export function aliasView(value: AliasValue) {
  const { version, canary } = value;
  return canary ? { version, canary: { version: canary.version, weightPercent: canary.weightPercent } } : { version };
}
