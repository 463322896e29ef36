import { NestFactory } from '@nestjs/core';
import type { Config } from '#runtime';
import type { WorkerOptions } from './assemble.js';
import { Rounds, type WorkerReadiness } from './rounds.js';
import { workerModule } from './worker.module.js';

export interface RunningWorker {
  /** Takes no new work, lets what runs finish, and returns within about ten seconds. */
  close(): Promise<void>;
  /** Whether it does its work, for probes. */
  readiness(): Promise<WorkerReadiness>;
}

/** Starts everything that acts: the queue's worker, the rollback lane, the sweep and the reconciler. */
export async function startWorker(config: Config, options: WorkerOptions): Promise<RunningWorker> {
  const app = await NestFactory.createApplicationContext(workerModule(config, options), {
    logger: false,
    abortOnError: false,
  });
  try {
    await app.get(Rounds).start();
  } catch (error) {
    // Otherwise it would go on taking wake-ups while its caller believes that there is no worker.
    await app.close();
    throw error;
  }
  const rounds = app.get(Rounds);
  return { close: () => app.close(), readiness: () => rounds.readiness() };
}
