/**
 * The emulator's state is plain JSON, so that it can be saved, exported, loaded and compared. Code bytes are kept apart
 * (see code-store.ts) and referred to by their SHA-256.
 */
export interface World {
  /** Keyed by `<account>/<region>`. */
  places: Record<string, PlaceRecord>;
}

export interface PlaceRecord {
  functions: Record<string, FunctionRecord>;
  mappings: Record<string, MappingRecord>;
}

/** Code and configuration: what a version freezes and what "nothing changed since the last publish" compares. */
export interface Settings {
  packageType: 'Zip' | 'Image';
  runtime?: string | undefined;
  handler?: string | undefined;
  role: string;
  description: string;
  timeout: number;
  memorySize: number;
  environment?: Record<string, string> | undefined;
  vpcConfig?: { SubnetIds: string[]; SecurityGroupIds: string[]; Ipv6AllowedForDualStack: boolean } | undefined;
  deadLetterArn?: string | undefined;
  kmsKeyArn?: string | undefined;
  tracingMode: string;
  layers: string[];
  fileSystems: Record<string, unknown>[];
  imageConfig?: Record<string, unknown> | undefined;
  architectures: string[];
  ephemeralStorage: number;
  snapStart: string;
  logging: { LogFormat: string; ApplicationLogLevel?: string; SystemLogLevel?: string; LogGroup: string };
  codeSha256: string;
  codeSize: number;
  /** Hexadecimal SHA-256 of the archive, the key into the code store; absent for image functions. */
  codeKey?: string | undefined;
  imageUri?: string | undefined;
}

/** A change under way: at `at` the record becomes what `outcome` says, under a new RevisionId. */
export interface Settling {
  at: number;
  kind: 'create' | 'update';
  outcome: 'ok' | 'fails';
  reason?: string | undefined;
  reasonCode?: string | undefined;
  /** What keeps answering invocations while (and if) the update does not succeed. */
  previous?: Settings | undefined;
}

export interface VersionRecord {
  /** `$LATEST` or a number. */
  version: string;
  settings: Settings;
  revisionId: string;
  modifiedAt: number;
  state: 'Pending' | 'Active' | 'Failed';
  stateReason?: string | undefined;
  stateReasonCode?: string | undefined;
  updateStatus?: 'InProgress' | 'Successful' | 'Failed' | undefined;
  updateReason?: string | undefined;
  updateReasonCode?: string | undefined;
  settling?: Settling | undefined;
  /** Changes whenever code or configuration does: an environment started for another one is not reused. */
  generation: string;
  /** Settings that answer invocations after an update ended `Failed`. */
  serving?: Settings | undefined;
}

export interface AliasRecord {
  name: string;
  functionVersion: string;
  description: string;
  /** Additional version → weight between 0 and 1. Empty: everything goes to `functionVersion`. */
  weights: Record<string, number>;
  revisionId: string;
  /**
   * While provisioned concurrency follows the alias to another version, the service itself lets the former version
   * answer a shrinking share of the calls, and shows that as a routing configuration.
   */
  moving?: { from: string; share: number; startedAt: number; until: number } | undefined;
}

/** The weights in force: those that were asked for, or the ones the service writes while provisioning moves. */
export function weightsInForce(alias: AliasRecord): Record<string, number> {
  return alias.moving ? { [alias.moving.from]: alias.moving.share } : alias.weights;
}

export interface PolicyRecord {
  revisionId: string;
  statements: Statement[];
}

export interface Statement {
  Sid: string;
  Effect: 'Allow';
  Principal: string | Record<string, string>;
  Action: string;
  Resource: string;
  Condition?: Record<string, Record<string, string>>;
}

export interface ProvisionedRecord {
  requested: number;
  modifiedAt: number;
  readyAt: number;
}

export interface UrlRecord {
  id: string;
  authType: string;
  cors?: Record<string, unknown> | undefined;
  /** Shown by reads; a create answers with it only when the caller named it. */
  invokeMode?: string | undefined;
  createdAt: number;
  modifiedAt: number;
}

export interface EventInvokeRecord {
  maximumRetryAttempts?: number | undefined;
  maximumEventAge?: number | undefined;
  onSuccess?: string | undefined;
  onFailure?: string | undefined;
  modifiedAt: number;
}

export interface FunctionRecord {
  name: string;
  account: string;
  region: string;
  latest: VersionRecord;
  versions: Record<string, VersionRecord>;
  nextVersion: number;
  /** The number and the fingerprint of the newest publish: an unchanged `$LATEST` publishes nothing. */
  lastPublished?: { version: string; fingerprint: string } | undefined;
  aliases: Record<string, AliasRecord>;
  /** Keyed by qualifier; the unqualified function's policy by the empty string. */
  policies: Record<string, PolicyRecord>;
  tags: Record<string, string>;
  reserved?: number | undefined;
  provisioned: Record<string, ProvisionedRecord>;
  urls: Record<string, UrlRecord>;
  eventInvoke: Record<string, EventInvokeRecord>;
  recursiveLoop: string;
}

export interface MappingRecord {
  uuid: string;
  functionName: string;
  qualifier?: string | undefined;
  eventSourceArn?: string | undefined;
  /** Everything the caller set, with the defaults of this kind of source, in the answer's own spelling. */
  answer: Record<string, unknown>;
  startingPosition?: string | undefined;
  startingPositionTimestamp?: number | undefined;
  state: 'Creating' | 'Enabled' | 'Enabling' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting';
  /** The state reached at `settlesAt`; `Gone` removes the record. */
  nextState?: 'Enabled' | 'Disabled' | 'Gone' | undefined;
  settlesAt?: number | undefined;
  reason: string;
  modifiedAt: number;
  tags: Record<string, string>;
}
