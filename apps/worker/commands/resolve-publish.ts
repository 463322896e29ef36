import type { FunctionReading } from '#aws';
import type { Captured, Claim } from '#rollout';
import { latestChanged, readAgain } from '../faults.js';
import { takeSlot } from '../readings.js';
import { type Answer, happened, READ_TIMEOUT_MS, type Turn } from '../turn.js';
import { sameConfiguration } from '../wanted.js';
import { notSettled } from './await-latest-settled.js';
import type { Change } from './change-function.js';

/** For all pages of the versions together. */
const LISTING_TIMEOUT_MS = READ_TIMEOUT_MS * 3;

/**
 * A write to `$LATEST` whose outcome nobody knows. In this order: its old token still there means that nothing was
 * done, and the same token may be sent again; our code and configuration there means that it was, and publishing with
 * hash and token finds or makes the number; otherwise only a version above all known ones can be ours. Nothing is ever
 * sent again under a fresh token without that comparison.
 */
export async function resolvePublish(turn: Turn, claim: Claim, change: Change, captured: Captured): Promise<Answer> {
  const { latest, wanted } = change;
  const unsettled = notSettled(turn, latest);
  if (unsettled) return unsettled;
  if (latest.revisionId === claim.token) return happened({ type: 'LatestUnchanged', at: turn.at() });
  const codeIsOurs = latest.codeSha256 === captured.codeSha256;
  const configurationIsOurs = sameConfiguration(latest.configuration, wanted.configuration);
  const isOurs = configurationIsOurs && (codeIsOurs || claim.command === 'UpdateConfiguration');
  if (isOurs) return happened({ type: 'LatestSettled', at: turn.at(), revisionId: latest.revisionId, codeIsOurs });
  return findAmongVersions(turn, change, captured);
}

async function findAmongVersions(turn: Turn, change: Change, captured: Captured): Promise<Answer> {
  const slot = await takeSlot(turn, 'ordinary');
  if (slot) return slot;
  const { lambda, clock } = turn.parts;
  const endsAt = clock.monotonic() + LISTING_TIMEOUT_MS;
  const call = { timeoutMs: LISTING_TIMEOUT_MS, signal: turn.signal };
  const answer = await lambda.listVersions(turn.fn, call, () => takeSlotBefore(turn, endsAt));
  if (!answer.ok) return readAgain(answer.fault);
  const [found, ...more] = answer.value.filter((version) => isOurVersion(version, change, captured));
  if (found && more.length === 0) return happened({ type: 'VersionPublished', at: turn.at(), version: found.version });
  const sentence = found
    ? 'Several new versions hold this code; which of them is this deployment’s cannot be told.'
    : '$LATEST holds neither what was there before nor what was sent, and no version of this deployment was published.';
  return latestChanged(turn.at(), sentence);
}

/** A listing that was given up begins at its first page again, so its next slot is waited for as long as there is time. */
async function takeSlotBefore(turn: Turn, endsAt: number): Promise<boolean> {
  const { clock } = turn.parts;
  for (;;) {
    const slot = await takeSlot(turn, 'ordinary');
    if (slot?.kind !== 'wait') return true;
    if (turn.signal.aborted || clock.monotonic() + slot.delayMs >= endsAt) return false;
    await clock.sleep(slot.delayMs, turn.signal);
  }
}

function isOurVersion(version: FunctionReading, change: Change, captured: Captured): boolean {
  const number = Number(version.version);
  if (!Number.isInteger(number) || number <= captured.highestVersion) return false;
  const configuration = { ...version.configuration, description: change.wanted.configuration.description };
  return version.codeSha256 === captured.codeSha256 && sameConfiguration(configuration, change.wanted.configuration);
}
