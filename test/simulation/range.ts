import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Bug } from './bugs.js';
import { runSchedule } from './schedule.js';
import type { Violation } from './world.js';

/** Schedules with the seeds `first`, `first + 1`, … */
export interface Range {
  readonly first: number;
  readonly count: number;
  readonly bug: Bug | undefined;
}

export interface RangeResult {
  /** The first seed that broke an invariant; what comes after it was not run. */
  readonly found: { readonly seed: number; readonly violation: Violation } | undefined;
  /** Of all processes together, seconds. */
  readonly processorSeconds: number;
  /** How many deployments came to which end. */
  readonly ends: Readonly<Record<string, number>>;
}

export async function runRange({ first, count, bug }: Range): Promise<RangeResult> {
  const before = process.cpuUsage();
  const ends: Record<string, number> = {};
  let found: RangeResult['found'];
  for (let seed = first; seed < first + count && !found; seed += 1) {
    const result = await runSchedule(seed, { bug });
    for (const end of result.ends) ends[end] = (ends[end] ?? 0) + 1;
    if (result.violation) found = { seed, violation: result.violation };
  }
  const { user, system } = process.cpuUsage(before);
  return { found, processorSeconds: (user + system) / 1e6, ends };
}

/** The range in equal parts, one process each; the first violation ends them all. */
export async function runOnCores({ first, count, bug }: Range, cores: number): Promise<RangeResult> {
  const size = Math.ceil(count / cores);
  const running = new Set<ReturnType<typeof fork>>();
  const endAll = () => {
    for (const child of running) child.kill();
  };
  const part = (from: number): Promise<RangeResult | undefined> =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(new URL('./range-part.js', import.meta.url)));
      running.add(child);
      let result: RangeResult | undefined;
      child.on('message', (message) => {
        result = message as RangeResult;
        if (result.found) endAll();
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        running.delete(child);
        if (result || signal) resolve(result);
        else reject(new Error(`The part from seed ${from} on ended with code ${code} and said nothing.`));
      });
      child.send({ first: from, count: Math.min(size, first + count - from), bug } satisfies Range);
    });
  const starts = Array.from({ length: cores }, (_, index) => first + index * size).filter(
    (from) => from < first + count,
  );
  try {
    return sum(await Promise.all(starts.map(part)));
  } finally {
    endAll();
  }
}

function sum(parts: readonly (RangeResult | undefined)[]): RangeResult {
  const ends: Record<string, number> = {};
  let processorSeconds = 0;
  for (const part of parts) {
    processorSeconds += part?.processorSeconds ?? 0;
    for (const [end, times] of Object.entries(part?.ends ?? {})) ends[end] = (ends[end] ?? 0) + times;
  }
  const found = parts.find((part) => part?.found)?.found;
  if (!found && parts.includes(undefined)) throw new Error('A part was ended from outside.');
  return { found, processorSeconds, ends };
}
