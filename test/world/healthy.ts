import type { QueueState } from '#queue';
import type { WorkerReport } from '#store';

/** A queue with nothing wrong and nothing in it. */
export const healthyQueue: QueueState = {
  engine: 'redis',
  waiting: 0,
  active: 0,
  delayed: 0,
  oldestWaitingMs: 0,
  findings: [],
};

/** What a worker in good health says of itself. */
export const healthyWorker: WorkerReport = {
  version: '0.1.0',
  clockSkewMs: 3,
  rounds: { sweep: { agoMs: 100, tookMs: 5 } },
  walks: 0,
  eventLoopLagMs: 1,
  pool: { max: 10, open: 1, idle: 1, waiting: 0 },
  queue: { engine: 'redis', ok: true, findings: [] },
  faults: [],
  refusals: [],
};
