import { configurationDifferences, type FunctionConfiguration, type FunctionReading } from '#aws';
import type { ArtifactRow, DeploymentRequest } from '#store';

/** The complete code and configuration a deployment ships: the stable version's, with what was asked for on top. */
export interface Wanted {
  /** As Lambda names it; `undefined` when only Lambda can tell (a reference without a digest). */
  readonly codeSha256: string | undefined;
  readonly configuration: FunctionConfiguration;
}

/**
 * A change of configuration alone takes the stable version's code, never whatever `$LATEST` holds: after a rollback
 * that is the bad code. The description belongs to `$LATEST` and to each version apart, so it only counts when asked for.
 */
export function resolveWanted(
  stable: FunctionReading,
  latest: FunctionReading,
  request: DeploymentRequest,
  artifact: ArtifactRow | undefined,
): Wanted {
  const { environment, ...changes } = (request.configuration ?? {}) as ConfigurationChange;
  const base = { ...stable.configuration, description: latest.configuration.description };
  const configuration = {
    ...base,
    ...withoutUndefined(changes),
    environment: mergeEnvironment(base.environment, environment),
  };
  return { codeSha256: artifact ? artifactSha256(artifact) : stable.codeSha256, configuration };
}

type ConfigurationChange = Partial<Omit<FunctionConfiguration, 'environment'>> & {
  /** A text sets a variable, null removes it. */
  readonly environment?: Readonly<Record<string, string | null>>;
};

function mergeEnvironment(
  base: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string | null>> | undefined,
): Record<string, string> {
  const merged: Record<string, string> = { ...base };
  for (const [name, value] of Object.entries(change ?? {})) {
    if (value === null) delete merged[name];
    else merged[name] = value;
  }
  return merged;
}

/** Lambda's CodeSha256: base64 of a zip's SHA-256, the hex digest of an image. */
function artifactSha256(artifact: ArtifactRow): string | undefined {
  if (artifact.kind === 'image') {
    const uri = String(artifact.storage['imageUri'] ?? '');
    return uri.split('@sha256:')[1];
  }
  return artifact.sha256 === undefined ? undefined : Buffer.from(artifact.sha256, 'hex').toString('base64');
}

export function sameConfiguration(left: FunctionConfiguration, right: FunctionConfiguration): boolean {
  return configurationDifferences(left, right).length === 0;
}

/** The members of `wanted` that `present` lacks: what an update has to send. */
export function configurationPatch(
  present: FunctionConfiguration,
  wanted: FunctionConfiguration,
): Partial<FunctionConfiguration> {
  const members = new Set(configurationDifferences(present, wanted).map(({ member }) => member.split('.')[0]));
  return Object.fromEntries(Object.entries(wanted).filter(([member]) => members.has(member)));
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
