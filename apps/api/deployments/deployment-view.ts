import { type DeploymentView, reasonRemedies } from '#contracts';
import {
  allowedActions,
  describeDrift,
  isEnd,
  isMoving,
  isWatched,
  type Reason,
  type RolloutState,
  weightOf,
} from '#rollout';
import type { ArtifactRow, DeploymentRow, TargetRow } from '#store';
import { headline } from './headline.js';
import { restoreCommand } from './restore-command.js';
import { aliasView, isoOrNull, isoTime } from './value-view.js';

/**
 * What callers see of a deployment. Every member is named here: what is added to a row does not leak by itself, and
 * configuration values never leave.
 */
export function deploymentView(
  row: DeploymentRow,
  artifact: ArtifactRow | undefined,
  lambdaEndpointUrl?: string,
): DeploymentView {
  const { state, target, request } = row;
  return {
    id: row.id,
    target: addressOf(target),
    kind: row.kind,
    phase: state.phase,
    sequence: row.sequence,
    ended: isEnd(state),
    result: state.phase === 'succeeded' ? state.result : null,
    reason: reasonOf(row),
    headline: headline(row),
    strategy: state.plan.strategy,
    adaptive: state.plan.adaptive === true,
    steps: state.plan.steps.map(({ weightPercent, bakeSeconds, gates }) => ({
      weightPercent,
      bakeSeconds,
      gates: gates.map((gate) => gate.kind),
    })),
    ...placeOf(state),
    ...versionsOf(row, lambdaEndpointUrl),
    evidence: evidenceOf(row),
    drift: driftOf(state),
    trouble: troubleOf(row),
    allowedActions: allowedActions(state, { verdict: row.evidence?.verdict ?? null, at: row.readAt }),
    artifact: artifact
      ? { id: artifact.id, kind: artifact.kind, sha256: artifact.sha256 ?? null, sizeBytes: artifact.sizeBytes }
      : null,
    configurationChanges: changesOf(request.configuration),
    message: request.message ?? null,
    commit: request.commit ?? null,
    requestedBy: row.requestedBy,
    createdAt: isoTime(row.createdAt),
    updatedAt: isoTime(row.updatedAt),
    endedAt: isoOrNull(row.endedAt),
    readAt: isoTime(row.readAt),
  };
}

export function addressOf({
  id,
  name,
  functionName,
  aliasName,
  region,
  accountId,
}: TargetRow): DeploymentView['target'] {
  return { id, name, functionName, aliasName, region, accountId };
}

type Place = Pick<DeploymentView, 'step' | 'gate' | 'bakeStartedAt' | 'bakeUntil' | 'deadlineAt'>;

/** Where in its plan it is, and until when it waits there. */
function placeOf(state: RolloutState): Place {
  const { steps, adaptive } = state.plan;
  const hasStep = isMoving(state) && state.kind === 'rollout' && state.step < steps.length;
  const deadlineAt = 'deadlineAt' in state ? state.deadlineAt : undefined;
  return {
    step: hasStep ? state.step : null,
    gate: state.phase === 'gated' || state.phase === 'paused' ? (state.gate ?? null) : null,
    bakeStartedAt: isWatched(state) ? isoTime(state.bakeStartedAt) : null,
    // Nobody knows beforehand how long the evidence takes.
    bakeUntil: isWatched(state) && !adaptive ? isoTime(state.bakeUntil) : null,
    deadlineAt: isoOrNull(deadlineAt),
  };
}

type Versions = Pick<
  DeploymentView,
  'stableVersion' | 'canaryVersion' | 'weightPercent' | 'alias' | 'rollbackPoint' | 'restoreCommand'
>;

/** A restore introduces no version: what it leaves is not a canary, and it goes back to nothing. */
function versionsOf({ state, kind, target }: DeploymentRow, lambdaEndpointUrl: string | undefined): Versions {
  const canary = kind === 'restore' ? undefined : canaryOf(state);
  const point = pointOf(state);
  const value = isMoving(state) || isEnd(state) ? state.value : undefined;
  return {
    stableVersion: point?.version ?? null,
    canaryVersion: canary ?? null,
    weightPercent: value && canary !== undefined && canary !== point?.version ? weightOf(value, canary) : 0,
    alias: value ? aliasView(value) : null,
    rollbackPoint: point ? { version: point.version } : null,
    restoreCommand: point ? restoreCommand(target, point.version, lambdaEndpointUrl) : null,
  };
}

function canaryOf(state: RolloutState): string | undefined {
  if (state.phase === 'queued') return undefined;
  return state.phase === 'preparing' ? state.published : state.canary;
}

function pointOf(state: RolloutState) {
  if (state.phase === 'queued') return undefined;
  return state.phase === 'preparing' ? state.captured?.point : state.point;
}

function reasonOf({ state, target }: DeploymentRow): DeploymentView['reason'] {
  const reason: Reason | undefined = 'reason' in state ? state.reason : undefined;
  if (!reason) return state.phase === 'drifted' ? driftReason(target.name, state) : null;
  const remedy = reasonRemedies[reason.code]?.replaceAll('{target}', target.name);
  return { ...onlyReason(reason), ...(remedy ? { remedy } : {}) };
}

function onlyReason({ code, sentence, by }: Reason) {
  return by === undefined ? { code, sentence } : { code, sentence, by };
}

function driftReason(target: string, state: Extract<RolloutState, { phase: 'drifted' }>): DeploymentView['reason'] {
  const sentence = `The alias was moved by somebody else: ${describeDrift(state.expected, state.observed)}.`;
  return { code: 'drifted', sentence, remedy: reasonRemedies.drifted?.replaceAll('{target}', target) ?? '' };
}

function evidenceOf({ evidence }: DeploymentRow): DeploymentView['evidence'] {
  if (!evidence) return null;
  const { verdict, sentence, numbers, at } = evidence;
  return { verdict, sentence, numbers: { ...numbers }, at: isoTime(at) };
}

function driftOf(state: RolloutState): DeploymentView['drift'] {
  if (state.phase !== 'drifted') return null;
  const { expected, observed } = state;
  return {
    expected: aliasView(expected),
    observed: aliasView(observed),
    sentence: `Someone moved the alias: ${describeDrift(expected, observed)}.`,
  };
}

/** What keeps it from going on, when that is neither a wait nor a person's decision. The log has the whole story. */
function troubleOf({ stuck }: DeploymentRow): DeploymentView['trouble'] {
  if (!stuck) return null;
  return {
    since: isoTime(stuck.since),
    sentence: 'Looking at this deployment fails for a reason of its own; it is tried again, ever more seldom.',
    remedy: 'The worker’s log has the cause under the deployment’s id. Abort it to have the old version put back.',
  };
}

/** Names only: `memorySize`, `environment.LOG_LEVEL`. */
function changesOf(configuration: Readonly<Record<string, unknown>> | undefined): string[] {
  const names = Object.entries(configuration ?? {}).flatMap(([member, value]) =>
    member === 'environment' ? Object.keys(value as object).map((name) => `environment.${name}`) : [member],
  );
  return names.sort();
}
