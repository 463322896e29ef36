import { accessDenied, invalidParameter, notFound } from './errors.js';

/** Whose functions, and where: read from the request's signature. */
export interface Place {
  account: string;
  region: string;
}

/** A function as a caller named it: bare name, partial ARN or full ARN, with at most one qualifier. */
export interface FunctionName {
  name: string;
  /** `$LATEST`, a version number or an alias; undefined when the caller gave none. */
  qualifier: string | undefined;
}

const LOCATOR =
  /^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:((?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9-_.]+)(?::(\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$/;

export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

export function lambdaArn(place: Place, resource: string): string {
  return `arn:${partitionOf(place.region)}:lambda:${place.region}:${place.account}:${resource}`;
}

export function functionArn(place: Place, name: string, qualifier?: string): string {
  return lambdaArn(place, `function:${name}${qualifier === undefined ? '' : `:${qualifier}`}`);
}

/** Splits what the caller wrote and refuses another region's or account's function and contradicting qualifiers. */
export function readFunctionName(place: Place, written: string, qualifierParameter?: string): FunctionName {
  const parts = LOCATOR.exec(written);
  if (!parts?.[3]) throw notFound(`Function not found: ${functionArn(place, written)}`);
  const [, region, account, name, ownQualifier] = parts;
  if (region && region !== place.region)
    throw notFound(`Functions from '${region}' are not reachable in this region ('${place.region}')`);
  if (account && account !== place.account)
    throw accessDenied(
      `User: arn:${partitionOf(place.region)}:iam::${place.account}:root is not authorized to perform this operation on resource: ${functionArn({ ...place, account }, name)}`,
    );
  if (ownQualifier && qualifierParameter && ownQualifier !== qualifierParameter)
    throw invalidParameter('The derived qualifier from the function name does not match the specified qualifier.');
  return { name, qualifier: qualifierParameter ?? ownQualifier };
}

/** For operations on the whole function, which neither versions nor aliases have. */
export function readUnqualifiedName(place: Place, written: string, latestAllowed = false): string {
  const { name, qualifier } = readFunctionName(place, written);
  if (qualifier !== undefined && !(latestAllowed && qualifier === '$LATEST'))
    throw invalidParameter(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    );
  return name;
}

/** A whole number names a version; anything else but `$LATEST` names an alias. */
export const isVersionNumber = (qualifier: string) => /^\d+$/.test(qualifier);
