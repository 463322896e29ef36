import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long `npm start` may take here, creation of the database included. */
const READY_DEADLINE_MS = 60_000;

/** No command of these tests takes longer; one that hangs fails its test with a null exit code. */
const COMMAND_DEADLINE_MS = 60_000;

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * What a person has after `npm start`: the real process on free ports with a data folder of its own, and the CLI in
 * another terminal. Metrics have 1-second periods, so that a rollout takes seconds.
 */
export class SluiceProcess {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
  url = '';
  emulatorUrl = '';
  private child: ChildProcess | undefined;
  private said = '';

  constructor(private readonly environment: Record<string, string> = {}) {
    // When root runs the tests, the database runs as another user and has to pass through.
    chmodSync(this.dataDir, 0o711);
  }

  /** Everything the process has printed since its last start. */
  get output(): string {
    return this.said;
  }

  /** Starts it (again, on the same ports and data folder) and waits until it says that it is ready. */
  async start(): Promise<void> {
    this.launch();
    const deadline = AbortSignal.timeout(READY_DEADLINE_MS);
    await this.waitFor(() => /Sluice is ready: \S+/.test(this.said), deadline);
    this.url = /Sluice is ready: (\S+)/.exec(this.said)?.[1] ?? '';
    this.emulatorUrl = /emulator\s+(http\S+)/.exec(this.said)?.[1] ?? '';
  }

  /** Starts it and waits for its end: for starts that are meant to fail. */
  async startAndFail(): Promise<CommandResult> {
    this.launch();
    return this.waitForEnd();
  }

  /** Waits until it ends by itself. */
  async waitForEnd(): Promise<CommandResult> {
    const child = this.child;
    if (!child) throw new Error('It was never started.');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    return { code: child.exitCode, stdout: this.said, stderr: '' };
  }

  /** Ctrl-C; resolves to the exit code. */
  async stop(): Promise<number | null> {
    return this.end('SIGINT');
  }

  /** Sends a signal a while from now: for interrupting a start at different moments. */
  async signalAfter(milliseconds: number, signal: NodeJS.Signals): Promise<void> {
    await sleep(milliseconds);
    this.child?.kill(signal);
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Runs one `sluice …` command and waits for its end. */
  async sluice(...args: string[]): Promise<CommandResult> {
    return run(process.execPath, [resolve('apps/cli/bin/sluice.mjs'), ...args], {
      ...inherited(),
      SLUICE_URL: this.url,
      SLUICE_DATA_DIR: this.dataDir,
      NO_COLOR: '1',
    });
  }

  get apiKey(): string {
    return readFileSync(join(this.dataDir, 'api-key'), 'utf8').trim();
  }

  async dispose(): Promise<void> {
    await this.end('SIGINT');
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private launch(): ChildProcess {
    this.said = '';
    const child = spawn(process.execPath, [resolve('dist/apps/standalone/main.js')], {
      env: {
        ...inherited(),
        SLUICE_METRICS_PERIOD_SECONDS: '1',
        SLUICE_SWEEP_SECONDS: '1',
        PORT: this.url ? new URL(this.url).port : '0',
        SLUICE_EMULATOR_PORT: this.emulatorUrl ? new URL(this.emulatorUrl).port : '0',
        SLUICE_DATA_DIR: this.dataDir,
        ...this.environment,
      },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.said += chunk.toString();
        child.emit('said');
      });
    }
    this.child = child;
    return child;
  }

  private async waitFor(condition: () => boolean, deadline: AbortSignal): Promise<void> {
    const child = this.child;
    while (child && !condition()) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`Sluice ended before it was ready:\n${this.said}`);
      await Promise.race([once(child, 'said', { signal: deadline }), once(child, 'close', { signal: deadline })]);
    }
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
    return child.exitCode;
  }
}

export async function run(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<CommandResult> {
  const child = spawn(command, args, { env: environment, timeout: COMMAND_DEADLINE_MS });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

/** This machine's own settings must not reach the Sluice under test, nor Jest's loader flags. */
function inherited(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
