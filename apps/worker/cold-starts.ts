import { addColdStarts, compareColdStarts, type EvidenceBlock, noColdStarts } from '#analysis';
import { targetMetrics } from '#contracts';
import type { TargetRow } from '#store';
import type { Watching } from './judging.js';
import type { Seen } from './turn.js';

/** From where a slower start is worth a remark. */
const TOLD_RATIO = 1.5;

/**
 * Cold starts beside the verdict: a new version always has more of them, so they count neither for nor against it in the
 * latency test. That each of them takes longer is a finding of its own, told in the sentence, and a reason to roll back
 * only where the target says from which ratio.
 */
export function withColdStarts<J extends Seen & { readonly ramp: unknown }>(
  judged: J,
  blocks: readonly EvidenceBlock[],
  target: Pick<TargetRow, 'settings'>,
): J {
  const { evidence } = judged;
  const watching = evidence.judge as Watching;
  const coldStarts = addColdStarts(watching.coldStarts ?? noColdStarts, blocks);
  if (coldStarts.stable.length + coldStarts.canary.length === 0) return judged;
  const gate = gateRatio(target);
  const finding = compareColdStarts(coldStarts, gate ?? TOLD_RATIO);
  const known = {
    ...evidence,
    judge: { ...watching, coldStarts },
    numbers: {
      ...evidence.numbers,
      coldStarts: { stable: finding.stable, canary: finding.canary, slower: finding.slower },
    },
  };
  if (!finding.sentence) return { ...judged, evidence: known };
  if (gate === undefined || evidence.verdict === 'fail')
    return { ...judged, evidence: { ...known, sentence: `${evidence.sentence}; ${finding.sentence}` } };
  const sentence = `${finding.sentence[0]?.toUpperCase()}${finding.sentence.slice(1)}, more than ${gate} times as long`;
  return { ...judged, ramp: undefined, evidence: { ...known, verdict: 'fail', sentence } };
}

function gateRatio({ settings }: Pick<TargetRow, 'settings'>): number | undefined {
  const metrics = targetMetrics.safeParse(settings['metrics']).data;
  return metrics?.source === 'logs' ? metrics.coldStartsSlowerThan : undefined;
}
