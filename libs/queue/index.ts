export type { Wake } from './wake.js';
export { createWakeQueue, type WakeQueue } from './wake-queue.js';
export { startWakeWorker, type WakeHandled } from './wake-worker.js';
