import type { Invariant } from './probes.js';
import type { Servers } from './servers.js';
import type { OutageWorld } from './world.js';

export type QueueEngine = 'redis' | 'postgres';

/** What is measured while things are broken, and the most it may be. */
export interface Bound {
  readonly most: number;
  /** `ms`, or what is counted: `writes`, `MB`, `rows` … */
  readonly unit: string;
}

/**
 * One thing that breaks, as a value. The world is made for it and thrown away after it; Postgres, Redis and the emulator
 * run, the API and the worker are started by `run`, which breaks something, heals it, and returns one figure per bound.
 * It throws when something does not hold. What `mustHold` names is then probed from outside.
 */
export interface Outage<B extends string = string> {
  /** Of the fault matrix: `F12`. Several outages may belong to one fault. */
  readonly fault: string;
  /** What is injected, in a few words. */
  readonly title: string;
  readonly mustHold: readonly Invariant[];
  readonly bounds: Readonly<Record<B, Bound>>;
  /** The queue engines it is played on. */
  readonly engines: readonly QueueEngine[];
  /** Part of the short run for every change: on this engine only, or on all of them. */
  readonly sample?: QueueEngine | true;
  /** What this machine lacks for it; nothing when it can be played. */
  readonly missing?: () => string | undefined;
  /** Other servers than the run's own; healed and closed after it. */
  readonly ownServers?: (servers: Servers) => Promise<Servers>;
  run(world: OutageWorld): Promise<Record<B, number>>;
}

/** Checks that each bound is measured, by its name. */
export function outage<B extends string>(definition: Outage<B>): Outage {
  return definition as Outage;
}

export const BOTH: readonly QueueEngine[] = ['postgres', 'redis'];
