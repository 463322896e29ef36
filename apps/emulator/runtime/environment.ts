import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Clock, isoTime } from '../clock.js';
import { type Job, type RuntimeAnswer, RuntimeApi } from './runtime-api.js';
import type { Warden } from './warden.js';

/** How to start the process that runs one version of one function. */
export interface Launch {
  command: string;
  args: string[];
  folder: string;
  variables: Record<string, string>;
  memoryMb: number;
  version: string;
}

/** How an invocation ended, as seen from outside of the process. */
export interface Outcome {
  kind: 'success' | 'error' | 'timeout';
  body: Buffer;
  errorType?: string | undefined;
  durationMs: number;
  /** Set for the invocation that had to wait for the environment to start. */
  initMs?: number | undefined;
  maxMemoryMb: number;
  lines: string[];
}

type Phase = 'starting' | 'idle' | 'busy' | 'dead';

const INIT_LIMIT_MS = 10_000;
/** After this long without work the process is stopped, as Lambda freezes an environment between invocations. */
const FREEZE_AFTER_MS = 100;
const PAGE_MB = 4096 / 1_048_576;
const MEMORY_WATCH_MS = 250;

/** One isolated process that serves one invocation at a time, and keeps its memory from one to the next. */
export class Environment {
  readonly logStream: string;
  phase: Phase = 'starting';
  idleSince = 0;
  private readonly api: RuntimeApi;
  private child: ChildProcess | undefined;
  private frozen = false;
  private cancelFreeze: (() => void) | undefined;
  private cancelDeadline: (() => void) | undefined;
  private cancelWatch: (() => void) | undefined;
  private received = 0;
  private partial = '';
  private lines: string[] = [];
  private running: { job: Job; startedAt: number; finish(outcome: Outcome): void } | undefined;
  private startedAt: number;
  private initMs: number | undefined;
  private peakMb = 0;
  private sampledAt = 0;
  private onDrained: { bytes: number; act: () => void } | undefined;
  private onReady: (() => void) | undefined;

  constructor(
    private readonly launch: Launch,
    private readonly clock: Clock,
    private readonly warden: Warden,
    private readonly onDeath: (environment: Environment) => void,
  ) {
    const day = isoTime(clock.now()).slice(0, 10).replaceAll('-', '/');
    this.logStream = `${day}/[${launch.version}]${randomBytes(16).toString('hex')}`;
    this.startedAt = clock.monotonic();
    this.api = new RuntimeApi({
      ready: (bytes) => this.becameReady(bytes),
      answered: (answer) => this.answered(answer),
    });
  }

