import { type BeforeApplicationShutdown, Inject, type OnApplicationShutdown } from '@nestjs/common';
import type { Due } from '#store';
import { CREW, type Crew } from './assemble.js';
import { Heard } from './heard.js';
import { answerQuery } from './queries/answer.js';
import { LOOK_SHARE } from './reconcile.js';

/** The rollback lane looks this often by itself; Postgres NOTIFY wakes it at once. */
const ROLLBACK_POLL_MS = 500;
/** How soon a claim is taken over once its lease has run out; a look that finds nothing is one indexed read. */
const TAKE_OVER_POLL_MS = 1_000;
/** Most that one look of the rollback lane or the take-over brings. */
const LOOK_LIMIT = 100;
/** Somebody waits for the answer: a look that finds nothing costs one indexed read. */
const QUESTIONS_POLL_MS = 250;
/** What may be pruned has waited for days; ten minutes more keep each round small. */
const RETENTION_EVERY_MS = 600_000;
/** At most this far apart a worker tells that it lives; three times as long a silence means that it does not. */
const REPORT_MS = 10_000;
/** A round ends at its next safe point; one that hangs in a call is left behind after this long, as the queue's jobs are. */
const PATIENCE_MS = 7_500;

export interface WorkerReadiness {
  readonly status: 'ready' | 'not_ready';
  readonly sentence: string;
}

/** What the worker does without being woken by the queue: the rollback lane, the sweep, the reconciler, retention, and answers to questions. */
export class Rounds implements BeforeApplicationShutdown, OnApplicationShutdown {
  private running: Promise<void>[] = [];
  private startedAt = 0;
  private unsubscribe: () => void = () => undefined;

  constructor(@Inject(CREW) private readonly crew: Crew) {}

  async start(): Promise<void> {
    const { parts, wakes, sweep, reconciler, retention, report, stopping, everyMs } = this.crew;
    this.startedAt = parts.clock.monotonic();
    const heard = new Heard((deploymentId) => wakes.look(deploymentId), stopping.signal);
    this.unsubscribe = await parts.store.changes.subscribe((change) => {
      if (change.unqueued) heard.hear(change.deploymentId);
      if (change.phase === 'rolling_back' || change.alarm) void wakes.rollBack(change.deploymentId);
    });
    // A fault here is the database's: the sweep finds these rows as well, only later.
    await parts.store.deployments.retrySetAside().catch(() => 0);
    this.running = [
      this.repeat('sweep', everyMs, () => sweep.run()),
      this.repeat('reconciler', everyMs * LOOK_SHARE, () => reconciler.run()),
      this.repeat('rollback lane', ROLLBACK_POLL_MS, () => this.lookAtRollbacks()),
      this.repeat('retention', RETENTION_EVERY_MS, () => retention.run()),
      this.repeat('take-over', TAKE_OVER_POLL_MS, () => this.takeOver()),
      this.repeat('questions', QUESTIONS_POLL_MS, () => this.answerQuestions()),
      this.repeat('report', Math.min(everyMs, REPORT_MS), () => report.write()),
    ];
  }

  /** The queue and AWS are closed after this phase: a round in hand may need both. */
  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe();
    const ended = new AbortController();
    await Promise.race([Promise.all(this.running), this.crew.parts.clock.sleep(PATIENCE_MS, ended.signal)]);
    ended.abort();
    await this.crew.report.close();
  }

  /** The database answers, and the sweep goes round: what a worker is there for. */
  async readiness(): Promise<WorkerReadiness> {
    const { parts, figures, everyMs } = this.crew;
    const answers = await parts.store.now().then(
      () => true,
      () => false,
    );
    if (!answers) return { status: 'not_ready', sentence: 'The database does not answer.' };
    const { sweep } = figures.rounds();
    const patienceMs = everyMs * 3 + 30_000;
    if (sweep?.problem !== undefined) return { status: 'not_ready', sentence: 'The last round of the sweep failed.' };
    // A first round that is under way has not ended yet; it is given as long as any other.
    const quietMs = sweep?.agoMs ?? parts.clock.monotonic() - this.startedAt;
    if (quietMs <= patienceMs) return { status: 'ready', sentence: 'The database answers and the sweep goes round.' };
    return { status: 'not_ready', sentence: `The sweep has not ended a round for ${Math.round(quietMs / 1000)} s.` };
  }

  onApplicationShutdown(): void {
    this.crew.disconnect();
  }

  private async repeat(name: string, intervalMs: number, work: () => Promise<void>): Promise<void> {
    const { parts, stopping, figures } = this.crew;
    while (!stopping.signal.aborted) {
      const begunAt = parts.clock.monotonic();
      const problem = await work().then(
        () => undefined,
        (error: unknown) => {
          parts.logger.warn({ loop: name, error: String(error) }, 'A round failed; the next one follows.');
          return problemOf(error);
        },
      );
      figures.roundEnded(name, parts.clock.monotonic() - begunAt, problem);
      // From one beginning to the next, so that a round that takes long does not make the period longer; with a pause.
      const left = intervalMs - (parts.clock.monotonic() - begunAt);
      await parts.clock.sleep(Math.max(left, intervalMs / 2), stopping.signal);
    }
  }

  private async answerQuestions(): Promise<void> {
    const { parts } = this.crew;
    const open = await parts.store.queries.take(5);
    await Promise.all(open.map((query) => answerQuery(parts, query)));
  }

  /** A worker that was killed leaves its claims behind: whoever finds one goes on from there. */
  private async takeOver(): Promise<void> {
    const { parts, wakes } = this.crew;
    const left = await parts.store.deployments.abandoned(LOOK_LIMIT + wakes.unreadable.size);
    await Promise.all(this.readable(left).map(({ deploymentId }) => wakes.look(deploymentId)));
  }

  private async lookAtRollbacks(): Promise<void> {
    const { parts, wakes } = this.crew;
    const due = await parts.store.deployments.rollbacks(LOOK_LIMIT + wakes.unreadable.size);
    // Not waited for: one whose call hangs must not keep the next look from finding others.
    for (const { deploymentId } of this.readable(due)) void wakes.rollBack(deploymentId);
  }

  /** Those that this process cannot read stay due, and must not keep others out of a look. */
  private readable(due: readonly Due[]): Due[] {
    const { unreadable } = this.crew.wakes;
    return due.filter(({ deploymentId, sequence }) => !unreadable.holds(deploymentId, sequence)).slice(0, LOOK_LIMIT);
  }
}

/** What may be told about a failed round: the kind of error, not its text, which can hold a connection string. */
function problemOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return String(code ?? name ?? 'unknown').slice(0, 60);
}
