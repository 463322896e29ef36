import type { Bug } from './bugs.js';
import { runSchedule } from './schedule.js';
import type { Violation } from './world.js';

/** The first seed from `first` on that notices the bug. */
export async function findBug(
  bug: Bug,
  atMost: number,
  first = 1,
): Promise<{ readonly seed: number; readonly violation: Violation } | undefined> {
  for (let seed = first; seed < first + atMost; seed += 1) {
    const { violation } = await runSchedule(seed, { bug });
    if (violation) return { seed, violation };
  }
  return undefined;
}
