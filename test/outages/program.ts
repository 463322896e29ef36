import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#runtime';
import { closeWhenInterrupted } from '../world/interrupted.js';

export interface ProgramOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Modules loaded before the program's own: how its clock is set wrong. File URLs. */
  readonly preload?: readonly string[];
  readonly nodeFlags?: readonly string[];
}

/** What a log line of ours holds; pino writes one JSON object per line. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [fact: string]: unknown;
}

/** A start takes a second; on a machine that does ten things besides, much longer. */
const READY_MS = 90_000;
/** The last part of what a process says is kept. */
const KEPT = 4_000_000;

/** A real process of ours from `dist/`: started, signalled and listened to. */
export class Program {
  private said = '';
  private readonly child: ChildProcess;
  /** Resolves with the exit code, or `null` when a signal ended it. */
  readonly ended: Promise<number | null>;
  private over = false;

  private constructor(
    readonly name: string,
    entry: string,
    options: ProgramOptions,
  ) {
    const flags = [...(options.nodeFlags ?? []), ...(options.preload ?? []).flatMap((url) => ['--import', url])];
    const environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...options.environment };
    this.child = spawn(process.execPath, [...flags, entry], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.said = (this.said + chunk.toString()).slice(-KEPT);
      });
    }
    const forget = closeWhenInterrupted(() => this.child.kill('SIGKILL'));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => {
        this.over = true;
        forget();
        resolve(code);
      });
    });
  }

  /** `entry` is below `dist/`: `apps/api/main.js`. Resolves when it has said `ready`. */
  static async start(name: string, entry: string, ready: string, options: ProgramOptions): Promise<Program> {
    const program = new Program(name, fileURLToPath(new URL(`../../${entry}`, import.meta.url)), options);
    await program.says(ready, READY_MS);
    return program;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Everything it said, log lines and the rest. */
  get output(): string {
    return this.said;
  }

  get lines(): LogLine[] {
    return this.said.split('\n').flatMap((line) => {
      try {
        return line.startsWith('{') ? [JSON.parse(line) as LogLine] : [];
      } catch {
        return [];
      }
    });
  }

  /** Memory in use, in MB (resident set size; Linux only). */
  async memory(): Promise<number> {
    const { readFile } = await import('node:fs/promises');
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
  }

  async says(text: string, withinMs: number): Promise<void> {
    const end = systemClock.monotonic() + withinMs;
    while (!this.said.includes(text)) {
      if (this.over || systemClock.monotonic() > end) {
        throw new Error(
          `${this.name} ${this.over ? 'ended' : 'did not come'} before it said "${text}". It said:\n${this.tail()}`,
        );
      }
      await systemClock.sleep(10);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGCONT');
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** SIGTERM; resolves with the milliseconds until the process was gone. */
  async terminate(): Promise<number> {
    const start = systemClock.monotonic();
    this.child.kill('SIGTERM');
    await this.ended;
    return systemClock.monotonic() - start;
  }

  tail(): string {
    return this.said.split('\n').slice(-15).join('\n');
  }
}
