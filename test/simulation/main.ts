import { parseArgs } from 'node:util';
import { systemClock } from '#runtime';
import { type Bug, bugs } from './bugs.js';
import { findBug } from './find-bug.js';
import { runSchedule } from './schedule.js';

/**
 * `--schedules N --seed S [--bug NAME]`; `--seed S` alone replays that one schedule and prints what happened;
 * `--bugs` puts each seeded bug into the world and says which schedule notices it.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string' },
      seed: { type: 'string' },
      bug: { type: 'string' },
      bugs: { type: 'boolean' },
    },
  });
  if (values.bugs) return huntBugs(Number(values.schedules ?? 5_000));
  const bug = values.bug as Bug | undefined;
  if (bug !== undefined && !(bug in bugs)) throw new Error(`No such bug. Known: ${Object.keys(bugs).join('; ')}`);
  const first = Number(values.seed ?? systemClock.now() % 1_000_000_000);
  if (values.schedules === undefined && values.seed !== undefined) return replay(first, bug);
  const count = Number(values.schedules ?? 100_000);
  const start = systemClock.monotonic();
  const cpu = process.cpuUsage();
  const ends = new Map<string, number>();
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await runSchedule(seed, { bug });
    for (const end of result.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
    if (result.violation) {
      print(`Seed ${seed} violates ${result.violation.invariant} (schedule ${seed - first + 1} of ${count}).`);
      return replay(seed, bug);
    }
  }
  const seconds = (systemClock.monotonic() - start) / 1000;
  const used = process.cpuUsage(cpu);
  const perMinute = (length: number) => Math.round((count / length) * 60);
  print(`${count} schedules from seed ${first}, no violation.`);
  print(`${perMinute(seconds)} a minute, ${perMinute((used.user + used.system) / 1e6)} a minute of processor time.`);
  print([...ends].map(([phase, times]) => `${phase} ${times}`).join(', '));
  return 0;
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

process.exitCode = await main();
