import { systemClock } from '#runtime';
import { type Bug, bugs } from './bugs.js';
import { findBug } from './find-bug.js';
import { runSchedule } from './schedule.js';

/** Schedules that once showed a mistake in the product; each stays here for good. */
const PAST = [12, 53, 66, 226, 241, 478, 2280, 15717, 37309, 108269];

/** Runs the seeds; what fails is shown as the command that replays it. */
async function expectNoViolation(seeds: Iterable<number>): Promise<void> {
  for (const seed of seeds) {
    const { violation } = await runSchedule(seed);
    if (violation) {
      throw new Error(`${violation.invariant}: ${violation.sentence}\nnpm run simulate -- --seed ${seed}`);
    }
  }
}

function* range(first: number, count: number): Iterable<number> {
  for (let seed = first; seed < first + count; seed += 1) yield seed;
}

test('the schedules that once found a mistake find none now', () => expectNoViolation(PAST));

test('a fixed thousand of schedules breaks no invariant', () => expectNoViolation(range(1, 1_000)));

test('a thousand fresh schedules break no invariant', () =>
  expectNoViolation(range(1_000_000 + Math.floor(systemClock.now() % 1_000_000_000), 1_000)));

test('one seed is one history, line by line', async () => {
  for (const seed of range(7_000, 20)) {
    const [first, second]: [string[], string[]] = [[], []];
    await runSchedule(seed, { trace: first });
    await runSchedule(seed, { trace: second });
    expect(second).toEqual(first);
  }
});

test('deployments come to every kind of end, so the schedules are about something', async () => {
  const ends = new Set<string>();
  for (const seed of range(1, 600)) for (const end of (await runSchedule(seed)).ends) ends.add(end);
  for (const end of ['succeeded', 'rolled_back', 'failed', 'cancelled', 'superseded', 'target_gone']) {
    expect([...ends]).toContain(end);
  }
});

describe('the simulator notices', () => {
  test.each(Object.entries(bugs))('%s: %s', async (bug) => {
    expect(await findBug(bug as Bug, 6_000)).toBeDefined();
  });
});
