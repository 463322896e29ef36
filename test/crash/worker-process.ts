import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { closeWhenInterrupted } from '../world/interrupted.js';
import { type CrashAt, printCrashAt } from './crash-points.js';

export interface Doomed {
  /** Every point passed so far, in order, each once. */
  readonly points: ReadonlySet<string>;
  /** Resolves with true when the process has ended (or stopped itself), false after `milliseconds`. */
  met(milliseconds: number): Promise<boolean>;
  /** Wakes a frozen process. */
  thaw(): void;
  end(): Promise<void>;
}

export interface Places {
  readonly databaseUrl: string;
  readonly endpoint: string;
  readonly redis: { url: string; prefix: string } | undefined;
}

/** Starts a worker that will meet its end at `at`; resolves when it is at work. */
export async function startDoomedWorker(places: Places, at: CrashAt | undefined): Promise<Doomed> {
  const file = fileURLToPath(new URL('./crashing-worker.js', import.meta.url));
  const { databaseUrl, endpoint, redis } = places;
  const args = [databaseUrl, endpoint, at ? printCrashAt(at) : '', redis?.url ?? '', redis?.prefix ?? ''];
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.once(
    'exit',
    closeWhenInterrupted(() => child.kill('SIGKILL')),
  );
  const points = new Set<string>();
  const ended = new Promise<true>((resolve) => child.once('exit', () => resolve(true)));
  const ready = new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('The worker ended before it was at work.')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') resolve();
      else points.add(line);
    });
  });
  // A point may lie before the worker is fully started: then there is nothing to wait for.
  await Promise.race([ready.catch(() => undefined), ended]);
  return {
    points,
    met: (milliseconds) => met(child, at, points, ended, milliseconds),
    thaw: () => child.kill('SIGCONT'),
    async end() {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function met(
  child: ChildProcess,
  at: CrashAt | undefined,
  points: ReadonlySet<string>,
  ended: Promise<true>,
  milliseconds: number,
): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(resolve, milliseconds, false).unref());
  if (at?.how !== 'freeze') return Promise.race([ended, late]);
  const start = performance.now();
  while (performance.now() - start < milliseconds) {
    if (points.has(at.point) && (await stateOf(child)) === 'T') return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** `T`: stopped by a signal (the third field of /proc/<pid>/stat). */
async function stateOf(child: ChildProcess): Promise<string | undefined> {
  const { readFile } = await import('node:fs/promises');
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => '');
  return stat.split(') ')[1]?.[0];
}
