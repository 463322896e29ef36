import { type Baking, type Gated, isLate, nextWakeAt, type Paused, type RampMove, transition } from '#rollout';
import type { EvidenceRecord } from '#store';
import { judgeBlocks, policyOf, type Watching, watchingOf } from '../judging.js';
import { type Answer, happened, type Seen, type Turn } from '../turn.js';
import { resolveAlias } from './resolve-alias.js';

/**
 * One look at a live canary. After a gap nobody watched, the alias is confirmed first. Then the evidence since the last
 * look is judged, and the rollout says whether that changes anything; if not, only the evidence is kept.
 */
export async function watch(turn: Turn, state: Baking | Gated | Paused): Promise<Answer> {
  if (isLate(state, turn.at())) return resolveAlias(turn, state);
  const seen = state.plan.analysis === null ? undefined : await judgeEvidence(turn, state);
  const at = turn.at();
  const evidence = seen?.evidence;
  const event = {
    type: 'Watched',
    at,
    verdict: evidence?.verdict ?? null,
    sentence: evidence?.sentence ?? '',
    ...(seen?.ramp ? { ramp: seen.ramp } : {}),
  } as const;
  const next = transition(state, event);
  const kept = seen ? { seen: { evidence: seen.evidence, blocks: seen.blocks } } : {};
  if (next.kind === 'moved') return { ...happened(event), ...kept };
  const wakeAt = nextWakeAt(state, at) ?? at + state.plan.watchSeconds * 1000;
  return { kind: 'wait', delayMs: Math.max(200, wakeAt - at), ...kept };
}

async function judgeEvidence(
  turn: Turn,
  state: Baking | Gated | Paused,
): Promise<Seen & { ramp: RampMove | undefined }> {
  const { parts, row, fn } = turn;
  const before = watchingOf(row.evidence);
  const policy = policyOf(state.plan, parts.metricsPeriodSeconds, before.history);
  const readUntilMs = Math.max(before.readUntilMs, state.bakeStartedAt);
  const weightPercent = state.value.canary?.weightPercent ?? 0;
  const reading = await parts.evidence.read(
    {
      ...fn,
      alias: row.target.aliasName,
      stableVersion: state.point.version,
      canaryVersion: state.canary,
      fromMs: readUntilMs,
      toMs: turn.at(),
      periodSeconds: parts.metricsPeriodSeconds,
      weightPercent,
      latencyThresholdsMs: policy.history?.latencyThresholdsMs ?? [],
    },
    turn.signal,
  );
  if (!reading.ok) {
    return { evidence: unreadable(reading.reason, { ...before, readUntilMs }, turn), blocks: [], ramp: undefined };
  }
  const now = { atMs: turn.at(), weightPercent, adaptive: state.plan.adaptive === true };
  return judgeBlocks(before, reading, policy, now);
}

/** A source that does not answer is no sign of health: nothing passes on its silence, and what was known is kept. */
function unreadable(reason: string, kept: Watching, turn: Turn): EvidenceRecord {
  return {
    verdict: 'inconclusive',
    sentence: `The evidence could not be read: ${reason}`,
    numbers: turn.row.evidence?.numbers ?? {},
    judge: kept,
    at: turn.at(),
  };
}
