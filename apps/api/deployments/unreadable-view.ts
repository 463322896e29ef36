import { type DeploymentView, phases } from '#contracts';
import type { UnreadableDeployment } from '#store';
import { addressOf } from './deployment-view.js';
import { restoreCommand } from './restore-command.js';
import { isoOrNull, isoTime } from './value-view.js';

/**
 * A deployment whose state this release cannot read, most often because a newer one wrote it: where it stands by the
 * row's columns, and plainly that nothing can be done with it here.
 */
export function unreadableView(row: UnreadableDeployment, lambdaEndpointUrl: string | undefined): DeploymentView {
  const { target, request, rollbackVersion } = row;
  return {
    id: row.id,
    target: addressOf(target),
    kind: row.kind,
    phase: phases.find((known) => known === row.phase) ?? 'needs_human',
    sequence: row.sequence,
    ended: row.endedAt !== undefined,
    result: null,
    reason: null,
    headline: 'This release of Sluice cannot read this deployment; nothing is done with it until one can.',
    strategy: 'unknown',
    adaptive: false,
    steps: [],
    step: null,
    stableVersion: row.stableVersion ?? null,
    canaryVersion: row.canaryVersion ?? null,
    weightPercent: row.weightPercent,
    alias: null,
    gate: null,
    bakeStartedAt: null,
    bakeUntil: null,
    deadlineAt: null,
    evidence: null,
    rollbackPoint: rollbackVersion === undefined ? null : { version: rollbackVersion },
    restoreCommand: rollbackVersion === undefined ? null : restoreCommand(target, rollbackVersion, lambdaEndpointUrl),
    drift: null,
    trouble: {
      since: isoTime(row.stuck?.since ?? row.updatedAt),
      sentence: `It is stored as "${row.phase}", in a form that this release does not know.`,
      remedy:
        'Start the release that wrote it, or a newer one: it goes on by itself. If that must not wait, restoreCommand puts the old version back without Sluice.',
    },
    allowedActions: [],
    artifact: null,
    configurationChanges: [],
    message: typeof request.message === 'string' ? request.message : null,
    commit: typeof request.commit === 'string' ? request.commit : null,
    requestedBy: row.requestedBy,
    createdAt: isoTime(row.createdAt),
    updatedAt: isoTime(row.updatedAt),
    endedAt: isoOrNull(row.endedAt),
    readAt: isoTime(row.readAt),
  };
}
