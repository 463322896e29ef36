import type { EvidenceBlock } from './evidence.js';
import { decisionOf, verdictOf } from './judge.js';
import { type JudgeState, newJudge, stepJudge } from './judge-state.js';
import type { AnalysisPolicy } from './policy.js';
import { signalsOf } from './signals.js';
import type { Verdict } from './verdict.js';

/** The judge replayed over recorded evidence: block by block for one rollout, and as a summary for many. */

export interface ExplainedBlock {
  readonly startMs: number;
  readonly endMs: number;
  readonly weightPercent: number;
  readonly stable: { readonly invocations: number; readonly errors: number };
  readonly canary: { readonly invocations: number; readonly errors: number };
  /** After this block. */
  readonly rollbackE: number;
  readonly advanceE: number;
  readonly kind: Verdict['kind'];
  readonly reason: Verdict['reason'];
}

/** What the judge saw and said after every block. */
export function explain(blocks: readonly EvidenceBlock[], policy: AnalysisPolicy): ExplainedBlock[] {
  let state = newJudge;
  return blocks.map((block) => {
    state = stepJudge(state, block, policy);
    const { kind, reason } = decisionOf(state, policy);
    const { rollbackE, advanceE } = signalsOf(state, policy);
    const { startMs, endMs, weightPercent } = block;
    const stable = { invocations: block.stable.invocations, errors: block.stable.errors };
    const canary = { invocations: block.canary.invocations, errors: block.canary.errors };
    return { startMs, endMs, weightPercent, stable, canary, rollbackE, advanceE, kind, reason };
  });
}

export interface RecordedRollout {
  readonly id: string;
  /** Evidence in the order it was fed. */
  readonly blocks: readonly EvidenceBlock[];
  /** How it really ended, if known: what the policy is measured against. */
  readonly ended?: 'promoted' | 'rolled_back';
}

export interface BacktestRow {
  readonly id: string;
  readonly ended: RecordedRollout['ended'] | null;
  /** `stopped`: this policy would have rolled back. `passed`: it would have passed. `undecided`: neither. */
  readonly outcome: 'stopped' | 'passed' | 'undecided';
  /** When it would have decided, milliseconds after the first block began; null when undecided. */
  readonly afterMs: number | null;
  /** Harmed requests until then, estimated, and over everything recorded. */
  readonly harmedUntilDecision: number;
  readonly harmedRecorded: number;
  readonly sentence: string;
}

export interface Backtest {
  readonly rows: readonly BacktestRow[];
  readonly stopped: number;
  readonly passed: number;
  readonly undecided: number;
  /** Rollouts that were promoted although this policy would have stopped them, and the other way round. */
  readonly promotedButStopped: readonly string[];
  readonly rolledBackButPassed: readonly string[];
}

/**
 * Which recorded rollouts a policy would have stopped. The recorded weights are taken as they were: a replay cannot
 * know what another ramp would have shown, so it judges the evidence and not the ramp.
 */
export function backtest(rollouts: readonly RecordedRollout[], policy: AnalysisPolicy): Backtest {
  const rows = rollouts.map((rollout) => replay(rollout, policy));
  const ids = (ended: RecordedRollout['ended'], outcome: BacktestRow['outcome']) =>
    rows.filter((row) => row.ended === ended && row.outcome === outcome).map((row) => row.id);
  const count = (outcome: BacktestRow['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  return {
    rows,
    stopped: count('stopped'),
    passed: count('passed'),
    undecided: count('undecided'),
    promotedButStopped: ids('promoted', 'stopped'),
    rolledBackButPassed: ids('rolled_back', 'passed'),
  };
}

function replay({ id, blocks, ended }: RecordedRollout, policy: AnalysisPolicy): BacktestRow {
  let state = newJudge;
  let stoppedAt: JudgeState | undefined;
  let passedAt: JudgeState | undefined;
  for (const block of blocks) {
    state = stepJudge(state, block, policy);
    const { kind } = decisionOf(state, policy);
    // The watch goes on after a pass, so a later failure still stops the rollout.
    if (kind === 'fail') stoppedAt ??= state;
    if (kind === 'pass') passedAt ??= state;
  }
  const decided = stoppedAt ?? passedAt;
  const verdict = verdictOf(decided ?? state, policy);
  return {
    id,
    ended: ended ?? null,
    outcome: stoppedAt ? 'stopped' : passedAt ? 'passed' : 'undecided',
    afterMs: decided ? decided.lastMs - decided.firstMs : null,
    harmedUntilDecision: verdict.numbers.harmedRequests,
    harmedRecorded: verdictOf(state, policy).numbers.harmedRequests,
    sentence: verdict.sentence,
  };
}
