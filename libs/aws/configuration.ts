import { isDeepStrictEqual } from 'node:util';
import type {
  FunctionConfiguration as LambdaConfiguration,
  UpdateFunctionConfigurationCommandInput,
} from '@aws-sdk/client-lambda';

/**
 * Everything `UpdateFunctionConfiguration` can change, in one shape in which two readings of the same configuration are
 * deeply equal: every member is present, what is not set is null (or empty), and what Lambda computes is left out.
 */
export interface FunctionConfiguration {
  readonly handler: string | null;
  readonly runtime: string | null;
  readonly role: string;
  readonly description: string;
  readonly memorySize: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Layer version ARNs, in order: the order decides which file wins. */
  readonly layers: readonly string[];
  readonly vpc: VpcSettings | null;
  readonly deadLetterArn: string | null;
  readonly kmsKeyArn: string | null;
  readonly tracing: string;
  readonly fileSystems: readonly { readonly arn: string; readonly mountPath: string }[];
  readonly image: ImageSettings | null;
  readonly ephemeralStorageMb: number;
  readonly snapStart: string;
  readonly logging: LoggingSettings;
  /** Passed through in Lambda's own shape, keys sorted. */
  readonly capacityProvider: Json | null;
  /** Passed through in Lambda's own shape, keys sorted. */
  readonly durable: Json | null;
}

export interface VpcSettings {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly ipv6AllowedForDualStack: boolean;
}

export interface ImageSettings {
  readonly command: readonly string[];
  readonly entryPoint: readonly string[];
  readonly workingDirectory: string | null;
}

