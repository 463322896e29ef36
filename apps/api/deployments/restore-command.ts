import type { TargetRow } from '#store';

/**
 * The AWS CLI command that puts a version back, for the day Sluice itself is down. Names are of Lambda's own alphabet
 * (the contract's patterns), so nothing in them needs quoting. `endpointUrl`: where Lambda is, when it is not AWS.
 */
export function restoreCommand(
  target: Pick<TargetRow, 'functionName' | 'aliasName' | 'region'>,
  version: string,
  endpointUrl?: string | undefined,
): string {
  return [
    `aws ${endpointUrl ? `--endpoint-url ${endpointUrl} ` : ''}lambda update-alias`,
    `--function-name ${target.functionName}`,
    `--name ${target.aliasName}`,
    `--function-version ${version}`,
    `--routing-config '{"AdditionalVersionWeights":{}}'`,
    `--region ${target.region}`,
  ].join(' ');
}
