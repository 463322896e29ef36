import type { Clock } from '../clock.js';
import { serviceFault } from '../lambda/errors.js';
import type { FunctionRecord, Settings } from '../world/records.js';
import { Environment, type Outcome } from './environment.js';
import type { Launcher } from './launch.js';
import type { Job } from './runtime-api.js';
import { Warden } from './warden.js';

export interface PoolSettings {
  /** Processes at most, over all functions; more work than that waits its turn. */
  maxEnvironments: number;
  /** With this many environments for one version, a request waits a moment for a free one before another is started. */
  eagerEnvironments: number;
  idleMs: number;
}

/** How long a request waits for a warm environment before one more is started. */
const PATIENCE_MS = 25;

interface Waiter {
  resolve(environment: Environment | undefined): void;
  cancel?: (() => void) | undefined;
}

class Group {
  readonly idle: Environment[] = [];
  readonly all = new Set<Environment>();
  readonly waiters: Waiter[] = [];
  /** A retired group finishes what it runs and starts nothing more. */
  retired = false;

  constructor(readonly owner: string) {}
}

export const ownerOf = (fn: FunctionRecord) => `${fn.account}/${fn.region}/${fn.name}`;

/** Environments per frozen settings: a changed function never reuses the process of its former self. */
export class Pool {
  private readonly groups = new Map<Settings, Group>();
  /** Requests that wait for a process of any group to go; each says whether it was still waiting. */
  private readonly hungry: (() => boolean)[] = [];
  private count = 0;
  private readonly warden = new Warden();
  private closed = false;

  constructor(
    private readonly settings: PoolSettings,
    private readonly launcher: Launcher,
    private readonly clock: Clock,
  ) {}

  /** Runs one job in a warm environment, or in a new one. */
  async run(
    fn: FunctionRecord,
    version: string,
    settings: Settings,
    job: Job,
  ): Promise<{ outcome: Outcome; environment: Environment }> {
    const group = this.groupOf(fn, settings);
    const environment = group.idle.pop() ?? (await this.acquire(group, fn, version, settings));
    const outcome = await environment.run(job, settings.timeout * 1000);
    this.release(group, environment);
    return { outcome, environment };
  }

  /** Ends the environments of a function's former selves: all but those of the settings that still serve. */
  retire(owner: string, serving: Set<Settings>): void {
    for (const [settings, group] of this.groups) {
      if (group.owner !== owner || serving.has(settings)) continue;
      group.retired = true;
      this.groups.delete(settings);
      for (const environment of group.idle.splice(0)) this.discard(group, environment);
    }
  }

  /** Ends what has been idle for long. */
  reap(): void {
    for (const group of this.groups.values())
      for (const environment of [...group.idle])
        if (this.clock.monotonic() - environment.idleSince > this.settings.idleMs) {
          group.idle.splice(group.idle.indexOf(environment), 1);
          this.discard(group, environment);
        }
  }

  get environments(): number {
    return this.count;
  }

  close(): void {
    this.closed = true;
    for (const group of this.groups.values())
      for (const environment of [...group.all]) this.discard(group, environment);
    this.groups.clear();
    this.warden.close();
  }

  private groupOf(fn: FunctionRecord, settings: Settings): Group {
    let group = this.groups.get(settings);
    if (!group) {
      group = new Group(ownerOf(fn));
      this.groups.set(settings, group);
    }
    return group;
  }

  private async acquire(group: Group, fn: FunctionRecord, version: string, settings: Settings): Promise<Environment> {
    if (group.all.size >= this.settings.eagerEnvironments) {
      const freed = await this.waitForFree(group, PATIENCE_MS);
      if (freed) return freed;
    }
    while (this.count >= this.settings.maxEnvironments && !this.closed) {
      if (this.evictIdle()) break;
      const freed = await this.waitForRoom(group);
      if (freed) return freed;
    }
    if (this.closed) throw serviceFault('The emulator is closing.', 503);
    this.count += 1;
    try {
      const launch = await this.launcher.prepare(fn, version, settings);
      const environment = new Environment(launch, this.clock, this.warden, (dead) => this.discard(group, dead));
      group.all.add(environment);
      await environment.start();
      return environment;
    } catch (error) {
      this.count -= 1;
      this.feedOne();
      throw error;
    }
  }

  private waitForFree(group: Group, patienceMs: number): Promise<Environment | undefined> {
    return new Promise((resolve) => {
      const waiter: Waiter = { resolve };
      waiter.cancel = this.clock.after(patienceMs, () => {
        const index = group.waiters.indexOf(waiter);
        if (index < 0) return;
        group.waiters.splice(index, 1);
        resolve(undefined);
      });
      group.waiters.push(waiter);
    });
  }

  /** Waits until an environment of the group is free, or a process of any group has gone. */
  private waitForRoom(group: Group): Promise<Environment | undefined> {
    return new Promise((resolve) => {
      const waiter: Waiter = { resolve };
      group.waiters.push(waiter);
      this.hungry.push(() => {
        const index = group.waiters.indexOf(waiter);
        // Served meanwhile by an environment of its own group: somebody else may have the room.
        if (index < 0) return false;
        group.waiters.splice(index, 1);
        resolve(undefined);
        return true;
      });
    });
  }

  private evictIdle(): boolean {
    for (const group of this.groups.values()) {
      const environment = group.idle.shift();
      if (environment) {
        this.discard(group, environment);
        return true;
      }
    }
    return false;
  }

  private release(group: Group, environment: Environment): void {
    if (environment.phase !== 'idle') return;
    if (group.retired || this.closed) {
      this.discard(group, environment);
      return;
    }
    const waiter = group.waiters.shift();
    if (waiter) {
      waiter.cancel?.();
      waiter.resolve(environment);
      return;
    }
    group.idle.push(environment);
    this.feedOne();
  }

  private discard(group: Group, environment: Environment): void {
    if (!group.all.delete(environment)) return;
    const index = group.idle.indexOf(environment);
    if (index >= 0) group.idle.splice(index, 1);
    environment.kill();
    this.count -= 1;
    this.feedOne();
  }

  private feedOne(): void {
    while (this.hungry.length > 0) if (this.hungry.shift()?.()) return;
  }
}
