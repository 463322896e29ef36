import type { Settings } from '../world/records.js';
import { invalidParameter } from './errors.js';
import type { Place } from './names.js';
import { checkRuntime, snapStartRuns } from './runtimes.js';

/** Configuration members that CreateFunction and UpdateFunctionConfiguration have in common. */
export interface ConfigurationInput {
  Role?: string;
  Handler?: string;
  Description?: string;
  Timeout?: number;
  MemorySize?: number;
  VpcConfig?: { SubnetIds?: string[]; SecurityGroupIds?: string[]; Ipv6AllowedForDualStack?: boolean };
  Environment?: { Variables?: Record<string, string> };
  Runtime?: string;
  DeadLetterConfig?: { TargetArn?: string };
  KMSKeyArn?: string;
  TracingConfig?: { Mode?: string };
  Layers?: string[];
  FileSystemConfigs?: Record<string, unknown>[];
  ImageConfig?: Record<string, unknown>;
  EphemeralStorage?: { Size: number };
  SnapStart?: { ApplyOn?: string };
  LoggingConfig?: { LogFormat?: string; ApplicationLogLevel?: string; SystemLogLevel?: string; LogGroup?: string };
}

const ENVIRONMENT_LIMIT = 4096;

const RESERVED_VARIABLES = new Set(
  [
    '_HANDLER _X_AMZN_TRACE_ID AWS_DEFAULT_REGION AWS_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_NAME',
    'AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE',
    'AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN AWS_LAMBDA_RUNTIME_API LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR',
  ].flatMap((line) => line.split(' ')),
);

function checkEnvironment(variables: Record<string, string>): void {
  const reserved = Object.keys(variables).filter((name) => RESERVED_VARIABLES.has(name));
  if (reserved.length > 0)
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) > ENVIRONMENT_LIMIT)
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${measured}`,
    );
}

const layerOf = (versionArn: string) => versionArn.slice(0, versionArn.lastIndexOf(':'));

function checkLayers(place: Place, layers: string[]): void {
  if (layers.length > 5) throw invalidParameter('Cannot reference more than 5 layers.');
  for (const layer of layers) {
    const region = layer.split(':')[3];
    if (region && region !== place.region)
      throw invalidParameter(
        `Layers are not in the same region as the function. Layers are expected to be in region ${place.region}.`,
      );
  }
  layers.forEach((layer, index) => {
    const twin = layers.slice(0, index).find((earlier) => layerOf(earlier) === layerOf(layer));
    if (twin)
      throw invalidParameter(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${twin} and ${layer} are versions of the same layer.`,
      );
  });
}

function checkDeadLetter(arn: string): void {
  const service = arn.split(':')[2];
  if (service !== 'sqs' && service !== 'sns')
    throw invalidParameter(
      'Invalid dead letter target. Only Amazon SQS queues and Amazon SNS topics are supported as dead letter targets.',
    );
}

function loggingAfter(before: Settings['logging'], wish: ConfigurationInput['LoggingConfig']): Settings['logging'] {
  if (!wish) return before;
  const format = wish.LogFormat ?? before.LogFormat;
  const group = wish.LogGroup ?? before.LogGroup;
  if (format === 'Text') {
    if (wish.ApplicationLogLevel !== undefined || wish.SystemLogLevel !== undefined)
      throw invalidParameter(
        'Log level filtering is only supported for JSON log format. Set LogFormat to JSON to use ApplicationLogLevel or SystemLogLevel.',
      );
    return { LogFormat: 'Text', LogGroup: group };
  }
  return {
    LogFormat: 'JSON',
    ApplicationLogLevel: wish.ApplicationLogLevel ?? before.ApplicationLogLevel ?? 'INFO',
    SystemLogLevel: wish.SystemLogLevel ?? before.SystemLogLevel ?? 'INFO',
    LogGroup: group,
  };
}

export function initialLogging(name: string): Settings['logging'] {
  return { LogFormat: 'Text', LogGroup: `/aws/lambda/${name}` };
}

/** The settings after a caller's wish, or a refusal. Members that the caller left out stay as they are. */
export function settingsAfter(place: Place, before: Settings, wish: ConfigurationInput): Settings {
  const after: Settings = { ...before };
  if (wish.Runtime !== undefined) {
    checkRuntime(wish.Runtime);
    after.runtime = wish.Runtime;
  }
  after.role = wish.Role ?? before.role;
  after.handler = wish.Handler ?? before.handler;
  after.description = wish.Description ?? before.description;
  after.timeout = wish.Timeout ?? before.timeout;
  after.memorySize = wish.MemorySize ?? before.memorySize;
  after.tracingMode = wish.TracingConfig?.Mode ?? before.tracingMode;
  after.ephemeralStorage = wish.EphemeralStorage?.Size ?? before.ephemeralStorage;
  after.fileSystems = wish.FileSystemConfigs ?? before.fileSystems;
  after.logging = loggingAfter(before.logging, wish.LoggingConfig);
  if (wish.KMSKeyArn !== undefined) after.kmsKeyArn = wish.KMSKeyArn === '' ? undefined : wish.KMSKeyArn;
  if (wish.ImageConfig !== undefined)
    after.imageConfig = Object.keys(wish.ImageConfig).length > 0 ? wish.ImageConfig : undefined;
  applyEnvironment(after, wish);
  applyNetwork(place, after, wish);
  applySnapStart(after, wish);
  return after;
}

function applyEnvironment(after: Settings, wish: ConfigurationInput): void {
  if (wish.Environment === undefined) return;
  const variables = wish.Environment.Variables;
  if (variables) checkEnvironment(variables);
  after.environment = variables;
}

function applyNetwork(place: Place, after: Settings, wish: ConfigurationInput): void {
  if (wish.DeadLetterConfig !== undefined) {
    const arn = wish.DeadLetterConfig.TargetArn;
    if (arn) checkDeadLetter(arn);
    after.deadLetterArn = arn || undefined;
  }
  if (wish.Layers !== undefined) {
    checkLayers(place, wish.Layers);
    after.layers = wish.Layers;
  }
  if (wish.VpcConfig !== undefined)
    after.vpcConfig = {
      SubnetIds: wish.VpcConfig.SubnetIds ?? [],
      SecurityGroupIds: wish.VpcConfig.SecurityGroupIds ?? [],
      Ipv6AllowedForDualStack: wish.VpcConfig.Ipv6AllowedForDualStack ?? false,
    };
}

function applySnapStart(after: Settings, wish: ConfigurationInput): void {
  const applyOn = wish.SnapStart?.ApplyOn;
  if (applyOn === undefined) return;
  if (applyOn === 'PublishedVersions' && after.runtime !== undefined && !snapStartRuns(after.runtime))
    throw invalidParameter(`${after.runtime} is not supported for SnapStart enabled functions.`);
  after.snapStart = applyOn;
}
