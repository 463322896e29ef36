import { createHash } from 'node:crypto';
import type {
  AliasReading,
  CodeSource,
  FunctionAddress,
  FunctionConfiguration,
  FunctionReading,
  LambdaControl,
  Outcome,
} from '#aws';
import type { AliasValue } from '#rollout';
import { type FaultCode, failed, fault, type RetryClass, succeeded } from '../../libs/aws/faults.js';

interface Version {
  readonly version: string;
  readonly codeSha256: string;
  readonly bytes: Uint8Array;
  readonly configuration: FunctionConfiguration;
  readonly revisionId: string;
  readonly activeAt: number;
}

export interface MemoryAlias {
  readonly value: AliasValue;
  readonly revisionId: string;
  readonly description: string;
}

interface MemoryFunction {
  codeSha256: string;
  bytes: Uint8Array;
  configuration: FunctionConfiguration;
  revisionId: string;
  /** An update is under way until then; `$LATEST` changes its token by itself when it settles. */
  settlesAt: number | undefined;
  readonly versions: Map<string, Version>;
  readonly aliases: Map<string, MemoryAlias>;
  lastVersion: number;
}

export interface MemoryLambdaOptions {
  readonly now: () => number;
  readonly settleMs: () => number;
  /** Some endpoints keep the RevisionId when an update changes nothing. */
  readonly keepsTokenOnEqualContent: boolean;
  /** On some endpoints publishing gives `$LATEST` a new RevisionId. */
  readonly publishChangesLatestToken: boolean;
}

type UpdateOptions = Parameters<LambdaControl['updateFunctionCode']>[3];
type AliasFence = Parameters<LambdaControl['updateAlias']>[3];
type PublishFence = Parameters<LambdaControl['publishVersion']>[1];

/**
 * Lambda's control plane as its documentation has it: RevisionIds, settling, publishing without a change, versions that
 * an alias needs. Each method is the moment at which the call takes effect. A contract suite holds it and the emulator
 * to the same promises.
 */
export class MemoryLambda {
  private readonly functions = new Map<string, MemoryFunction>();
  private tokens = 0;

  constructor(private readonly options: MemoryLambdaOptions) {}

  createFunction(name: string, bytes: Uint8Array, environment: Readonly<Record<string, string>>): void {
    this.functions.set(name, {
      codeSha256: sha256(bytes),
      bytes,
      configuration: { ...plainConfiguration, environment },
      revisionId: this.token(),
      settlesAt: undefined,
      versions: new Map(),
      aliases: new Map(),
      lastVersion: 0,
    });
  }

  createAlias(fn: FunctionAddress, name: string, version: string): void {
    const value = { version };
    this.find(fn)?.aliases.set(name, { value, revisionId: this.token(), description: '' });
  }

  deleteAlias(fn: FunctionAddress, name: string): void {
    this.find(fn)?.aliases.delete(name);
  }

  alias(fn: FunctionAddress, name: string): MemoryAlias | undefined {
    return this.find(fn)?.aliases.get(name);
  }

  versions(fn: FunctionAddress): string[] {
    return [...(this.find(fn)?.versions.keys() ?? [])];
  }

  /** Lambda refuses while an alias points at it. */
  deleteVersion(fn: FunctionAddress, version: string): boolean {
    const found = this.find(fn);
    for (const { value } of found?.aliases.values() ?? []) {
      if (value.version === version || value.canary?.version === version) return false;
    }
    return found?.versions.delete(version) ?? false;
  }

  getAlias(fn: FunctionAddress, name: string): Outcome<AliasReading> {
    const alias = this.find(fn)?.aliases.get(name);
    return alias ? succeeded(aliasReading(alias)) : refusal('not_found');
  }

