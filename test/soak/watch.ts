import { systemClock } from '#runtime';
import { type Invariant, probe } from '../outages/probes.js';
import type { OutageWorld } from '../outages/world.js';

/** Hold at every moment. What only holds when nothing is on its way waits for a calm. */
export const ALWAYS = ['I1', 'I2', 'I4', 'I5', 'I7', 'I8', 'I9', 'I10', 'I17', 'I18', 'I21'] as const;
export const IN_CALM = [...ALWAYS, 'I3', 'I11', 'I12', 'I13'] as const satisfies readonly Invariant[];
export type Watched = (typeof IN_CALM)[number];

const LOOKS = 5;

/** Counts looks and keeps what was broken, per invariant. */
export class Watch {
  readonly looks = new Map<Watched, number>();
  readonly broken = new Map<Watched, string>();

  constructor(private readonly world: OutageWorld) {}

  /**
   * A probe reads in several steps, from several sources, and a database that is away cannot be read: what is wrong must
   * be wrong in every one of five looks within some seconds.
   */
  async look(invariants: readonly Watched[]): Promise<void> {
    for (const invariant of invariants) {
      let problems: string[] = [];
      for (let tries = 0; tries < LOOKS; tries += 1) {
        if (tries > 0) await systemClock.sleep(700);
        problems = await probe(this.world, [invariant]);
        if (problems.length === 0) break;
      }
      this.looks.set(invariant, (this.looks.get(invariant) ?? 0) + 1);
      const [problem] = problems;
      if (problem !== undefined && !this.broken.has(invariant)) this.broken.set(invariant, problem);
    }
  }
}
