import { endPhases } from '#rollout';
import { systemClock } from '#runtime';
import { type Bug, bugs } from './bugs.js';
import { findBug } from './find-bug.js';
import { runSchedule } from './schedule.js';

/** Schedules that once showed a mistake in the product; each stays here for good. */
const PAST = [
  12, 53, 66, 226, 241, 283, 478, 1745, 2280, 5223, 15717, 29930, 37309, 65023, 108269, 20234944, 30011004, 100157043,
  300064776, 300752602, 600066778, 30740, 800241422, 800366423, 900208793,
];

/** A hunt takes seconds; a machine that is busy with other suites may need a while for it. */
const HUNT_MS = 180_000;

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

test('five hundred fixed schedules break no invariant', () => expectNoViolation(range(1, 500)), HUNT_MS);

test(
  'five hundred fresh schedules break no invariant',
  () => expectNoViolation(range(1_000_000 + Math.floor(systemClock.now() % 1_000_000_000), 500)),
  HUNT_MS,
);

test('one seed is one history, line by line', async () => {
  for (const seed of range(7_000, 20)) {
    const [first, second]: [string[], string[]] = [[], []];
    await runSchedule(seed, { trace: first });
    await runSchedule(seed, { trace: second });
    expect(second).toEqual(first);
  }
});

test('deployments come to every kind of end, so the schedules are about something', async () => {
  const missing = new Set<string>(endPhases);
  for (let seed = 1; missing.size > 0 && seed < 1_000; seed += 1) {
    for (const end of (await runSchedule(seed)).ends) missing.delete(end);
  }
  expect([...missing]).toEqual([]);
});

describe('the simulator notices', () => {
  test.each(Object.entries(bugs))(
    '%s: %s',
    async (bug) => {
      expect(await findBug(bug as Bug, 6_000)).toBeDefined();
    },
    HUNT_MS,
  );
});
