import {
  GetAliasCommand,
  GetFunctionCommand,
  LambdaClient,
  type FunctionConfiguration as LambdaConfiguration,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { type Clock, systemClock } from '#runtime';
import type { CallOptions, FunctionAddress } from './address.js';
import { type AliasReading, type AliasValue, readAlias, toRoutingConfig } from './alias.js';
import { type AttemptInfo, attempt, type CallObserver } from './call.js';
import { type AwsConnection, ClientCache } from './clients.js';
import { type FunctionConfiguration, toConfigurationInput } from './configuration.js';
import { downloadCode, MAX_DIRECT_UPLOAD_BYTES } from './download-code.js';
import { failed, fault, type Outcome, succeeded } from './faults.js';
import { type CodeWhereabouts, type FunctionReading, readFunction, type WhenSilent } from './function-reading.js';

export type CodeSource =
  | { readonly kind: 'zip'; readonly bytes: Uint8Array }
  | { readonly kind: 's3'; readonly bucket: string; readonly key: string; readonly versionId?: string }
  | { readonly kind: 'image'; readonly uri: string };

/** The fence: what the caller saw before its claim. Lambda refuses the write when it is no longer so. */
export interface RevisionFence {
  readonly revisionId: string;
}

/**
 * Lambda as a rollout needs it. Every method is exactly one control-plane call (`listVersions`: one per 50 versions),
 * is never repeated by itself, and resolves with an outcome; none rejects. Which calls count against the 15 a second:
 * all but `getFunction` and `downloadCode`.
 */
export interface LambdaControl {
  getAlias(fn: FunctionAddress, alias: string, call: CallOptions): Promise<Outcome<AliasReading>>;
  /** Always sends the routing configuration, empty when there is no canary. */
  updateAlias(
    fn: FunctionAddress,
    alias: string,
    wanted: AliasValue,
    fence: RevisionFence & { readonly description?: string },
    call: CallOptions,
  ): Promise<Outcome<AliasReading>>;
  /** `qualifier`: `$LATEST` or a version number. */
  getFunction(fn: FunctionAddress, qualifier: string, call: CallOptions): Promise<Outcome<FunctionReading>>;
  /** `dryRun` changes nothing and answers with the CodeSha256 that the code would have. */
  updateFunctionCode(
    fn: FunctionAddress,
    code: CodeSource,
    fence: RevisionFence,
    options: { readonly publish: boolean; readonly dryRun?: boolean; readonly architectures?: readonly string[] },
    call: CallOptions,
  ): Promise<Outcome<FunctionReading>>;
  /** Changes the members named in the patch and keeps the others; null clears a member. */
  updateFunctionConfiguration(
    fn: FunctionAddress,
    patch: Partial<FunctionConfiguration>,
    fence: RevisionFence,
    call: CallOptions,
  ): Promise<Outcome<FunctionReading>>;
  publishVersion(
    fn: FunctionAddress,
    fence: RevisionFence & { readonly codeSha256: string },
    description: string,
    call: CallOptions,
  ): Promise<Outcome<FunctionReading>>;
  /**
   * Published versions, oldest first, `$LATEST` left out. The timeout holds for all pages together. Before every page but
   * the first `mayGoOn` is asked, because each is a call of its own; on a no the outcome is `throttled`.
   */
  listVersions(
    fn: FunctionAddress,
    call: CallOptions,
    mayGoOn?: () => Promise<boolean>,
  ): Promise<Outcome<FunctionReading[]>>;
  /** Follows the signed link of a fresh reading, so that a configuration change can take the stable version's code. */
  downloadCode(reading: FunctionReading, call: CallOptions): Promise<Outcome<Uint8Array>>;
  close(): void;
}

export interface LambdaControlOptions extends AwsConnection {
  readonly clock?: Clock;
}

export function createLambdaControl(options: LambdaControlOptions = {}): LambdaControl {
  return new SdkLambdaControl(options);
}

class SdkLambdaControl implements LambdaControl {
  private readonly clock: Clock;
  private readonly onCall: CallObserver | undefined;
  private readonly clients: ClientCache<LambdaClient>;

  constructor(options: LambdaControlOptions) {
    this.clock = options.clock ?? systemClock;
    this.onCall = options.onCall;
    this.clients = new ClientCache(options, (settings) => new LambdaClient(settings));
  }

  async getAlias(fn: FunctionAddress, alias: string, call: CallOptions): Promise<Outcome<AliasReading>> {
    const command = new GetAliasCommand({ FunctionName: fn.functionName, Name: alias });
    const answer = await this.send(command, { operation: 'GetAlias', kind: 'read' }, call, (abortSignal) =>
      this.clients.for(fn).send(command, { abortSignal }),
    );
    if (!answer.ok) return answer;
    return this.told('GetAlias', checked(fn, answer.value.AliasArn, readAlias(answer.value), 'GetAlias', 'read'));
  }

  async updateAlias(
    fn: FunctionAddress,
    alias: string,
    wanted: AliasValue,
    fence: RevisionFence & { readonly description?: string },
    call: CallOptions,
  ): Promise<Outcome<AliasReading>> {
    const command = new UpdateAliasCommand({
      FunctionName: fn.functionName,
      Name: alias,
      FunctionVersion: wanted.version,
      RoutingConfig: toRoutingConfig(wanted),
      RevisionId: fence.revisionId,
      ...(fence.description === undefined ? {} : { Description: fence.description }),
    });
    const answer = await this.send(command, { operation: 'UpdateAlias', kind: 'write' }, call, (abortSignal) =>
      this.clients.for(fn).send(command, { abortSignal }),
    );
    if (!answer.ok) return answer;
    return this.told(
      'UpdateAlias',
      checked(fn, answer.value.AliasArn, readAlias(answer.value), 'UpdateAlias', 'write'),
    );
  }

  async getFunction(fn: FunctionAddress, qualifier: string, call: CallOptions): Promise<Outcome<FunctionReading>> {
    // Unqualified means $LATEST, and answers with an ARN that carries no qualifier on every endpoint.
    const command = new GetFunctionCommand({
      FunctionName: fn.functionName,
      ...(qualifier === '$LATEST' ? {} : { Qualifier: qualifier }),
    });
    const answer = await this.send(command, { operation: 'GetFunction', kind: 'read' }, call, (abortSignal) =>
      this.clients.for(fn).send(command, { abortSignal }),
    );
    if (!answer.ok) return answer;
    const { Configuration = {}, Code = {} } = answer.value;
    return this.told('GetFunction', functionOutcome(fn, Configuration, 'GetFunction', 'read', 'ready', Code));
  }

  async updateFunctionCode(
    fn: FunctionAddress,
    code: CodeSource,
    fence: RevisionFence,
    options: { readonly publish: boolean; readonly dryRun?: boolean; readonly architectures?: readonly string[] },
    call: CallOptions,
  ): Promise<Outcome<FunctionReading>> {
    if (code.kind === 'zip' && code.bytes.byteLength > MAX_DIRECT_UPLOAD_BYTES) {
      const internal = `UpdateFunctionCode: not sent, the package has ${code.bytes.byteLength} bytes.`;
      return failed(fault('code_too_large', 'never', { internal }));
    }
    const command = new UpdateFunctionCodeCommand({
      FunctionName: fn.functionName,
      RevisionId: fence.revisionId,
      Publish: options.publish,
      ...(options.dryRun ? { DryRun: true } : {}),
      ...(options.architectures ? { Architectures: [...options.architectures] as ('arm64' | 'x86_64')[] } : {}),
      ...codeInput(code),
    });
    const kind = options.dryRun ? 'read' : 'write';
    const answer = await this.send(command, { operation: 'UpdateFunctionCode', kind }, call, (abortSignal) =>
      this.clients.for(fn).send(command, { abortSignal }),
    );
    if (!answer.ok) return answer;
    return this.told('UpdateFunctionCode', functionOutcome(fn, answer.value, 'UpdateFunctionCode', kind, 'ready'));
  }

  async updateFunctionConfiguration(
    fn: FunctionAddress,
    patch: Partial<FunctionConfiguration>,
    fence: RevisionFence,
    call: CallOptions,
  ): Promise<Outcome<FunctionReading>> {
    const command = new UpdateFunctionConfigurationCommand({
      FunctionName: fn.functionName,
      RevisionId: fence.revisionId,
      ...toConfigurationInput(patch),
    });
    const secrets = Object.values(patch.environment ?? {});
    const answer = await this.send(
      command,
      { operation: 'UpdateFunctionConfiguration', kind: 'write', secrets },
      call,
      (abortSignal) => this.clients.for(fn).send(command, { abortSignal }),
    );
    if (!answer.ok) return answer;
    return this.told(
      'UpdateFunctionConfiguration',
      functionOutcome(fn, answer.value, 'UpdateFunctionConfiguration', 'write', 'ready'),
    );
  }

  async publishVersion(
    fn: FunctionAddress,
    fence: RevisionFence & { readonly codeSha256: string },
    description: string,
    call: CallOptions,
  ): Promise<Outcome<FunctionReading>> {
    const command = new PublishVersionCommand({
      FunctionName: fn.functionName,
      RevisionId: fence.revisionId,
      CodeSha256: fence.codeSha256,
      ...(description ? { Description: description } : {}),
    });
    const answer = await this.send(command, { operation: 'PublishVersion', kind: 'write' }, call, (abortSignal) =>
      this.clients.for(fn).send(command, { abortSignal }),
    );
    if (!answer.ok) return answer;
    return this.told('PublishVersion', functionOutcome(fn, answer.value, 'PublishVersion', 'write', 'ready'));
  }

  async listVersions(
    fn: FunctionAddress,
    call: CallOptions,
    mayGoOn: () => Promise<boolean> = async () => true,
  ): Promise<Outcome<FunctionReading[]>> {
    const startedAt = this.clock.monotonic();
    const versions: FunctionReading[] = [];
    let marker: string | undefined;
    do {
      if (marker && !(await mayGoOn())) {
        const internal = 'ListVersionsByFunction: the call budget had no room for the next page.';
        return failed(fault('throttled', 'again', { internal }));
      }
      const command = new ListVersionsByFunctionCommand({
        FunctionName: fn.functionName,
        ...(marker ? { Marker: marker } : {}),
      });
      const left = { ...call, timeoutMs: call.timeoutMs - (this.clock.monotonic() - startedAt) };
      const answer = await this.send(
        command,
        { operation: 'ListVersionsByFunction', kind: 'read' },
        left,
        (abortSignal) => this.clients.for(fn).send(command, { abortSignal }),
      );
      if (!answer.ok) return answer;
      for (const item of answer.value.Versions ?? []) {
        if (item.Version === '$LATEST') continue;
        const reading = functionOutcome(fn, item, 'ListVersionsByFunction', 'read', 'unknown');
        if (!reading.ok) return this.told('ListVersionsByFunction', reading);
        versions.push(reading.value);
      }
      marker = answer.value.NextMarker || undefined;
    } while (marker);
    return succeeded(versions.sort((a, b) => Number(a.version) - Number(b.version)));
  }

  downloadCode(reading: FunctionReading, call: CallOptions): Promise<Outcome<Uint8Array>> {
    return downloadCode(this.clock, reading, call);
  }

  close(): void {
    this.clients.close();
  }

  /** AWS answers well for the wrong account; whoever counts calls would take that for success. */
  private told<T>(operation: string, outcome: Outcome<T>): Outcome<T> {
    if (!outcome.ok && outcome.fault.code === 'wrong_account') {
      this.onCall?.({ operation, seconds: 0, fault: outcome.fault, answered: true });
    }
    return outcome;
  }

  private send<T>(
    command: { readonly middlewareStack: unknown },
    info: AttemptInfo,
    call: CallOptions,
    send: (abortSignal: AbortSignal) => Promise<T>,
  ): Promise<Outcome<T>> {
    return attempt(this.clock, command as Parameters<typeof attempt>[1], { ...info, onCall: this.onCall }, call, send);
  }
}

function codeInput(code: CodeSource) {
  switch (code.kind) {
    case 'zip':
      return { ZipFile: code.bytes };
    case 's3':
      return { S3Bucket: code.bucket, S3Key: code.key, ...(code.versionId ? { S3ObjectVersion: code.versionId } : {}) };
    case 'image':
      return { ImageUri: code.uri };
    default:
      return code satisfies never;
  }
}

function functionOutcome(
  fn: FunctionAddress,
  answer: LambdaConfiguration,
  operation: string,
  kind: AttemptInfo['kind'],
  silence: WhenSilent,
  code: CodeWhereabouts = {},
): Outcome<FunctionReading> {
  if (answer.Environment?.Error) {
    // Without the variables the configuration is not known, and sending it back would wipe them.
    const internal = `${operation}: environment of ${fn.functionName}: ${answer.Environment.Error.ErrorCode ?? 'error'}`;
    return failed(fault('environment_unreadable', kind === 'write' ? 'unknown' : 'never', { internal }));
  }
  return checked(fn, answer.FunctionArn, readFunction(answer, silence, code), operation, kind);
}

/**
 * An answer is usable only when it is complete and about the account and region that the target names: credentials of
 * another account would find a function of the same name there, and every later write would go to the wrong place.
 */
function checked<T>(
  fn: FunctionAddress,
  arn: string | undefined,
  reading: T | undefined,
  operation: string,
  kind: AttemptInfo['kind'],
): Outcome<T> {
  if (reading === undefined) {
    const internal = `${operation}: the answer lacks a version, a RevisionId or a CodeSha256.`;
    return failed(fault('malformed_answer', kind === 'write' ? 'unknown' : 'again', { internal }));
  }
  const [, , , region, accountId] = arn?.split(':') ?? [];
  if ((accountId && accountId !== fn.accountId) || (region && region !== fn.region)) {
    const internal = `${operation}: the answer is about ${accountId} in ${region}, the target is ${fn.accountId} in ${fn.region}.`;
    return failed(fault('wrong_account', 'never', { internal }));
  }
  return succeeded(reading);
}
