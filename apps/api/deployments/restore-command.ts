import type { TargetRow } from '#store';

/**
 * The AWS CLI command that puts a version back, for the day Sluice itself is down. Names are of Lambda's own alphabet
 * (the contract's patterns), so nothing in them needs quoting.
 */
export function restoreCommand(
  target: Pick<TargetRow, 'functionName' | 'aliasName' | 'region'>,
  version: string,
): string {
  return [
    'aws lambda update-alias',
    `--function-name ${target.functionName}`,
    `--name ${target.aliasName}`,
    `--function-version ${version}`,
    `--routing-config '{"AdditionalVersionWeights":{}}'`,
    `--region ${target.region}`,
  ].join(' ');
}
