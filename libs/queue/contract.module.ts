import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { QueueOptions } from './engine.js';
import type { InspectableQueue, WakeQueueOptions } from './wake-queue.js';
import {
  WAKE_QUEUE,
  WAKE_WORK,
  WakeProcessor,
  type WakeWork,
  wakeQueueModule,
  wakeWorkerModule,
} from './wakes.module.js';

export interface WakeWorker {
  close(): Promise<void>;
}

@Module({})
class ContractModule {}

/** An application with the queue's worker and nothing else: what the contract is checked on. */
export async function startWakeWorker(options: QueueOptions & WakeWork): Promise<WakeWorker> {
  const app = await start({
    module: ContractModule,
    imports: [wakeWorkerModule(options)],
    providers: [{ provide: WAKE_WORK, useValue: options }, WakeProcessor],
  });
  return { close: () => app.close() };
}

/** The producer as an application has it. Closing it closes the application. */
export async function openWakeQueue(options: WakeQueueOptions): Promise<InspectableQueue> {
  const app = await start({ module: ContractModule, imports: [wakeQueueModule(options)] });
  const queue = app.get<InspectableQueue>(WAKE_QUEUE, { strict: false });
  return {
    engine: queue.engine,
    add: (wake) => queue.add(wake),
    addAll: (wakes) => queue.addAll(wakes),
    ping: () => queue.ping(),
    inspect: () => queue.inspect(),
    counts: () => queue.counts(),
    close: () => app.close(),
  };
}

const start = (module: DynamicModule) =>
  NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
