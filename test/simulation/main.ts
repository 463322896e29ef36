import { parseArgs } from 'node:util';
import { systemClock } from '#runtime';
import { type Bug, bugs } from './bugs.js';
import { findBug } from './find-bug.js';
import { runOnCores, runRange } from './range.js';
import { runSchedule } from './schedule.js';

/**
 * `--schedules N --seed S [--cores C] [--bug NAME]`; `--seed S` alone replays that one schedule and prints what
 * happened; `--bugs` puts each seeded bug into the world and says which schedule notices it.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string' },
      seed: { type: 'string' },
      cores: { type: 'string' },
      bug: { type: 'string' },
      bugs: { type: 'boolean' },
    },
  });
  if (values.bugs) return huntBugs(whole('schedules', values.schedules) ?? 5_000);
  const bug = values.bug as Bug | undefined;
  if (bug !== undefined && !(bug in bugs)) throw new RangeError(`No such bug. Known: ${Object.keys(bugs).join('; ')}`);
  const first = whole('seed', values.seed) ?? systemClock.now() % 1_000_000_000;
  if (values.schedules === undefined && values.seed !== undefined) return replay(first, bug);
  const count = whole('schedules', values.schedules) ?? 100_000;
  const cores = whole('cores', values.cores) ?? 1;
  const start = systemClock.monotonic();
  const range = { first, count, bug };
  const { found, processorSeconds, ends } = await (cores > 1 ? runOnCores(range, cores) : runRange(range));
  if (found) {
    print(`Seed ${found.seed} violates ${found.violation.invariant} (${count} schedules from seed ${first}).`);
    return replay(found.seed, bug);
  }
  const seconds = (systemClock.monotonic() - start) / 1000;
  const perMinute = (length: number) => Math.round((count / length) * 60);
  print(`${count} schedules from seed ${first}, no violation.`);
  const onEach = cores > 1 ? ` on each of ${cores} cores` : '';
  print(`${perMinute(seconds * cores)} a minute${onEach}, ${perMinute(processorSeconds)} a minute of processor time.`);
  print(
    Object.entries(ends)
      .map(([phase, times]) => `${phase} ${times}`)
      .join(', '),
  );
  return 0;
}

function whole(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (given !== '' && Number.isSafeInteger(value) && value >= (name === 'seed' ? 0 : 1)) return value;
  throw new RangeError(`--${name} needs a whole number${name === 'seed' ? '' : ' from 1 on'}, not "${given}".`);
}

async function huntBugs(atMost: number): Promise<number> {
  let missed = 0;
  for (const bug of Object.keys(bugs) as Bug[]) {
    const found = await findBug(bug, atMost);
    if (!found) missed += 1;
    print(
      `${(found ? `seed ${found.seed}, ${found.violation.invariant}` : 'NOT NOTICED').padEnd(18)} ${bug}: ${bugs[bug]}`,
    );
  }
  return missed === 0 ? 0 : 1;
}

async function replay(seed: number, bug: Bug | undefined): Promise<number> {
  const trace: string[] = [];
  const { violation, ends } = await runSchedule(seed, { bug, trace });
  for (const line of trace) print(line);
  print(violation ? `${violation.invariant}: ${violation.sentence}` : `No violation; ${ends.join(', ')}.`);
  print(`Again: npm run simulate -- --seed ${seed}${bug ? ` --bug "${bug}"` : ''}`);
  return violation ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof RangeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 2;
});
