import { z } from 'zod';
import { alarmsAtStart as policies } from '#contracts';
import type { AlarmMemory } from '#metrics';
import type { EvidenceRecord } from '#store';
import { failed } from './faults.js';
import { watchingOf } from './judging.js';
import type { Answer, Turn } from './turn.js';

const settings = z.object({ alarmsAtStart: policies.optional() });

/** How soon alarms that stand in the way are looked at again. */
const AGAIN_MS = 10_000;
/** What is left of the time for preparing when waiting has an end, so that the end names its reason. */
const LAST_LOOK_MS = 2 * AGAIN_MS;

/**
 * The target's alarms before anything moves. One that is red already could not speak about the new version, so by the
 * target's policy the deployment ends, waits, or goes on without it. What is found here is what "red before" means for
 * the rest of the rollout.
 */
export async function alarmsAtStart(turn: Turn): Promise<AlarmMemory | Answer | undefined> {
  const { parts, row, signal } = turn;
  const at = turn.at();
  const seen = await parts.sources?.alarms(row.target, undefined, at, signal);
  if (!seen) return undefined;
  const policy = settings.safeParse(row.target.settings).data?.alarmsAtStart ?? 'refuse';
  const regardless = row.request.despiteAlarms === true || policy === 'proceed';
  if (seen.word === 'blind') {
    if (regardless) return { startedAtMs: at };
    const ends = seen.retry === 'never' || isLastLook(turn);
    return ends ? failed(at, 'alarms_unreadable', seen.sentence) : waiting(turn, seen.sentence);
  }
  const red = seen.shown.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
  if (red.length === 0 || regardless) return { startedAtMs: at, redAtStart: red };
  const names = red.map((name) => `"${name}"`).join(', ');
  const sentence = `The ${red.length === 1 ? `alarm ${names} is` : `alarms ${names} are`} red before any traffic has moved, and could not speak about the new version`;
  if (policy === 'hold' && !isLastLook(turn)) return waiting(turn, `${sentence}; waiting`);
  return failed(at, 'alarm_red', `${sentence}.`);
}

function isLastLook({ state, at }: Turn): boolean {
  return state.phase === 'preparing' && at() >= state.deadlineAt - LAST_LOOK_MS;
}

/** Why it waits can be read meanwhile: it is the last thing known of the deployment. */
function waiting(turn: Turn, sentence: string): Answer {
  const evidence: EvidenceRecord = {
    verdict: 'inconclusive',
    sentence,
    numbers: {},
    judge: watchingOf(undefined),
    at: turn.at(),
  };
  return { kind: 'wait', delayMs: AGAIN_MS, seen: { evidence, blocks: [] } };
}
