import { systemClock } from '#runtime';
import type { Program } from '../outages/program.js';

/** Loaded into the processes under watch: on SIGUSR2 they collect garbage and say what is left. Needs `--expose-gc`. */
export const SAYS_HEAP = `data:text/javascript,${encodeURIComponent(
  `process.on('SIGUSR2', () => { gc(); process.stderr.write('\\n{"heapAfterGc":' + process.memoryUsage().heapUsed + '}\\n'); });`,
)}`;

export interface Reading {
  /** Seconds since the run began. */
  readonly at: number;
  readonly mb: number;
}

/** What one process used, over time. */
export interface Usage {
  readonly process: string;
  readonly figure: 'heap after gc' | 'resident';
  readonly readings: Reading[];
}

/** Shorter runs say nothing about leaks: their figures are printed and not judged. */
export const JUDGED_FROM_SECONDS = 600;
/** From the second third of a run to its last; the first third is warm-up. */
const MOST_GROWTH = { share: 0.1, mb: 10 };

export interface Trend {
  readonly second: number;
  readonly last: number;
  /** The most that `last` may be. */
  readonly most: number;
  /** Least squares over the last two thirds. */
  readonly mbPerHour: number;
}

/** Medians of the second and the last third of the readings, in MB, and the slope; NaN where there are no readings. */
export function trendOf(readings: readonly Reading[]): Trend {
  const [from, to] = [readings[0]?.at ?? 0, readings.at(-1)?.at ?? 0];
  const third = (to - from) / 3;
  const warm = readings.filter(({ at }) => at >= from + third);
  const second = median(warm.filter(({ at }) => at < from + 2 * third).map(({ mb }) => mb));
  const last = median(warm.filter(({ at }) => at >= from + 2 * third).map(({ mb }) => mb));
  return { second, last, most: second * (1 + MOST_GROWTH.share) + MOST_GROWTH.mb, mbPerHour: slope(warm) * 3600 };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** MB per second. */
function slope(readings: readonly Reading[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [at, mb] = [mean(readings.map((one) => one.at)), mean(readings.map((one) => one.mb))];
  const covariance = readings.reduce((sum, one) => sum + (one.at - at) * (one.mb - mb), 0);
  return covariance / readings.reduce((sum, one) => sum + (one.at - at) ** 2, 0);
}

/** Follows processes that live as long as the run does. */
export class MemoryWatch {
  readonly usages: Usage[] = [];

  constructor(private readonly programs: Readonly<Record<string, Program>>) {
    for (const process of Object.keys(programs)) {
      for (const figure of ['heap after gc', 'resident'] as const) this.usages.push({ process, figure, readings: [] });
    }
  }

  /** `at`: seconds since the run began. A process that stands still just now is asked again next time. */
  async sample(at: number): Promise<void> {
    await Promise.all(
      Object.entries(this.programs).map(async ([name, program]) => {
        const heap = await heapAfterGc(program);
        if (heap === undefined) return;
        this.keep(name, 'heap after gc', { at, mb: heap });
        this.keep(name, 'resident', { at, mb: await program.memory() });
      }),
    );
  }

  private keep(process: string, figure: Usage['figure'], reading: Reading): void {
    this.usages.find((one) => one.process === process && one.figure === figure)?.readings.push(reading);
  }

  /** The newest figures, for a line of progress. */
  now(): string {
    const say = ({ process, figure, readings }: Usage) =>
      `${process} ${figure} ${Math.round(readings.at(-1)?.mb ?? Number.NaN)} MB`;
    return this.usages.map(say).join(', ');
  }
}

const SAID = /"heapAfterGc":(\d+)\}/g;
const ANSWER_MS = 1_500;

async function heapAfterGc(program: Program): Promise<number | undefined> {
  const answers = () => [...program.output.slice(-200_000).matchAll(SAID)];
  const before = answers().at(-1)?.[0];
  const count = answers().length;
  program.signal('SIGUSR2');
  const end = systemClock.monotonic() + ANSWER_MS;
  while (systemClock.monotonic() < end) {
    await systemClock.sleep(25);
    const said = answers();
    const newest = said.at(-1);
    if (newest && (said.length > count || newest[0] !== before)) return Number(newest[1]) / 1024 / 1024;
  }
  return undefined;
}