  updateAlias(
    fn: FunctionAddress,
    name: string,
    wanted: AliasValue,
    fence: Partial<AliasFence>,
  ): Outcome<AliasReading> {
    const found = this.find(fn);
    const alias = found?.aliases.get(name);
    if (!found || !alias) return refusal('not_found');
    if (fence.revisionId !== undefined && fence.revisionId !== alias.revisionId) return refusal('precondition_failed');
    for (const version of [wanted.version, wanted.canary?.version]) {
      if (version !== undefined && version !== '$LATEST' && !found.versions.has(version)) return refusal('not_found');
    }
    const { canary } = wanted;
    if (canary && (canary.version === wanted.version || wanted.version === '$LATEST'))
      return refusal('invalid_request');
    const description = fence.description ?? alias.description;
    const equal = sameValue(alias.value, wanted) && description === alias.description;
    const revisionId = equal && this.options.keepsTokenOnEqualContent ? alias.revisionId : this.token();
    const next = { value: wanted, revisionId, description };
    found.aliases.set(name, next);
    return succeeded(aliasReading(next));
  }

  getFunction(fn: FunctionAddress, qualifier: string): Outcome<FunctionReading> {
    const found = this.find(fn);
    if (!found) return refusal('not_found');
    if (qualifier === '$LATEST') return succeeded(this.latest(found));
    const version = found.versions.get(qualifier);
    return version ? succeeded(this.versionReading(version)) : refusal('not_found');
  }

  updateFunctionCode(
    fn: FunctionAddress,
    code: CodeSource,
    fence: { readonly revisionId?: string },
    options: UpdateOptions,
  ): Outcome<FunctionReading> {
    const found = this.find(fn);
    if (!found) return refusal('not_found');
    const unready = this.unready(found, fence.revisionId);
    if (unready) return unready;
    const bytes = code.kind === 'zip' ? code.bytes : new Uint8Array();
    const codeSha256 = sha256(bytes);
    if (options.dryRun) return succeeded({ ...this.latest(found), codeSha256 });
    Object.assign(found, { bytes, codeSha256 });
    this.beginUpdate(found);
    return succeeded(options.publish ? this.versionReading(this.publish(found, '')) : this.latest(found));
  }

  updateFunctionConfiguration(
    fn: FunctionAddress,
    patch: Partial<FunctionConfiguration>,
    fence: { readonly revisionId?: string },
  ): Outcome<FunctionReading> {
    const found = this.find(fn);
    if (!found) return refusal('not_found');
    const unready = this.unready(found, fence.revisionId);
    if (unready) return unready;
    found.configuration = { ...found.configuration, ...patch };
    this.beginUpdate(found);
    return succeeded(this.latest(found));
  }

  publishVersion(fn: FunctionAddress, fence: Partial<PublishFence>, description: string): Outcome<FunctionReading> {
    const found = this.find(fn);
    if (!found) return refusal('not_found');
    const unready = this.unready(found, fence.revisionId);
    if (unready) return unready;
    if (fence.codeSha256 !== undefined && fence.codeSha256 !== found.codeSha256) return refusal('invalid_request');
    return succeeded(this.versionReading(this.publish(found, description)));
  }

  listVersions(fn: FunctionAddress): Outcome<FunctionReading[]> {
    const found = this.find(fn);
    if (!found) return refusal('not_found');
    return succeeded([...found.versions.values()].map((version) => this.versionReading(version)));
  }

  downloadCode(reading: FunctionReading): Outcome<Uint8Array> {
    for (const found of this.functions.values()) {
      for (const version of found.versions.values()) {
        if (version.codeSha256 === reading.codeSha256) return succeeded(version.bytes);
      }
    }
    return refusal('code_unavailable');
  }

  private find(fn: FunctionAddress): MemoryFunction | undefined {
    const found = this.functions.get(fn.functionName);
    if (found?.settlesAt !== undefined && found.settlesAt <= this.options.now()) {
      found.settlesAt = undefined;
      found.revisionId = this.token();
    }
    return found;
  }

  private unready(found: MemoryFunction, revisionId: string | undefined): ReturnType<typeof refusal> | undefined {
    if (found.settlesAt !== undefined) return refusal('update_in_progress');
    return revisionId !== undefined && revisionId !== found.revisionId ? refusal('precondition_failed') : undefined;
  }

