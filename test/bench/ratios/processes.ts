import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#runtime';
import { closeWhenInterrupted } from '../../world/interrupted.js';

const READY_MS = 30_000;

/** A process of the benchmark, with everything it says in a file: a pipe would cost its reader time while it measures. */
export class BenchProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly log: string,
    readonly startedAt: number,
  ) {}

  /** `script` is relative to `dist/`. Only the environment that is given, and where programs are found. */
  static start(
    script: string,
    folder: string,
    environment: NodeJS.ProcessEnv,
    args: readonly string[] = [],
  ): BenchProcess {
    const log = join(folder, `${script.replaceAll('/', '-')}-${processes}.log`);
    processes += 1;
    const file = openSync(log, 'w');
    const startedAt = systemClock.monotonic();
    const child = spawn(process.execPath, [distFile(script), ...args], {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        ...environment,
      },
      stdio: ['ignore', file, file, 'ipc'],
    });
    closeSync(file);
    child.once(
      'exit',
      closeWhenInterrupted(() => child.kill('SIGKILL')),
    );
    return new BenchProcess(child, log, startedAt);
  }

  get said(): string {
    return readFileSync(this.log, 'utf8');
  }

  /** Resolves when `is` holds; rejects with what the process said when it ends before, or is too slow. */
  async until(is: () => boolean | Promise<boolean>, everyMs = 10, withinMs = READY_MS): Promise<void> {
    const start = systemClock.monotonic();
    while (!(await is())) {
      const ended = this.child.exitCode !== null || this.child.signalCode !== null;
      if (ended || systemClock.monotonic() - start > withinMs)
        throw new Error(`A process ${ended ? 'ended' : 'was not ready in time'}. It said:\n${this.said.slice(-2000)}`);
      await systemClock.sleep(everyMs);
    }
  }

  untilSaid(text: string): Promise<void> {
    return this.until(() => this.said.includes(text));
  }

  /** Asks one of our own processes and waits for its answer. */
  async ask<T>(question: string): Promise<T> {
    const answer = once(this.child, 'message');
    this.child.send(question);
    return (await answer)[0] as T;
  }

  /** Resident memory in bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
  }

  /** Processor time used so far, milliseconds: says what work costs, however busy the machine is. */
  processorMs(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // The 14th and 15th fields of the line (user and system time), in hundredths of a second on every Linux.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    const late = new AbortController();
    const patience = systemClock
      .sleep(15_000, late.signal)
      .then(() => late.signal.aborted || this.child.kill('SIGKILL'));
    await ended;
    late.abort();
    await patience;
  }
}

let processes = 0;

/** A file of the build that this file belongs to. */
export function distFile(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  return typeof address === 'object' && address ? address.port : 0;
}
