import type { Bug } from './bugs.js';
import { runSchedule } from './schedule.js';
import type { Violation } from './world.js';

/** The first seed from 1 on that notices the bug. */
export async function findBug(
  bug: Bug,
  atMost: number,
): Promise<{ readonly seed: number; readonly violation: Violation } | undefined> {
  for (let seed = 1; seed <= atMost; seed += 1) {
    const { violation } = await runSchedule(seed, { bug });
    if (violation) return { seed, violation };
  }
  return undefined;
}
