import type { AdvisedDecision } from './adaptive.js';
import { adviceOf, decide } from './decide.js';
import type { EvidenceBlock } from './evidence.js';
import { type JudgeState, newJudge, stepJudge } from './judge-state.js';
import { excessIntervalOf, numbersOf } from './numbers.js';
import type { AnalysisPolicy } from './policy.js';
import { sentenceOf } from './sentence.js';
import { signalsOf } from './signals.js';
import type { Verdict } from './verdict.js';

export interface Judgement {
  /** Pass it to the next call together with the blocks that came since. */
  readonly state: JudgeState;
  readonly verdict: Verdict;
}

/**
 * Feeds settled blocks, each exactly once and in order of time, and says what they amount to. The answer depends on
 * the list of blocks only, not on how it was cut into calls, so feeding the stored blocks to `undefined` restores it.
 * Without blocks it repeats the present verdict (and, at the start, advises the first weight).
 */
export function judge(
  state: JudgeState | undefined,
  blocks: readonly EvidenceBlock[],
  policy: AnalysisPolicy,
): Judgement {
  const next = blocks.reduce((before, block) => stepJudge(before, block, policy), state ?? newJudge);
  return { state: next, verdict: verdictOf(next, policy) };
}

/** The decision alone, without the intervals and the sentence that a verdict adds for its reader. */
export function decisionOf(state: JudgeState, policy: AnalysisPolicy): AdvisedDecision {
  const signals = signalsOf(state, policy);
  const decision = decide(state, signals, policy);
  const advice = adviceOf(state, signals, decision, policy);
  return { advice, evidenceUntilMs: state.lastMs, ...decision };
}

/** The verdict on what was fed so far. */
export function verdictOf(state: JudgeState, policy: AnalysisPolicy): Verdict {
  const signals = signalsOf(state, policy);
  const decision = decide(state, signals, policy);
  const measured = numbersOf(state, signals, policy);
  const settled = decision.kind !== 'continue' && state.evidence.groups.length > 0;
  const numbers = settled ? { ...measured, excessInterval: excessIntervalOf(state, policy) } : measured;
  const advice = adviceOf(state, signals, decision, policy);
  return { sentence: sentenceOf(decision, numbers), numbers, advice, ...decision };
}
