import type { EvidenceBlock } from './evidence.js';

/** Initialisations seen of both versions, milliseconds, the latest ones; plain JSON. */
export interface ColdStarts {
  readonly stable: readonly number[];
  readonly canary: readonly number[];
}

export const noColdStarts: ColdStarts = { stable: [], canary: [] };

/** Enough for the test below, few enough to be kept in a row. */
const KEPT = 100;

export function addColdStarts(before: ColdStarts, blocks: readonly EvidenceBlock[]): ColdStarts {
  const add = (side: keyof ColdStarts) =>
    [...before[side], ...blocks.flatMap((block) => block[side].initMs ?? [])].slice(-KEPT);
  return { stable: add('stable'), canary: add('canary') };
}

/** What cold starts amount to. They are a finding of their own and never part of the latency test. */
export interface ColdStartFinding {
  readonly stable: { readonly count: number; readonly medianMs: number | null };
  readonly canary: { readonly count: number; readonly medianMs: number | null };
  /** The canary's initialisation is slower than the stable version's times the ratio asked about, beyond chance. */
  readonly slower: boolean;
  readonly sentence: string | null;
}

/** Fewer on either side say more about luck than about the version. */
const WANTED = 5;
/** A slower start that nobody would notice is none. */
const NOTICEABLE_MS = 50;
/**
 * One-sided normal quantile of 1 in 10 000: the test is looked at again and again, and a hundred looks then still have a
 * false alarm at most once in a hundred (Bonferroni).
 */
const CRITICAL_Z = 3.72;

/**
 * Rank-sum test (Mann and Whitney 1947, normal approximation) of the canary's initialisations against the stable
 * version's times `ratio`: whether they are larger as a whole, not whether one of them was.
 */
export function compareColdStarts({ stable, canary }: ColdStarts, ratio: number): ColdStartFinding {
  const counts = {
    stable: { count: stable.length, medianMs: medianOf(stable) },
    canary: { count: canary.length, medianMs: medianOf(canary) },
  };
  const { medianMs: before } = counts.stable;
  const { medianMs: after } = counts.canary;
  const told = before !== null && after !== null && Math.min(stable.length, canary.length) >= WANTED;
  const larger = told && after - before >= NOTICEABLE_MS && after > before * ratio;
  const slower =
    larger &&
    rankSumZ(
      stable.map((one) => one * ratio),
      canary,
    ) >= CRITICAL_Z;
  const sentence = slower
    ? `cold starts take ${Math.round(after)} ms instead of ${Math.round(before)} ms (medians of ${canary.length} and ${stable.length})`
    : null;
  return { ...counts, slower, sentence };
}

/** How far the ranks of `right` lie above what equal samples would have, in standard deviations. */
function rankSumZ(left: readonly number[], right: readonly number[]): number {
  const wins = right.reduce(
    (sum, one) => sum + left.reduce((won, other) => won + (one > other ? 1 : one === other ? 0.5 : 0), 0),
    0,
  );
  const pairs = left.length * right.length;
  return (wins - pairs / 2 - 0.5) / Math.sqrt((pairs * (left.length + right.length + 1)) / 12);
}

function medianOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? null;
}
