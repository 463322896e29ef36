import type { Wake } from './wake.js';

/** A wake-up as BullMQ takes it. */
export interface WakeJob {
  readonly name: string;
  readonly data: Wake;
  readonly opts: { readonly jobId: string; readonly delay?: number; readonly lifo?: boolean };
}

/** Far from any limit of an engine; one turn of the event loop seldom asks for more than there are connections. */
const MOST_AT_ONCE = 500;

interface Asked {
  readonly job: WakeJob;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Wake-ups that are asked for in the same turn of the event loop go to the engine in one trip: under load that is one
 * write and one timer for many accepts. Nobody waits for a trip under way, so a wake-up alone leaves as soon as it did
 * by itself.
 *
 * A trip that fails is told to everybody in it; some of its wake-ups may have been taken.
 */
export class Together {
  private asked: Asked[] = [];

  constructor(private readonly send: (jobs: readonly WakeJob[]) => Promise<void>) {}

  add(job: WakeJob): Promise<void> {
    return new Promise((done, failed) => {
      // After everything that this turn still has to do: what one answer of the database resolves asks together.
      if (this.asked.length === 0) setImmediate(() => this.leave());
      this.asked.push({ job, done, failed });
    });
  }

  private leave(): void {
    const asked = this.asked;
    this.asked = [];
    for (let from = 0; from < asked.length; from += MOST_AT_ONCE)
      void this.travel(asked.slice(from, from + MOST_AT_ONCE));
  }

  private async travel(asked: readonly Asked[]): Promise<void> {
    // The same wake-up twice is one, as it is when the second comes later: the first keeps its place.
    const jobs = new Map<string, WakeJob>();
    for (const { job } of asked) if (!jobs.has(job.opts.jobId)) jobs.set(job.opts.jobId, job);
    try {
      await this.send([...jobs.values()]);
      for (const { done } of asked) done();
    } catch (error) {
      for (const { failed } of asked) failed(error);
    }
  }
}
