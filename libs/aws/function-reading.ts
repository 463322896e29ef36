import type { FunctionConfiguration as LambdaConfiguration } from '@aws-sdk/client-lambda';
import { type FunctionConfiguration, readConfiguration } from './configuration.js';

/** `Unknown` only in lists, where Lambda leaves the state out. */
export type FunctionState =
  | 'Pending'
  | 'Active'
  | 'Inactive'
  | 'Failed'
  | 'Deactivating'
  | 'Deactivated'
  | 'ActiveNonInvocable'
  | 'Deleting'
  | 'Unknown';
export type UpdateStatus = 'InProgress' | 'Successful' | 'Failed' | 'Unknown';

/** `$LATEST` or one published version, as it was when it was read. */
export interface FunctionReading {
  readonly version: string;
  readonly codeSha256: string;
  readonly revisionId: string;
  readonly state: FunctionState;
  readonly stateReason?: string;
  readonly stateReasonCode?: string;
  readonly lastUpdateStatus: UpdateStatus;
  readonly lastUpdateReason?: string;
  readonly lastUpdateReasonCode?: string;
  readonly packageType: 'Zip' | 'Image';
  /** Set with the code, not with the configuration: `UpdateFunctionCode` is what changes it. */
  readonly architectures: readonly string[];
  readonly configuration: FunctionConfiguration;
  /** As Lambda answered it; names account, region and qualifier. */
  readonly functionArn: string;
  readonly lastModified: string;
  /** A link that AWS signed for ten minutes; a credential, so never logged or stored. */
  readonly codeLocation?: string;
  /** The image by digest when AWS resolved it, so that the same code is meant tomorrow. */
  readonly imageUri?: string;
}

export interface CodeWhereabouts {
  readonly Location?: string | undefined;
  readonly ImageUri?: string | undefined;
  readonly ResolvedImageUri?: string | undefined;
}

/** Whether a missing state means "ready" (an endpoint that predates states) or "not told" (lists). */
export type WhenSilent = 'ready' | 'unknown';

/** Returns undefined when the answer lacks what every function has. */
export function readFunction(
  answer: LambdaConfiguration,
  silence: WhenSilent,
  code: CodeWhereabouts = {},
): FunctionReading | undefined {
  if (!answer.Version || !answer.RevisionId || !answer.CodeSha256) return undefined;
  const imageUri = code.ResolvedImageUri ?? code.ImageUri;
  return {
    version: answer.Version,
    codeSha256: answer.CodeSha256,
    revisionId: answer.RevisionId,
    state: answer.State ?? (silence === 'ready' ? 'Active' : 'Unknown'),
    ...(answer.StateReason ? { stateReason: answer.StateReason } : {}),
    ...(answer.StateReasonCode ? { stateReasonCode: answer.StateReasonCode } : {}),
    lastUpdateStatus: answer.LastUpdateStatus ?? (silence === 'ready' ? 'Successful' : 'Unknown'),
    ...(answer.LastUpdateStatusReason ? { lastUpdateReason: answer.LastUpdateStatusReason } : {}),
    ...(answer.LastUpdateStatusReasonCode ? { lastUpdateReasonCode: answer.LastUpdateStatusReasonCode } : {}),
    packageType: answer.PackageType === 'Image' ? 'Image' : 'Zip',
    architectures: answer.Architectures ?? ['x86_64'],
    configuration: readConfiguration(answer),
    functionArn: answer.FunctionArn ?? '',
    lastModified: answer.LastModified ?? '',
    ...(code.Location ? { codeLocation: code.Location } : {}),
    ...(imageUri ? { imageUri } : {}),
  };
}
