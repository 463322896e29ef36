import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import {
  type InspectableQueue,
  WAKE_QUEUE,
  WAKE_WORK,
  WakeProcessor,
  type WakeWork,
  wakeQueueModule,
  wakeWorkerModule,
} from '#queue';
import type { Config } from '#runtime';
import { assembleCrew, CREW, type Crew, type WorkerOptions } from './assemble.js';
import { rearmAll } from './rearm.js';
import { Rounds } from './rounds.js';

@Module({})
class WorkerModule {}

/** The worker's application: BullMQ's queue and worker, the crew they work for, and the rounds it makes by itself. */
export function workerModule(config: Config, options: WorkerOptions): DynamicModule {
  const queueOptions = {
    redisUrl: config.redisUrl,
    databaseUrl: options.databaseUrl,
    logger: options.logger,
    ...(options.queuePrefix ? { prefix: options.queuePrefix } : {}),
  };
  const crew: Provider = {
    provide: CREW,
    inject: [WAKE_QUEUE],
    useFactory: (queue: InspectableQueue) => assembleCrew(config, options, queue),
  };
  const work: Provider = {
    provide: WAKE_WORK,
    inject: [CREW],
    useFactory: ({ parts, wakes, stopping }: Crew): WakeWork => ({
      logger: options.logger,
      concurrency: config.workerConcurrency,
      handle: (wake, signal) => wakes.handle(wake, signal),
      onEmptied: (goesOn) => rearmAll(parts, goesOn),
      onStopping: () => stopping.abort(),
    }),
  };
  return {
    module: WorkerModule,
    imports: [wakeQueueModule(queueOptions), wakeWorkerModule(queueOptions)],
    providers: [crew, work, WakeProcessor, Rounds],
  };
}