  private beginUpdate(found: MemoryFunction): void {
    found.revisionId = this.token();
    found.settlesAt = this.options.now() + this.options.settleMs();
  }

  /** Nothing changed since the last version: the old number comes back. */
  private publish(found: MemoryFunction, description: string): Version {
    const last = found.versions.get(String(found.lastVersion));
    const { codeSha256, bytes, configuration } = found;
    const unchanged =
      last?.codeSha256 === codeSha256 &&
      JSON.stringify({ ...last.configuration, description: '' }) ===
        JSON.stringify({ ...configuration, description: '' });
    if (last && unchanged) return last;
    found.lastVersion += 1;
    const version = {
      version: String(found.lastVersion),
      codeSha256,
      bytes,
      configuration: { ...configuration, description: description || configuration.description },
      revisionId: this.token(),
      activeAt: this.options.now() + this.options.settleMs(),
    };
    found.versions.set(version.version, version);
    if (this.options.publishChangesLatestToken) found.revisionId = this.token();
    return version;
  }

  private latest(found: MemoryFunction): FunctionReading {
    return reading('$LATEST', found, found.settlesAt === undefined ? 'Successful' : 'InProgress', 'Active');
  }

  private versionReading(version: Version): FunctionReading {
    const ready = version.activeAt <= this.options.now();
    return reading(version.version, version, ready ? 'Successful' : 'InProgress', ready ? 'Active' : 'Pending');
  }

  private token(): string {
    this.tokens += 1;
    return `r${this.tokens}`;
  }
}

function reading(
  version: string,
  found: { codeSha256: string; revisionId: string; configuration: FunctionConfiguration },
  lastUpdateStatus: FunctionReading['lastUpdateStatus'],
  state: FunctionReading['state'],
): FunctionReading {
  const { codeSha256, revisionId, configuration } = found;
  return {
    version,
    codeSha256,
    revisionId,
    state,
    lastUpdateStatus,
    packageType: 'Zip',
    architectures: ['x86_64'],
    configuration,
    functionArn: `arn:${version}`,
    lastModified: '',
  };
}

function aliasReading({ value, revisionId, description }: MemoryAlias): AliasReading {
  return { revisionId, description, additional: value.canary ? 1 : 0, ...value };
}

function sameValue(left: AliasValue, right: AliasValue): boolean {
  return (
    left.version === right.version &&
    left.canary?.version === right.canary?.version &&
    left.canary?.weightPercent === right.canary?.weightPercent
  );
}

const RETRY: Partial<Record<FaultCode, RetryClass>> = { update_in_progress: 'again', throttled: 'again' };

export function refusal(
  code: FaultCode,
  retryAfterMs = 300,
): { readonly ok: false; readonly fault: ReturnType<typeof fault> } {
  return failed(fault(code, RETRY[code] ?? 'never', { internal: code, retryAfterMs }));
}

const hashes = new Map<string, string>();

/** Lambda's CodeSha256; remembered, because a million schedules ship the same few packages. */
export function sha256(bytes: Uint8Array): string {
  const key = bytes.byteLength <= 16 ? bytes.join() : '';
  const known = key === '' ? undefined : hashes.get(key);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(bytes).digest('base64');
  if (key !== '') hashes.set(key, hash);
  return hash;
}

const plainConfiguration: FunctionConfiguration = {
  handler: 'index.handler',
  runtime: 'nodejs20.x',
  role: 'arn:aws:iam::000000000000:role/demo',
  description: '',
  memorySize: 128,
  timeoutSeconds: 3,
  environment: {},
  layers: [],
  vpc: null,
  deadLetterArn: null,
  kmsKeyArn: null,
  tracing: 'PassThrough',
  fileSystems: [],
  image: null,
  ephemeralStorageMb: 512,
  snapStart: 'None',
  logging: { format: 'Text', applicationLevel: null, systemLevel: null, group: null },
  capacityProvider: null,
  durable: null,
};
