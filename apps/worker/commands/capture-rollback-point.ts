import type { AliasReading, FunctionReading } from '#aws';
import { LATEST, type Reason } from '#rollout';
import { failed, readAgain } from '../faults.js';
import { isAnswer, readAlias, readArtifact, readFunction, readRequest, takeSlot } from '../readings.js';
import { type Answer, happened, READ_TIMEOUT_MS, type Turn, wait } from '../turn.js';
import { resolveWanted, sameConfiguration, type Wanted } from '../wanted.js';

/** How soon to look again at a function that somebody else is updating. */
const BUSY_POLL_MS = 1_000;

/**
 * Reads everything a rollout starts from and writes nothing: the alias (the rollback point and the first token), the
 * stable version (the code and configuration to build on) and `$LATEST` (what must change, and its token).
 */
export async function captureRollbackPoint(turn: Turn): Promise<Answer> {
  const latest = await readFunction(turn, LATEST);
  if (!latest.ok) {
    if (latest.fault.code === 'not_found') {
      return failed(
        turn.at(),
        'function_missing',
        `There is no function ${turn.fn.functionName} in ${turn.fn.region}.`,
      );
    }
    return refusedOrAgain(turn, latest.fault);
  }
  if (latest.value.lastUpdateStatus === 'InProgress' || latest.value.state === 'Pending') return wait(BUSY_POLL_MS);
  const alias = await readAlias(turn, 'ordinary');
  if (isAnswer(alias)) return alias;
  if (!alias.ok) {
    if (alias.fault.code !== 'not_found') return refusedOrAgain(turn, alias.fault);
    return failed(turn.at(), 'alias_missing', `The function has no alias ${turn.row.target.aliasName}.`);
  }
  const unfit = aliasProblem(alias.value);
  if (unfit) return failed(turn.at(), unfit.code, unfit.sentence);
  const stable = await readFunction(turn, alias.value.version);
  if (!stable.ok) return refusedOrAgain(turn, stable.fault);
  return compare(turn, alias.value, stable.value, latest.value);
}

/** A rollout starts only from one published version with all the traffic: anything else is no point to go back to. */
function aliasProblem(alias: AliasReading): Pick<Reason, 'code' | 'sentence'> | undefined {
  if (alias.additional > 0 || alias.canary) {
    const weight = alias.canary ? ` (${alias.canary.weightPercent} % on version ${alias.canary.version})` : '';
    return {
      code: 'alias_weighted',
      sentence: `The alias already splits its traffic${weight}; settle it on one version first.`,
    };
  }
  if (alias.version !== LATEST) return undefined;
  return {
    code: 'alias_on_latest',
    sentence: 'The alias points at $LATEST, which cannot be gone back to; publish a version and point the alias at it.',
  };
}

async function compare(
  turn: Turn,
  alias: AliasReading,
  stable: FunctionReading,
  latest: FunctionReading,
): Promise<Answer> {
  const artifact = await readArtifact(turn);
  if (artifact === 'missing') return failed(turn.at(), 'artifact_missing', 'The artifact to deploy no longer exists.');
  const request = readRequest(turn);
  if (isAnswer(request)) return request;
  const wanted = resolveWanted(stable, latest, request, artifact);
  const codeSha256 = wanted.codeSha256 ?? (await askLambda(turn, latest, artifact));
  if (typeof codeSha256 !== 'string') return codeSha256;
  const highest = await turn.parts.store.highestVersion(turn.fn);
  const moved = movedSince(turn, stable, highest);
  if (moved) return moved;
  return happened({
    type: 'RollbackPointCaptured',
    at: turn.at(),
    captured: {
      point: { version: alias.version },
      aliasRevisionId: alias.revisionId,
      latestRevisionId: latest.revisionId,
      codeSha256,
      needsCode: latest.codeSha256 !== codeSha256,
      highestVersion: Math.max(highest, Number(alias.version)),
    },
    needsConfiguration: !sameConfiguration(latest.configuration, wanted.configuration),
    nothingToDo: isUnchanged(stable, codeSha256, wanted),
  });
}

/**
 * Whether the alias has come to a version that nobody of us published, and that did not exist when this deployment was
 * asked for: whoever asked meant another state of affairs. That is what a restored database looks like, whose own later
 * deployments it does not know. The two times are of two clocks; skew costs at most a deployment that is asked for again.
 */
function movedSince({ row, at }: Turn, stable: FunctionReading, highestKnown: number): Answer | undefined {
  if (Number(stable.version) <= highestKnown) return undefined;
  if (!(Date.parse(stable.lastModified) > row.createdAt)) return undefined;
  const sentence = `The alias has meanwhile come to version ${stable.version}, which Sluice has no record of and which was published after this deployment was asked for.`;
  return failed(at(), 'alias_moved', sentence);
}

function isUnchanged(stable: FunctionReading, codeSha256: string, wanted: Wanted): boolean {
  const configuration = { ...stable.configuration, description: wanted.configuration.description };
  return stable.codeSha256 === codeSha256 && sameConfiguration(configuration, wanted.configuration);
}

/** A reference without a digest: Lambda computes it, changing nothing. One call of the budget, because nobody else knows. */
async function askLambda(
  turn: Turn,
  latest: FunctionReading,
  artifact: Exclude<Awaited<ReturnType<typeof readArtifact>>, 'missing'>,
): Promise<string | Answer> {
  const { bucket, key, versionId, imageUri } = (artifact?.storage ?? {}) as Record<string, string | undefined>;
  const slot = await takeSlot(turn, 'ordinary');
  if (slot) return slot;
  const code = imageUri
    ? ({ kind: 'image', uri: imageUri } as const)
    : ({ kind: 's3', bucket: bucket ?? '', key: key ?? '', ...(versionId ? { versionId } : {}) } as const);
  const options = { publish: false, dryRun: true };
  const fence = { revisionId: latest.revisionId };
  const answer = await turn.parts.lambda.updateFunctionCode(turn.fn, code, fence, options, {
    timeoutMs: READ_TIMEOUT_MS * 3,
    signal: turn.signal,
  });
  return answer.ok ? answer.value.codeSha256 : refusedOrAgain(turn, answer.fault);
}

function refusedOrAgain(turn: Turn, fault: Parameters<typeof readAgain>[0]): Answer {
  return fault.retry === 'never' ? failed(turn.at(), 'write_refused', fault.public) : readAgain(fault);
}
