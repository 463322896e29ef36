import {
  type DynamicModule,
  Inject,
  Injectable,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { createWakeQueue, type WakeQueue, type WakeQueueOptions } from './wake-queue.js';
import { startWakeWorker, type WakeWorker, type WakeWorkerOptions } from './wake-worker.js';

/** Inject with `@Inject(WAKE_QUEUE) queue: WakeQueue`. */
export const WAKE_QUEUE = Symbol('WAKE_QUEUE');

const WORKER_OPTIONS = Symbol('WORKER_OPTIONS');

/** How long a shutdown waits for wake-ups in hand before it aborts them. */
const DRAIN_DEADLINE_MS = 10_000;

/** Where a module's options come from: a factory and what Nest passes to it. */
export interface OptionsFactory<T> extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: InjectionToken[];
  readonly useFactory: (...dependencies: never[]) => T | Promise<T>;
}

@Injectable()
class QueueCloser implements OnApplicationShutdown {
  constructor(@Inject(WAKE_QUEUE) private readonly queue: WakeQueue) {}

  async onApplicationShutdown(): Promise<void> {
    await this.queue.close();
  }
}

@Injectable()
class WorkerRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  private worker: WakeWorker | undefined;

  constructor(@Inject(WORKER_OPTIONS) private readonly options: WakeWorkerOptions) {}

  /** Not before every provider exists: the first wake-up may need any of them. */
  async onApplicationBootstrap(): Promise<void> {
    this.worker = await startWakeWorker(this.options);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.worker?.close(DRAIN_DEADLINE_MS);
  }
}

/**
 * The queue as Nest modules, closed by `app.close()` and, with `enableShutdownHooks`, by SIGTERM.
 *
 * They stand on the plain functions of this library and not on `BullModule`, which gives producers and workers one
 * connection (ours must fail fast for the one and wait for the other), takes no backend per queue, hides the abort
 * signal from processors and closes without a deadline.
 */
@Module({})
class QueueModule {}

@Module({})
class WakeWorkerModule {}

/** Provides `WAKE_QUEUE` everywhere. */
export function wakeQueueModule(options: OptionsFactory<WakeQueueOptions>): DynamicModule {
  const queue = {
    provide: WAKE_QUEUE,
    inject: options.inject ?? [],
    useFactory: async (...dependencies: never[]) => createWakeQueue(await options.useFactory(...dependencies)),
  };
  const imports = options.imports ?? [];
  return { module: QueueModule, global: true, imports, providers: [queue, QueueCloser], exports: [queue] };
}

/** Takes wake-ups from the moment the application has started until it closes. */
export function wakeWorkerModule(options: OptionsFactory<WakeWorkerOptions>): DynamicModule {
  const settings = { provide: WORKER_OPTIONS, inject: options.inject ?? [], useFactory: options.useFactory };
  return { module: WakeWorkerModule, imports: options.imports ?? [], providers: [settings, WorkerRunner] };
}
