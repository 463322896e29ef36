/**
 * What an alias holds: its primary version and at most one canary with a share of the traffic.
 * `weightPercent` runs from 0 to 100 with up to 3 decimals; Lambda's own 0..1 never appears here.
 */
export interface AliasValue {
  readonly version: string;
  readonly canary?: { readonly version: string; readonly weightPercent: number };
}

/** Weights closer than this are the same weight: Lambda stores them as binary fractions. */
const WEIGHT_EPSILON = 0.0005;

export function sameAliasValue(left: AliasValue, right: AliasValue): boolean {
  if (left.version !== right.version) return false;
  if (!left.canary || !right.canary) return !left.canary && !right.canary;
  return (
    left.canary.version === right.canary.version &&
    Math.abs(left.canary.weightPercent - right.canary.weightPercent) < WEIGHT_EPSILON
  );
}

/** "100 % on version 3" or "90 % on version 3, 10 % on version 4". */
export function describeAliasValue(value: AliasValue): string {
  if (!value.canary) return `100 % on version ${value.version}`;
  const { version, weightPercent } = value.canary;
  return `${formatWeight(100 - weightPercent)} % on version ${value.version}, ${formatWeight(weightPercent)} % on version ${version}`;
}

/** At most three decimals, without trailing zeros. */
export function formatWeight(weightPercent: number): string {
  return String(Number(weightPercent.toFixed(3)));
}

/** The share of traffic that `version` receives, 0–100. */
export function weightOf(value: AliasValue, version: string): number {
  if (value.canary?.version === version) return value.canary.weightPercent;
  return value.version === version ? 100 - (value.canary?.weightPercent ?? 0) : 0;
}
