export { losesWakeUps } from './check-redis.js';
export type { WakeHandled } from './take-wake.js';
export { type Wake, type WakeLane, wakeJobId } from './wake.js';
export { createWakeQueue, type InspectableQueue, type QueueState, type WakeQueue } from './wake-queue.js';
export {
  WAKE_QUEUE,
  WAKE_WORK,
  WakeProcessor,
  type WakeWork,
  wakeQueueModule,
  wakeWorkerModule,
} from './wakes.module.js';
