import { JUDGED_FROM_SECONDS, trendOf } from './memory.js';
import { DRAIN_MS, type Soaked, tell } from './soak.js';
import { IN_CALM } from './watch.js';

export interface Verdict {
  readonly lines: readonly string[];
  readonly passed: number;
  readonly failed: number;
}

/** What one engine's run came to, as a table; every row that says PASS or FAIL counts as one. */
export function report(soaked: Soaked): Verdict {
  const checks: [boolean, string][] = [...IN_CALM].sort(byNumber).map((invariant) => {
    const [broken, looks] = [soaked.watch.broken.get(invariant), soaked.watch.looks.get(invariant) ?? 0];
    return [broken === undefined && looks > 0, `${invariant.padEnd(4)} looks: ${looks}${broken ? `, ${broken}` : ''}`];
  });
  checks.push([
    soaked.problems.length === 0,
    ['every rollout ended as it should', ...soaked.problems.slice(0, 10)].join('\n         '),
  ]);
  const drained = Math.round(soaked.longestDrainMs / 100) / 10;
  checks.push([
    soaked.longestDrainMs <= DRAIN_MS,
    `all at rest after the last fault: within ${drained} s (at most ${DRAIN_MS / 1_000} s)`,
  ]);
  const memory = soaked.memory.map(({ process, figure, readings }) => {
    const { second, last, most, mbPerHour } = trendOf(readings);
    const [from, to, bound] = [second, last, most].map((mb) => mb.toFixed(1));
    const text = Number.isNaN(second + last)
      ? `${readings.map(({ mb }) => mb.toFixed(1)).join(', ')} MB; too few readings for a trend`
      : `${from} MB in the second third, ${to} MB in the last (at most ${bound}), ${mbPerHour.toFixed(1)} MB an hour, ${readings.length} readings`;
    return { isFlat: last <= most, text: `${process}, ${figure}: ${text}` };
  });
  if (soaked.isMemoryJudged) for (const { isFlat, text } of memory) checks.push([isFlat, text]);
  return {
    lines: [
      `-- ${soaked.engine} --`,
      `rollouts by end: ${tell(Object.entries(soaked.ends))}`,
      `stories: ${tell(soaked.stories)}`,
      `faults: ${tell(soaked.faults)}`,
      ...checks.map(([held, text]) => `${held ? 'PASS' : 'FAIL'}     ${text}`),
      ...(soaked.isMemoryJudged ? [] : memory.map(({ text }) => `-        ${text}`)),
      ...(soaked.isMemoryJudged ? [] : [`         (memory is judged from ${JUDGED_FROM_SECONDS / 60} minutes on)`]),
    ],
    passed: checks.filter(([held]) => held).length,
    failed: checks.filter(([held]) => !held).length,
  };
}

function byNumber(left: string, right: string): number {
  return Number(left.slice(1)) - Number(right.slice(1));
}
