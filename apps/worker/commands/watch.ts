import { defaultPolicy, type JudgeState, judge, type PolicyOverrides, resolvePolicy, type Verdict } from '#analysis';
import { type Baking, type Gated, isLate, nextWakeAt, type Paused, transition } from '#rollout';
import type { EvidenceRecord } from '#store';
import { type Answer, happened, type Turn } from '../turn.js';
import { resolveAlias } from './resolve-alias.js';

/** What is kept of the judge between two looks: its state, and up to when the evidence was read. */
interface Watching {
  readonly state: JudgeState | undefined;
  readonly readUntilMs: number;
}

/**
 * One look at a live canary. After a gap nobody watched, the alias is confirmed first. Then the evidence since the last
 * look is judged, and the rollout says whether that changes anything; if not, only the evidence is kept.
 */
export async function watch(turn: Turn, state: Baking | Gated | Paused): Promise<Answer> {
  if (isLate(state, turn.at())) return resolveAlias(turn, state);
  const evidence = state.plan.analysis === null ? undefined : await judgeEvidence(turn, state);
  const at = turn.at();
  const event = {
    type: 'Watched',
    at,
    verdict: evidence?.verdict ?? null,
    sentence: evidence?.sentence ?? '',
  } as const;
  const next = transition(state, event);
  const kept = evidence ? { evidence } : {};
  if (next.kind === 'moved') return { ...happened(event), ...kept };
  const wakeAt = nextWakeAt(state, at) ?? at + state.plan.watchSeconds * 1000;
  return { kind: 'wait', delayMs: Math.max(200, wakeAt - at), ...kept };
}

async function judgeEvidence(turn: Turn, state: Baking | Gated | Paused): Promise<EvidenceRecord> {
  const { parts, row, fn } = turn;
  const policy = resolvePolicy(defaultPolicy, (state.plan.analysis ?? {}) as PolicyOverrides);
  const before = watchingOf(row.evidence);
  const readUntilMs = Math.max(before.readUntilMs, state.bakeStartedAt);
  const reading = await parts.evidence.read(
    {
      ...fn,
      alias: row.target.aliasName,
      stableVersion: state.point.version,
      canaryVersion: state.canary,
      fromMs: readUntilMs,
      toMs: turn.at(),
      periodSeconds: parts.metricsPeriodSeconds,
      weightPercent: state.value.canary?.weightPercent ?? 0,
      latencyThresholdsMs: policy.history?.latencyThresholdsMs ?? [],
    },
    turn.signal,
  );
  if (!reading.ok) return unreadable(reading.reason, before, readUntilMs, turn);
  const judged = judge(before.state, reading.blocks, policy);
  return record(judged.verdict, { state: judged.state, readUntilMs: reading.readUntilMs }, turn.at());
}

/** A source that does not answer is no sign of health: nothing passes on its silence, and what was known is kept. */
function unreadable(reason: string, before: Watching, readUntilMs: number, turn: Turn): EvidenceRecord {
  const known = turn.row.evidence;
  const sentence = `The evidence could not be read: ${reason}`;
  return {
    verdict: 'inconclusive',
    sentence,
    numbers: known?.numbers ?? {},
    judge: { ...before, readUntilMs },
    at: turn.at(),
  };
}

function record({ kind, sentence, numbers }: Verdict, watching: Watching, at: number): EvidenceRecord {
  return { verdict: kind, sentence, numbers: { ...numbers }, judge: watching, at };
}

function watchingOf(evidence: EvidenceRecord | undefined): Watching {
  const kept = evidence?.judge as Partial<Watching> | null | undefined;
  return { state: kept?.state, readUntilMs: kept?.readUntilMs ?? 0 };
}
