import type { Figure, Reading } from './figures.js';

/** The middle value; the mean of the two middle ones for an even count. Throws on nothing: that is no figure. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('There is no median of nothing.');
  const lower = sorted[middle - 1];
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
}

/** The smallest value that at least `percent` of all values do not exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const found = sorted[rank - 1];
  if (found === undefined) throw new Error('There is no percentile of nothing.');
  return found;
}

export type Mark = 'world-class' | 'target' | 'floor' | 'below the floor';

/** The best mark a value reaches; a mark itself counts as reached. */
export function markOf(figure: Pick<Figure, 'better' | 'floor' | 'target' | 'worldClass'>, value: number): Mark {
  const reaches = (mark: number) => (figure.better === 'higher' ? value >= mark : value <= mark);
  if (reaches(figure.worldClass)) return 'world-class';
  if (reaches(figure.target)) return 'target';
  return reaches(figure.floor) ? 'floor' : 'below the floor';
}

/**
 * Several rounds of one figure as one reading: the medians of value, raw side and own side, each for itself, because
 * each is shown for itself. The note is the last round's.
 */
export function overRounds(rounds: readonly Reading[]): Reading & { readonly rounds: number } {
  const last = rounds.at(-1);
  if (!last) throw new Error('No round was measured.');
  const raws = rounds.flatMap(({ raw }) => (raw ? [raw.value] : []));
  const owns = rounds.flatMap(({ ours }) => (ours === undefined ? [] : [ours]));
  return {
    ...last,
    value: median(rounds.map(({ value }) => value)),
    ...(last.raw && raws.length > 0 ? { raw: { ...last.raw, value: median(raws) } } : {}),
    ...(owns.length > 0 ? { ours: median(owns) } : {}),
    rounds: rounds.length,
  };
}
