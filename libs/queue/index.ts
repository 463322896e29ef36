export type { QueueOptions } from './engine.js';
export { type OptionsFactory, WAKE_QUEUE, wakeQueueModule, wakeWorkerModule } from './queue.module.js';
export type { Wake } from './wake.js';
export {
  createWakeQueue,
  type WakeCounts,
  type WakeQueue,
  type WakeQueueOptions,
  type WakeRequest,
} from './wake-queue.js';
export { startWakeWorker, type WakeHandled, type WakeWorker, type WakeWorkerOptions } from './wake-worker.js';
