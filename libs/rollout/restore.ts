import { restorePlan } from './plan.js';
import { isMoving, type Preparing, type RollingBack, type RolloutState } from './state.js';
import { unanswered } from './unanswered.js';

/**
 * The first state of a restore: a deployment that puts `version` back with one write. When a rollout is in flight on
 * the same target, the restore takes its place and inherits its token and everything it may still write, so that the
 * zombie's write is refused or overwritten.
 */
export function beginRestore(version: string, inFlight: RolloutState | undefined, at: number): Preparing | RollingBack {
  if (!inFlight || !isMoving(inFlight)) {
    const deadlineAt = at + restorePlan.deadlines.prepareSeconds * 1000;
    return { phase: 'preparing', kind: 'restore', plan: restorePlan, restoreTo: version, deadlineAt };
  }
  const { value, revisionId, intents, unansweredAt } = unanswered(inFlight, at);
  const seen =
    inFlight.phase === 'drifted'
      ? { value: inFlight.observed, revisionId: inFlight.observedRevisionId, intents: [inFlight.observed] }
      : { value, revisionId, intents, ...(unansweredAt === undefined ? {} : { unansweredAt }) };
  return {
    phase: 'rolling_back',
    kind: 'restore',
    plan: restorePlan,
    point: { version },
    canary: inFlight.canary,
    ...seen,
    step: 0,
    before: inFlight.value,
    reason: { code: 'restore_requested', sentence: `Version ${version} was asked for while a rollout was in flight.` },
  };
}
