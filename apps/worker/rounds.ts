import { type BeforeApplicationShutdown, Inject, type OnApplicationShutdown } from '@nestjs/common';
import { CREW, type Crew } from './assemble.js';
import { answerQuery } from './queries/answer.js';

/** The rollback lane looks this often by itself; Postgres NOTIFY wakes it at once. */
const ROLLBACK_POLL_MS = 500;
/** Somebody waits for the answer: a look that finds nothing costs one indexed read. */
const QUESTIONS_POLL_MS = 250;
/** A round ends at its next safe point; one that hangs in a call is left behind after this long. */
const PATIENCE_MS = 9_000;

/** What the worker does without being woken by the queue: the rollback lane, the sweep, the reconciler, and answers to questions. */
export class Rounds implements BeforeApplicationShutdown, OnApplicationShutdown {
  private running: Promise<void>[] = [];
  private unsubscribe: () => void = () => undefined;

  constructor(@Inject(CREW) private readonly crew: Crew) {}

  async start(): Promise<void> {
    const { parts, wakes, sweep, reconciler, everyMs } = this.crew;
    this.unsubscribe = await parts.store.changes.subscribe((change) => {
      if (change.phase === 'rolling_back') void wakes.look(change.deploymentId);
    });
    this.running = [
      this.repeat('sweep', everyMs, () => sweep.run()),
      this.repeat('reconciler', everyMs, () => reconciler.run()),
      this.repeat('rollback lane', ROLLBACK_POLL_MS, () => this.lookAtRollbacks()),
      this.repeat('questions', QUESTIONS_POLL_MS, () => this.answerQuestions()),
    ];
  }

  /** The queue and AWS are closed after this phase: a round in hand may need both. */
  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe();
    const ended = new AbortController();
    await Promise.race([Promise.all(this.running), this.crew.parts.clock.sleep(PATIENCE_MS, ended.signal)]);
    ended.abort();
  }

  onApplicationShutdown(): void {
    this.crew.disconnect();
  }

  private async repeat(name: string, intervalMs: number, work: () => Promise<void>): Promise<void> {
    const { parts, stopping } = this.crew;
    while (!stopping.signal.aborted) {
      await work().catch((error: unknown) => {
        parts.logger.warn({ loop: name, error: String(error) }, 'A round failed; the next one follows.');
      });
      await parts.clock.sleep(intervalMs, stopping.signal);
    }
  }

  private async answerQuestions(): Promise<void> {
    const { parts } = this.crew;
    const open = await parts.store.queries.take(5);
    await Promise.all(open.map((query) => answerQuery(parts, query)));
  }

  private async lookAtRollbacks(): Promise<void> {
    const { parts, wakes } = this.crew;
    const due = await parts.store.deployments.rollbacks(100);
    await Promise.all(due.map(({ deploymentId }) => wakes.look(deploymentId)));
  }
}
