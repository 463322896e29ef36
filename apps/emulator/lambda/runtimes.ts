import { invalidParameter } from './errors.js';

/** The runtimes the service offers, in the order in which its refusal lists them. */
const OFFERED =
  'nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2'.split(
    ', ',
  );

/** In the model, though not yet in the refusal's list: newer than it. */
const NEWER = new Set(['nodejs26.x', 'python3.15', 'ruby4.0', 'java8.al2023', 'java11.al2023', 'java17.al2023']);

/** In the model, but closed for creating and updating. */
const RETIRED = new Set([
  ...['nodejs', 'nodejs4.3', 'nodejs6.10', 'nodejs8.10', 'nodejs10.x', 'nodejs12.x', 'nodejs14.x', 'nodejs4.3-edge'],
  ...['python2.7', 'python3.6', 'python3.7', 'java8', 'go1.x', 'ruby2.5', 'ruby2.7', 'provided'],
  ...['dotnetcore1.0', 'dotnetcore2.0', 'dotnetcore2.1', 'dotnetcore3.1'],
]);

export function checkRuntime(runtime: string): void {
  if (RETIRED.has(runtime))
    throw invalidParameter(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  if (!OFFERED.includes(runtime) && !NEWER.has(runtime))
    throw invalidParameter(
      `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${OFFERED.join(', ')}] or be a valid ARN`,
    );
}

/** SnapStart exists for Java 11 and newer, Python 3.12 and newer, and .NET 8 and newer. */
export function snapStartRuns(runtime: string): boolean {
  const [, family, number] = /^(java|python3\.|dotnet)(\d+)/.exec(runtime) ?? [];
  const least: Record<string, number> = { java: 11, 'python3.': 12, dotnet: 8 };
  return family !== undefined && Number(number) >= (least[family] ?? Number.POSITIVE_INFINITY);
}