export interface LoggingSettings {
  readonly format: string;
  readonly applicationLevel: string | null;
  readonly systemLevel: string | null;
  readonly group: string | null;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export function readConfiguration(answer: LambdaConfiguration): FunctionConfiguration {
  return {
    handler: answer.Handler || null,
    runtime: answer.Runtime || null,
    role: answer.Role ?? '',
    description: answer.Description ?? '',
    memorySize: answer.MemorySize ?? 128,
    timeoutSeconds: answer.Timeout ?? 3,
    environment: sortedKeys(answer.Environment?.Variables ?? {}) as Record<string, string>,
    layers: (answer.Layers ?? []).map((layer) => layer.Arn ?? ''),
    vpc: readVpc(answer.VpcConfig),
    deadLetterArn: answer.DeadLetterConfig?.TargetArn || null,
    kmsKeyArn: answer.KMSKeyArn || null,
    tracing: answer.TracingConfig?.Mode ?? 'PassThrough',
    fileSystems: (answer.FileSystemConfigs ?? []).map((one) => ({
      arn: one.Arn ?? '',
      mountPath: one.LocalMountPath ?? '',
    })),
    image: readImage(answer.ImageConfigResponse?.ImageConfig),
    ephemeralStorageMb: answer.EphemeralStorage?.Size ?? 512,
    snapStart: answer.SnapStart?.ApplyOn ?? 'None',
    logging: {
      format: answer.LoggingConfig?.LogFormat ?? 'Text',
      applicationLevel: answer.LoggingConfig?.ApplicationLogLevel ?? null,
      systemLevel: answer.LoggingConfig?.SystemLogLevel ?? null,
      group: answer.LoggingConfig?.LogGroup ?? (answer.FunctionName ? `/aws/lambda/${answer.FunctionName}` : null),
    },
    capacityProvider: answer.CapacityProviderConfig ? (sortedKeys(answer.CapacityProviderConfig) as Json) : null,
    durable: answer.DurableConfig ? (sortedKeys(answer.DurableConfig) as Json) : null,
  };
}

function readVpc(vpc: LambdaConfiguration['VpcConfig']): VpcSettings | null {
  const subnetIds = [...(vpc?.SubnetIds ?? [])].sort();
  const securityGroupIds = [...(vpc?.SecurityGroupIds ?? [])].sort();
  // A function that was taken out of its VPC answers with empty lists, one that never had any with no member at all.
  if (subnetIds.length === 0 && securityGroupIds.length === 0) return null;
  return { subnetIds, securityGroupIds, ipv6AllowedForDualStack: vpc?.Ipv6AllowedForDualStack ?? false };
}

function readImage(
  image: NonNullable<LambdaConfiguration['ImageConfigResponse']>['ImageConfig'],
): ImageSettings | null {
  const settings = {
    command: image?.Command ?? [],
    entryPoint: image?.EntryPoint ?? [],
    workingDirectory: image?.WorkingDirectory || null,
  };
  return settings.command.length + settings.entryPoint.length > 0 || settings.workingDirectory ? settings : null;
}

type UpdateInput = Omit<UpdateFunctionConfigurationCommandInput, 'FunctionName' | 'RevisionId'>;

/** One translation per member; null is sent in the form that clears the member, never left out. */
const TO_LAMBDA: { [K in keyof FunctionConfiguration]: (value: FunctionConfiguration[K]) => UpdateInput } = {
  handler: (value) => (value === null ? {} : { Handler: value }),
  runtime: (value) => (value === null ? {} : { Runtime: value as NonNullable<UpdateInput['Runtime']> }),
  role: (value) => ({ Role: value }),
  description: (value) => ({ Description: value }),
  memorySize: (value) => ({ MemorySize: value }),
  timeoutSeconds: (value) => ({ Timeout: value }),
  environment: (value) => ({ Environment: { Variables: { ...value } } }),
  layers: (value) => ({ Layers: [...value] }),
  vpc: (value) => ({
    VpcConfig: {
      SubnetIds: [...(value?.subnetIds ?? [])],
      SecurityGroupIds: [...(value?.securityGroupIds ?? [])],
      ...(value ? { Ipv6AllowedForDualStack: value.ipv6AllowedForDualStack } : {}),
    },
  }),
  deadLetterArn: (value) => ({ DeadLetterConfig: { TargetArn: value ?? '' } }),
  kmsKeyArn: (value) => ({ KMSKeyArn: value ?? '' }),
  tracing: (value) => ({ TracingConfig: { Mode: value as 'Active' | 'PassThrough' } }),
  fileSystems: (value) => ({
    FileSystemConfigs: value.map((one) => ({ Arn: one.arn, LocalMountPath: one.mountPath })),
  }),
  image: (value) => ({
    ImageConfig: value
      ? {
          Command: [...value.command],
          EntryPoint: [...value.entryPoint],
          ...(value.workingDirectory === null ? {} : { WorkingDirectory: value.workingDirectory }),
        }
      : {},
  }),
  ephemeralStorageMb: (value) => ({ EphemeralStorage: { Size: value } }),
  snapStart: (value) => ({ SnapStart: { ApplyOn: value as 'None' | 'PublishedVersions' } }),
  logging: (value) => ({
    LoggingConfig: {
      LogFormat: value.format as 'JSON' | 'Text',
      ...(value.applicationLevel === null ? {} : { ApplicationLogLevel: value.applicationLevel as 'INFO' }),
      ...(value.systemLevel === null ? {} : { SystemLogLevel: value.systemLevel as 'INFO' }),
      ...(value.group === null ? {} : { LogGroup: value.group }),
    },
  }),
  capacityProvider: (value) =>
    value === null
      ? {}
      : { CapacityProviderConfig: value as unknown as NonNullable<UpdateInput['CapacityProviderConfig']> },
  durable: (value) =>
    value === null ? {} : { DurableConfig: value as unknown as NonNullable<UpdateInput['DurableConfig']> },
};

/** Only the members named in the patch are sent; Lambda keeps the others. */
export function toConfigurationInput(patch: Partial<FunctionConfiguration>): UpdateInput {
  let input: UpdateInput = {};
  for (const key of Object.keys(TO_LAMBDA) as (keyof FunctionConfiguration)[]) {
    if (patch[key] !== undefined) input = { ...input, ...translate(key, patch) };
  }
  return input;
}

function translate<K extends keyof FunctionConfiguration>(key: K, patch: Partial<FunctionConfiguration>): UpdateInput {
  return TO_LAMBDA[key](patch[key] as FunctionConfiguration[K]);
}

export interface ConfigurationDifference {
  readonly member: string;
  readonly before: string;
  readonly after: string;
}

/**
 * What differs between two configurations, in words for people. Values of environment variables are never shown: a
 * difference only says which variable was added, removed or changed.
 */
export function configurationDifferences(
  before: FunctionConfiguration,
  after: FunctionConfiguration,
): ConfigurationDifference[] {
  const differences: ConfigurationDifference[] = [];
  for (const member of Object.keys(TO_LAMBDA) as (keyof FunctionConfiguration)[]) {
    if (member === 'environment' || isDeepStrictEqual(before[member], after[member])) continue;
    const one = JSON.stringify(sortedKeys(before[member]));
    const other = JSON.stringify(sortedKeys(after[member]));
    if (one !== other) differences.push({ member, before: one, after: other });
  }
  for (const name of new Set([...Object.keys(before.environment), ...Object.keys(after.environment)])) {
    const [one, other] = [before.environment[name], after.environment[name]];
    if (one === other) continue;
    differences.push({
      member: `environment.${name}`,
      before: presence(one),
      after: one && other ? 'changed' : presence(other),
    });
  }
  return differences;
}

const presence = (value: string | undefined) => (value === undefined ? 'absent' : 'set');

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sortedKeys(inner)]),
  );
}
