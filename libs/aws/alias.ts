import type { AliasConfiguration } from '@aws-sdk/client-lambda';

/** What an alias holds. `weightPercent` is 0–100; Lambda's 0..1 exists only inside this library. */
export interface AliasValue {
  readonly version: string;
  readonly canary?: { readonly version: string; readonly weightPercent: number };
}

export interface AliasReading extends AliasValue {
  readonly revisionId: string;
  readonly description: string;
  /** How many further versions the routing configuration names. Lambda allows one; `canary` is the first of them. */
  readonly additional: number;
}

/** Percent → Lambda's share, rounded so that 0.7 % is sent as 0.007 and not as 0.006999999999999999. */
export function toLambdaWeight(weightPercent: number): number {
  return Number((weightPercent / 100).toFixed(8));
}

/** Lambda's share → percent, kept to six decimals so that a weight somebody set by hand is not rounded into ours. */
export function toWeightPercent(share: number): number {
  return Number((share * 100).toFixed(6));
}

/** Routing is always sent: leaving the member out may keep the weights that are there. */
export function toRoutingConfig(wanted: AliasValue): { AdditionalVersionWeights: Record<string, number> } {
  if (!wanted.canary) return { AdditionalVersionWeights: {} };
  return { AdditionalVersionWeights: { [wanted.canary.version]: toLambdaWeight(wanted.canary.weightPercent) } };
}

/** Returns undefined when the answer lacks what every alias has. */
export function readAlias(answer: AliasConfiguration): AliasReading | undefined {
  if (!answer.FunctionVersion || !answer.RevisionId) return undefined;
  const extra = Object.entries(answer.RoutingConfig?.AdditionalVersionWeights ?? {});
  const first = extra[0];
  return {
    version: answer.FunctionVersion,
    ...(first ? { canary: { version: first[0], weightPercent: toWeightPercent(first[1] ?? 0) } } : {}),
    revisionId: answer.RevisionId,
    description: answer.Description ?? '',
    additional: extra.length,
  };
}
