import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '#runtime';
import { hasRedisServer } from '../../world/redis-server.js';
import { figures, groupOf, owed, type Reading } from './figures.js';
import { type Measurement, measurements } from './measurements.js';
import { closingLine, linesOf, ratioTable } from './report.js';
import { BenchWorld, type Options, type QueueEngine } from './world.js';

/** `npm run bench -- [options]`: docs/performance.md says what each figure means. */
const USAGE = `npm run bench -- [options]

  --only P1,P5        only these figures (default: all but P14 and P21, which take long)
  --rounds N          measure everything N times and take medians (default 3)
  --queue ENGINE      redis, postgres or both (default redis)
  --window SECONDS    how long throughput is watched before and after each fault of P14 (default 60)
  --flaky N           P21: run the whole test suite N times and count the runs that fail (takes hours)
  --json FILE         also write the figures as JSON
  --quick             small numbers and short windows: shows that everything works, the figures say little
`;

interface Choice extends Omit<Options, 'queue' | 'say'> {
  readonly wanted: readonly Measurement[];
  readonly rounds: number;
  readonly queues: readonly QueueEngine[];
  readonly json: string | undefined;
}

/** Throws a sentence that names the option and what it takes. */
function readChoice(args: string[]): Choice | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      queue: { type: 'string', default: 'redis' },
      window: { type: 'string' },
      flaky: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const queues = { redis: ['redis'], postgres: ['postgres'], both: ['redis', 'postgres'] } as const;
  const chosen = queues[values.queue as keyof typeof queues];
  if (!chosen) throw new Error(`--queue is redis, postgres or both, not "${values.queue}".`);
  return {
    wanted: wantedBy(values.only ?? (values.flaky === undefined ? undefined : 'P21')),
    rounds: whole(values.rounds, 'rounds', values.quick ? 1 : 3),
    queues: chosen,
    windowSeconds: whole(values.window, 'window', values.quick ? 5 : 60),
    flakyRuns: whole(values.flaky, 'flaky', values.quick ? 1 : 50),
    json: values.json,
    quick: values.quick,
  };
}

function wantedBy(only: string | undefined): readonly Measurement[] {
  if (only === undefined) return measurements.filter(({ onlyWhenAsked }) => !onlyWhenAsked);
  const asked = only.split(',').map((one) => one.trim().toUpperCase());
  for (const id of asked) {
    const missing = owed.find((one) => one.id === id);
    if (missing) throw new Error(`${id} is owed: ${missing.why}.`);
    if (!measurements.some((one) => one.figures.includes(id))) {
      const known = measurements.flatMap((one) => one.figures).join(', ');
      throw new Error(`--only knows ${known}; "${id}" is none of them.`);
    }
  }
  return measurements.filter((one) => one.figures.some((id) => asked.includes(id)));
}

function whole(text: string | undefined, name: string, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`--${name} takes a whole number from 1 to 9999, not "${text}".`);
}

type Read = Reading & { readonly queue: QueueEngine };

async function measureAll(choice: Choice): Promise<{ readings: Read[]; failed: string[] }> {
  const readings: Read[] = [];
  const failed = new Set<string>();
  const world = await BenchWorld.open();
  try {
    for (const measurement of choice.wanted) {
      const rounds = measurement.once ? 1 : choice.rounds;
      for (const queue of measurement.perQueue ? choice.queues : choice.queues.slice(0, 1)) {
        for (let round = 1; round <= rounds; round += 1) {
          const name = `${measurement.figures.join(' ')}, queue on ${queue}, round ${round} of ${rounds}`;
          say(`${name} ...`);
          const options: Options = { ...choice, queue, say: (sentence) => say(`  ${sentence} ...`) };
          const found = await measurement.run(world, options).catch((error: unknown) => {
            say(`  FAILED: ${error instanceof Error ? error.message : String(error)}`);
            for (const id of measurement.figures) failed.add(id);
            return [];
          });
          readings.push(...found.map((reading) => ({ ...reading, queue })));
        }
      }
    }
  } finally {
    await world.close();
  }
  return { readings, failed: [...failed] };
}

function machine() {
  const [first] = cpus();
  return {
    processors: `${cpus().length} × ${first?.model.trim() ?? 'unknown'}`,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
  };
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

async function main(): Promise<number> {
  const choice = readChoice(process.argv.slice(2));
  if (choice === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (!hasRedisServer())
    throw new Error('The benchmark needs redis-server on the PATH (apt-get install redis-server).');
  const startedAt = systemClock.now();
  const { readings, failed } = await measureAll(choice);
  // A side of a figure that was not asked for came along with its neighbours, and is shown as well.
  const lines = linesOf(readings);
  process.stdout.write(`\n${ratioTable(lines)}\n\n`);
  for (const { id, why } of owed) process.stdout.write(`${id} owed: ${why}.\n`);
  const report = {
    startedAt: new Date(startedAt).toISOString(),
    quick: choice.quick,
    machine: machine(),
    lines,
    failed,
    owed,
  };
  if (choice.json) writeFileSync(choice.json, `${JSON.stringify(report, undefined, 2)}\n`);
  const missing = figures
    .map(({ id }) => groupOf(id))
    .filter((id) => choice.wanted.some((one) => one.figures.includes(id)));
  const silent = [...new Set(missing)].filter(
    (id) => !lines.some((line) => groupOf(line.id) === id) && !failed.includes(id),
  );
  if (silent.length > 0) process.stdout.write(`Not measured with this queue: ${silent.join(', ')}.\n`);
  process.stdout.write(`\n${closingLine(lines, failed)}\n`);
  return failed.length === 0 ? 0 : 1;
}

process.exit(
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }),
);
