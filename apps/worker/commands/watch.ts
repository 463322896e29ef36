import type { AlarmsSeen } from '#metrics';
import { type Baking, type Gated, isLate, nextWakeAt, type Paused, type RampMove, transition } from '#rollout';
import type { EvidenceRecord } from '#store';
import { withColdStarts } from '../cold-starts.js';
import { measuringOf } from '../evidence.js';
import { judgeBlocks, policyOf, type Watching, watchingOf } from '../judging.js';
import { pushedAlarm } from '../pushed-alarms.js';
import { type Answer, happened, type Seen, type Turn } from '../turn.js';
import { resolveAlias } from './resolve-alias.js';

/**
 * One look at a live canary. After a gap nobody watched, the alias is confirmed first. Then the evidence since the last
 * look is judged, and the rollout says whether that changes anything; if not, only the evidence is kept.
 */
export async function watch(turn: Turn, state: Baking | Gated | Paused): Promise<Answer> {
  if (isLate(state, turn.at())) return resolveAlias(turn, state);
  const seen = await look(turn, state);
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
  const wakesAt = Math.min(wakeAt, seen ? nextEvidenceAt(turn, seen, at) : wakeAt);
  return { kind: 'wait', delayMs: Math.max(200, wakesAt - at), ...kept };
}

/** A moment after a period has settled, so that a source which counts to the same moment has it. */
const SETTLED_MS = 100;

/**
 * When the next period of the evidence settles. Looking just then, instead of at every tenth second whatever the
 * periods, spares a bad canary half an interval of traffic on average.
 */
function nextEvidenceAt(turn: Turn, seen: Seen, at: number): number {
  const { periodSeconds, settleSeconds } = measuringOf(turn.parts, turn.row.target);
  const periodMs = periodSeconds * 1000;
  const settleMs = settleSeconds * 1000 + SETTLED_MS;
  const { readUntilMs } = watchingOf(seen.evidence);
  const endsAt = Math.max(
    Math.ceil(readUntilMs / periodMs) * periodMs + periodMs,
    Math.floor((at - settleMs) / periodMs) * periodMs + periodMs,
  );
  return endsAt + settleMs;
}

type Judged = Seen & { readonly ramp: RampMove | undefined };

/** What the evidence and the target's alarms come to together; undefined when neither is wanted. */
async function look(turn: Turn, state: Baking | Gated | Paused): Promise<Judged | undefined> {
  const { parts, row, signal } = turn;
  const before = watchingOf(row.evidence);
  const memory = before.alarms ?? { startedAtMs: state.bakeStartedAt };
  // First of all, because it is known without asking anybody: every second counts now.
  const pushed = await pushedAlarm(parts, row.target, memory);
  if (pushed) return { evidence: alarmed(pushed, { ...before, alarms: memory }, turn), blocks: [], ramp: undefined };
  const [judged, alarms] = await Promise.all([
    state.plan.analysis === null ? undefined : judgeEvidence(turn, state),
    parts.sources?.alarms(row.target, before.alarms, state.bakeStartedAt, signal),
  ]);
  if (!alarms) return judged;
  const kept = { ...before, alarms: alarms.memory };
  if (alarms.word === 'blind' && !isWorse(judged, state)) {
    // The blocks of this look are left for the next one: nothing goes up and nothing passes while nobody sees the alarms.
    return { evidence: unreadable(alarms.sentence, kept, turn), blocks: [], ramp: undefined };
  }
  return withAlarms(judged ?? { evidence: unjudged(kept, turn), blocks: [], ramp: undefined }, alarms);
}

function alarmed(sentence: string, kept: Watching, turn: Turn): EvidenceRecord {
  return { verdict: 'fail', sentence, numbers: turn.row.evidence?.numbers ?? {}, judge: kept, at: turn.at() };
}

/** Bad news holds even where the alarms are not known. */
function isWorse(judged: Judged | undefined, state: Baking | Gated | Paused): boolean {
  if (!judged) return false;
  const { evidence, ramp } = judged;
  const down = ramp?.kind === 'shift' && ramp.weightPercent < (state.value.canary?.weightPercent ?? 0);
  return evidence.verdict === 'fail' || ramp?.kind === 'rollback' || down;
}

function withAlarms(judged: Judged, { word, sentence, memory, shown }: AlarmsSeen): Judged {
  const { evidence } = judged;
  const judge = { ...(evidence.judge as Watching), alarms: memory };
  const known = { ...evidence, judge, numbers: { ...evidence.numbers, alarms: shown } };
  if (word !== 'fail') return { ...judged, evidence: { ...known, sentence: `${evidence.sentence}; ${sentence}` } };
  return { ...judged, ramp: undefined, evidence: { ...known, verdict: 'fail', sentence } };
}

/** A plan without the judge: the alarms alone are watched. */
function unjudged(kept: Watching, turn: Turn): EvidenceRecord {
  return { verdict: 'continue', sentence: 'The judge is switched off', numbers: {}, judge: kept, at: turn.at() };
}

async function judgeEvidence(turn: Turn, state: Baking | Gated | Paused): Promise<Judged> {
  const { parts, row, fn } = turn;
  const before = watchingOf(row.evidence);
  const { source, periodSeconds, settleSeconds } = measuringOf(parts, row.target);
  const policy = policyOf(state.plan, periodSeconds, before.history);
  const readUntilMs = Math.max(before.readUntilMs, state.bakeStartedAt);
  const weightPercent = state.value.canary?.weightPercent ?? 0;
  const reading = await source.read(
    {
      alias: row.target.aliasName,
      stableVersion: state.point.version,
      canaryVersion: state.canary,
      fromMs: readUntilMs,
      toMs: turn.at(),
      periodSeconds,
      weightPercent,
      latencyThresholdsMs: policy.history?.latencyThresholdsMs ?? [],
      ...fn,
    },
    turn.signal,
  );
  if (!reading.ok) {
    const silentSinceMs = before.silentSinceMs ?? turn.at();
    const kept = { ...before, readUntilMs, silentSinceMs };
    const ramp = afterSilence(state, turn.at() - silentSinceMs);
    return { evidence: unreadable(reading.reason, kept, turn), blocks: [], ramp };
  }
  const pace = { periodMs: periodSeconds * 1000, settleMs: settleSeconds * 1000 };
  const now = { atMs: turn.at(), weightPercent, adaptive: state.plan.adaptive === true, ...pace };
  const judged = judgeBlocks(before, reading, policy, now);
  return withLate(withColdStarts(judged, reading.blocks, row.target), reading.lateInvocations ?? 0, turn);
}

/** Fixed steps have a deadline at their gate; an adaptive rollout whose source stays silent as long gets the same end. */
function afterSilence({ plan }: Baking | Gated | Paused, silentMs: number): RampMove | undefined {
  if (!plan.adaptive || silentMs < plan.deadlines.analysisSeconds * 1000) return undefined;
  return { kind: plan.onInconclusive === 'rollback' ? 'rollback' : 'hold' };
}

/** Late data is counted over the whole rollout and shown; it changes no verdict. */
function withLate(judged: Judged, late: number, turn: Turn): Judged {
  const soFar = Number(turn.row.evidence?.numbers['lateInvocations'] ?? 0);
  if (soFar + late === 0) return judged;
  const numbers = { ...judged.evidence.numbers, lateInvocations: soFar + late };
  return { ...judged, evidence: { ...judged.evidence, numbers } };
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
