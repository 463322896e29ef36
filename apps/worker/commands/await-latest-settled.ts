import type { FunctionReading } from '#aws';
import type { Captured } from '#rollout';
import { failed, latestChanged } from '../faults.js';
import { type Answer, happened, type Turn, wait } from '../turn.js';
import { sameConfiguration } from '../wanted.js';
import type { Change } from './change-function.js';

/** GetFunction may be called 100 times a second per account: two looks a second per deployment leave room for fifty. */
export const SETTLE_POLL_MS = 500;

/**
 * `$LATEST` changes its token once more by itself when an update settles; so it is read afterwards, compared as a
 * whole with what was sent, and only then is its new token good for the next write.
 */
export function awaitLatestSettled(turn: Turn, change: Change, captured: Captured): Answer {
  const { latest, wanted } = change;
  const unsettled = notSettled(turn, latest);
  if (unsettled) return unsettled;
  if (!sameConfiguration(latest.configuration, wanted.configuration)) {
    return latestChanged(turn.at(), 'The configuration of $LATEST is not the one that was sent.');
  }
  const codeIsOurs = latest.codeSha256 === captured.codeSha256;
  return happened({ type: 'LatestSettled', at: turn.at(), revisionId: latest.revisionId, codeIsOurs });
}

/** Undefined once an update of `$LATEST` has gone through; otherwise to look again, or that it failed. */
export function notSettled(turn: Turn, latest: FunctionReading): Answer | undefined {
  if (latest.lastUpdateStatus === 'InProgress') return wait(SETTLE_POLL_MS);
  if (latest.lastUpdateStatus === 'Failed') {
    return failed(
      turn.at(),
      'update_failed',
      `Lambda could not apply the update: ${latest.lastUpdateReason ?? 'no reason given'}`,
    );
  }
  return undefined;
}
