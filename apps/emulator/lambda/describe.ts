import { createHash } from 'node:crypto';
import { lambdaTime } from '../clock.js';
import {
  type AliasRecord,
  type FunctionRecord,
  type Settings,
  type VersionRecord,
  weightsInForce,
} from '../world/records.js';
import { functionArn, type Place, partitionOf } from './names.js';

const present = (value: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));

export const placeOf = (fn: FunctionRecord): Place => ({ account: fn.account, region: fn.region });

/** Which runtime build runs the function: stable per runtime, in the spelling of AWS's ARNs. */
function runtimeVersion(fn: FunctionRecord, runtime: string) {
  const id = createHash('sha256').update(runtime).digest('hex');
  return { RuntimeVersionArn: `arn:${partitionOf(fn.region)}:lambda:${fn.region}::runtime:${id}` };
}

function settingsAnswer(settings: Settings, published: boolean): Record<string, unknown> {
  const vpc = settings.vpcConfig;
  return {
    Runtime: settings.runtime,
    Role: settings.role,
    Handler: settings.handler,
    CodeSize: settings.codeSize,
    Description: settings.description,
    Timeout: settings.timeout,
    MemorySize: settings.memorySize,
    CodeSha256: settings.codeSha256,
    VpcConfig: vpc && { ...vpc, VpcId: vpc.SubnetIds.length > 0 ? 'vpc-0a1b2c3d4e5f60718' : '' },
    DeadLetterConfig: settings.deadLetterArn === undefined ? undefined : { TargetArn: settings.deadLetterArn },
    Environment: settings.environment && { Variables: settings.environment },
    KMSKeyArn: settings.kmsKeyArn,
    TracingConfig: { Mode: settings.tracingMode },
    Layers: settings.layers.length > 0 ? settings.layers.map((Arn) => ({ Arn, CodeSize: 0 })) : undefined,
    FileSystemConfigs: settings.fileSystems.length > 0 ? settings.fileSystems : undefined,
    ImageConfigResponse: settings.imageConfig && { ImageConfig: settings.imageConfig },
    PackageType: settings.packageType,
    Architectures: settings.architectures,
    EphemeralStorage: { Size: settings.ephemeralStorage },
    SnapStart: {
      ApplyOn: settings.snapStart,
      OptimizationStatus: published && settings.snapStart === 'PublishedVersions' ? 'On' : 'Off',
    },
    LoggingConfig: settings.logging,
  };
}

/** A function's or version's configuration without its state: what the list operations show. */
export function describeListed(fn: FunctionRecord, version: VersionRecord, qualifier?: string) {
  return present({
    FunctionName: fn.name,
    FunctionArn: functionArn(placeOf(fn), fn.name, qualifier),
    ...settingsAnswer(version.settings, version.version !== '$LATEST'),
    LastModified: lambdaTime(version.modifiedAt),
    Version: version.version,
    RevisionId: version.revisionId,
  });
}

/** The whole configuration, state included. `qualifier` is what the caller asked by: it is part of the ARN shown. */
export function describeVersion(fn: FunctionRecord, version: VersionRecord, qualifier?: string) {
  const runtime = version.settings.runtime;
  return present({
    ...describeListed(fn, version, qualifier),
    RuntimeVersionConfig: runtime === undefined ? undefined : runtimeVersion(fn, runtime),
    State: version.state,
    StateReason: version.stateReason,
    StateReasonCode: version.stateReasonCode,
    LastUpdateStatus: version.updateStatus,
    LastUpdateStatusReason: version.updateReason,
    LastUpdateStatusReasonCode: version.updateReasonCode,
  });
}

export function describeAlias(fn: FunctionRecord, alias: AliasRecord) {
  const weights = weightsInForce(alias);
  return present({
    AliasArn: functionArn(placeOf(fn), fn.name, alias.name),
    Name: alias.name,
    FunctionVersion: alias.functionVersion,
    Description: alias.description,
    RoutingConfig: Object.keys(weights).length > 0 ? { AdditionalVersionWeights: weights } : undefined,
    RevisionId: alias.revisionId,
  });
}