  async start(): Promise<void> {
    const address = await this.api.listen();
    this.startedAt = this.clock.monotonic();
    const child = spawn(this.launch.command, this.launch.args, {
      cwd: this.launch.folder,
      env: {
        ...this.launch.variables,
        AWS_LAMBDA_RUNTIME_API: address,
        AWS_LAMBDA_LOG_STREAM_NAME: this.logStream,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child = child;
    if (child.pid !== undefined) this.warden.add(child.pid);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => this.took(chunk));
    child.on('error', () => this.died('the runtime could not be started'));
    child.on('exit', () => child.pid !== undefined && this.warden.remove(child.pid));
    child.on('exit', (code, signal) => this.died(signal ? `signal: ${SIGNALS[signal] ?? signal.toLowerCase()}` : code));
  }

  /** Runs one job; the promise never rejects. The time limit counts from the moment the runtime is ready. */
  run(job: Job, timeoutMs: number): Promise<Outcome> {
    this.cancelFreeze?.();
    this.thaw();
    return new Promise((finish) => {
      this.running = { job, startedAt: this.clock.monotonic(), finish };
      const begin = () => {
        if (!this.running) return;
        this.phase = 'busy';
        this.running.startedAt = this.clock.monotonic();
        this.armDeadline(timeoutMs);
        this.armMemoryWatch(this.running);
        this.api.give({ ...job, deadline: this.clock.now() + timeoutMs });
      };
      if (this.phase === 'idle') begin();
      else if (this.phase === 'starting') {
        this.onReady = begin;
        this.armInit();
      } else this.finish('error', exitBody(job.requestId, 'Runtime.ExitError', 'Runtime exited'), 'Runtime.ExitError');
    });
  }

  /** Ends the process for good. */
  kill(): void {
    this.cancelFreeze?.();
    this.cancelDeadline?.();
    this.phase = 'dead';
    this.signal('SIGKILL');
    this.api.close();
  }

  private armInit(): void {
    this.cancelDeadline = this.clock.after(INIT_LIMIT_MS, () => {
      const message = `RequestId: ${this.running?.job.requestId} Error: Initialization has timed out.`;
      this.finish('timeout', errorBody('Sandbox.Timedout', message), 'Sandbox.Timedout');
      this.kill();
      this.onDeath(this);
    });
  }

  private armDeadline(timeoutMs: number): void {
    this.cancelDeadline?.();
    this.cancelDeadline = this.clock.after(timeoutMs, () => {
      const id = this.running?.job.requestId ?? '';
      const seconds = (timeoutMs / 1000).toFixed(2);
      this.lines.push(`${isoTime(this.clock.now())} ${id} Task timed out after ${seconds} seconds`);
      const message = `RequestId: ${id} Error: Task timed out after ${seconds} seconds`;
      // A timer may fire a fraction of a millisecond early; nobody was ever stopped before the limit.
      const ran = Math.max(timeoutMs, this.clock.monotonic() - (this.running?.startedAt ?? 0));
      this.finish('timeout', errorBody('Sandbox.Timedout', message), 'Sandbox.Timedout', ran);
      this.kill();
      this.onDeath(this);
    });
  }

  /** Looks now and then, while this very job runs, whether the process has outgrown its memory. */
  private armMemoryWatch(watched: unknown): void {
    this.cancelWatch?.();
    this.cancelWatch = this.clock.after(MEMORY_WATCH_MS, () => {
      if (this.running !== watched) return;
      this.sampleMemory();
      if (this.peakMb <= this.launch.memoryMb) return this.armMemoryWatch(watched);
      const id = this.running?.job.requestId ?? '';
      const reason = 'Runtime exited with error: signal: killed';
      this.finish('error', exitBody(id, 'Runtime.OutOfMemory', reason), 'Runtime.OutOfMemory');
      this.kill();
      this.onDeath(this);
    });
  }

  private becameReady(bytes: number | undefined): void {
    if (this.phase !== 'starting') return;
    this.initMs = this.clock.monotonic() - this.startedAt;
    this.phase = 'idle';
    this.idleSince = this.clock.monotonic();
    this.afterOutput(bytes, () => {
      const begin = this.onReady;
      this.onReady = undefined;
      begin?.();
    });
  }

  private answered(answer: RuntimeAnswer): void {
    if (answer.kind === 'init-error') {
      this.afterOutput(answer.logBytes, () => this.finish('error', answer.body, answer.errorType));
      return;
    }
    if (answer.requestId !== this.running?.job.requestId) return;
    this.cancelDeadline?.();
    const kind = answer.kind === 'response' ? 'success' : 'error';
    const elapsed = this.clock.monotonic() - this.running.startedAt;
    this.afterOutput(answer.logBytes, () => {
      if (answer.exiting) this.phase = 'dead';
      this.finish(kind, answer.body, answer.errorType, elapsed);
      if (!answer.exiting) return;
      this.kill();
      this.onDeath(this);
    });
  }

  /** Output travels on another pipe than answers: waits until everything written before the answer has arrived. */
  private afterOutput(bytes: number | undefined, act: () => void): void {
    if (bytes !== undefined && this.received >= bytes) act();
    else if (bytes !== undefined) this.onDrained = { bytes, act };
    else this.clock.after(2, act);
  }

  private took(chunk: Buffer): void {
    this.received += chunk.length;
    const pieces = (this.partial + chunk.toString('utf8')).split('\n');
    this.partial = pieces.pop() ?? '';
    this.lines.push(...pieces);
    const drained = this.onDrained;
    if (drained && this.received >= drained.bytes) {
      this.onDrained = undefined;
      drained.act();
    }
  }

  private finish(kind: Outcome['kind'], body: Buffer, errorType?: string, elapsed?: number): void {
    const running = this.running;
    if (!running) return;
    this.running = undefined;
    this.cancelDeadline?.();
    this.cancelWatch?.();
    this.sampleMemory();
    if (this.partial !== '') this.lines.push(this.partial);
    this.partial = '';
    const outcome: Outcome = {
      kind,
      body,
      errorType,
      durationMs: elapsed ?? this.clock.monotonic() - running.startedAt,
      initMs: this.initMs,
      maxMemoryMb: this.peakMb,
      lines: this.lines,
    };
    this.initMs = undefined;
    this.lines = [];
    if (this.phase === 'busy') {
      this.phase = 'idle';
      this.idleSince = this.clock.monotonic();
      this.cancelFreeze = this.clock.after(FREEZE_AFTER_MS, () => this.freeze());
    }
    running.finish(outcome);
  }

  private died(how: string | number | null): void {
    if (this.phase === 'dead') return;
    this.phase = 'dead';
    this.cancelFreeze?.();
    this.cancelDeadline?.();
    this.api.close();
    const id = this.running?.job.requestId ?? '';
    const reason =
      how === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${exitText(how)}`;
    this.finish('error', exitBody(id, 'Runtime.ExitError', reason), 'Runtime.ExitError');
    this.onDeath(this);
  }

  private freeze(): void {
    if (this.phase !== 'idle' || this.frozen) return;
    this.frozen = this.signal('SIGSTOP');
  }

  private thaw(): void {
    if (!this.frozen) return;
    this.signal('SIGCONT');
    this.frozen = false;
  }

  /** To the whole process group: whatever the function started stops, goes on and ends with it. */
  private signal(signal: NodeJS.Signals): boolean {
    const pid = this.child?.pid;
    if (pid === undefined || this.child?.exitCode !== null || this.child.signalCode !== null) return false;
    try {
      return process.kill(-pid, signal);
    } catch {
      return false;
    }
  }

  /** The process's resident memory, looked at no more than a few times a second. */
  private sampleMemory(): void {
    const now = this.clock.monotonic();
    if (this.peakMb > 0 && now - this.sampledAt < MEMORY_WATCH_MS - 50) return;
    this.sampledAt = now;
    try {
      const pages = Number(readFileSync(`/proc/${this.child?.pid}/statm`, 'utf8').split(' ')[1]);
      this.peakMb = Math.max(this.peakMb, Math.ceil(pages * PAGE_MB));
    } catch {
      // Not Linux, or the process has gone: the report then shows the configured memory.
      this.peakMb = Math.max(this.peakMb, 1);
    }
  }
}

const SIGNALS: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: 'killed',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
  SIGTERM: 'terminated',
};

const exitText = (how: string | number | null) => (typeof how === 'number' ? `exit status ${how}` : String(how));

function errorBody(errorType: string, errorMessage: string): Buffer {
  return Buffer.from(JSON.stringify({ errorType, errorMessage }));
}

const exitBody = (id: string, type: string, reason: string) => errorBody(type, `RequestId: ${id} Error: ${reason}`);
