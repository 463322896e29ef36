import { Queue } from 'bullmq';
import { type Clock, systemClock } from '#runtime';
import { warnAboutRedis } from './check-redis.js';
import { bullConnection, chooseEngine, prepareEngine, type QueueOptions } from './engine.js';
import { ErrorLog } from './error-log.js';
import { QUEUE_NAME, type Wake, wakeJobId, wakeSchema } from './wake.js';

/** No caller of the queue waits longer than this; the sweep finds what could not be queued. */
const PATIENCE_MS = 2_000;

export interface WakeRequest extends Wake {
  readonly delayMs: number;
  /** `rollback` goes to the head of the line. */
  readonly lane?: 'rollback' | 'ordinary';
}

export interface WakeCounts {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
}

export interface WakeQueue {
  readonly engine: 'redis' | 'postgres';
  /** Best effort: rejects within 2 s when the engine cannot take it, never hangs. The same wake-up twice is kept once. */
  add(wake: WakeRequest): Promise<void>;
  /** Rejects within 2 s when the engine does not answer. */
  ping(): Promise<{ readonly engine: 'redis' | 'postgres'; readonly roundTripMs: number }>;
  counts(): Promise<WakeCounts>;
  close(): Promise<void>;
}

export interface WakeQueueOptions extends QueueOptions {
  readonly clock?: Clock;
}

/**
 * Opens the queue for producers. Resolves while Redis is down as well (adds are then refused at once): accepting
 * deployments does not depend on the queue. On Postgres it first brings the queue's tables up to date.
 */
export async function createWakeQueue(options: WakeQueueOptions): Promise<WakeQueue> {
  const engine = chooseEngine(options);
  await prepareEngine(engine);
  return new BullWakeQueue(options, engine);
}

class BullWakeQueue implements WakeQueue {
  readonly engine: 'redis' | 'postgres';
  private readonly clock: Clock;
  private readonly queue: Queue;
  private readonly closeConnection: () => void;
  private ready = false;

  constructor(options: WakeQueueOptions, engine: ReturnType<typeof chooseEngine>) {
    this.clock = options.clock ?? systemClock;
    this.engine = engine.kind;
    const errors = new ErrorLog(options.logger, this.clock);
    const defaultJobOptions = { removeOnComplete: true, removeOnFail: true, attempts: 1 };
    const { options: base, backend } = bullConnection(engine, 'producer');
    this.queue = new Queue(QUEUE_NAME, { ...base, defaultJobOptions } as never, backend as never);
    this.queue.on('error', (error) => errors.say('The queue has lost its engine; wake-ups wait for the sweep.', error));
    const connection = 'options' in base.connection ? base.connection : undefined;
    this.closeConnection = () => connection?.disconnect();
    void this.queue.waitUntilReady().then(
      () => {
        this.ready = true;
        if (connection) void warnAboutRedis(connection, options.logger);
      },
      (error: unknown) => errors.say('The queue could not be opened.', error),
    );
  }

  async add(wake: WakeRequest): Promise<void> {
    const data = wakeSchema.parse({ deploymentId: wake.deploymentId, sequence: wake.sequence });
    const delay = Math.max(0, Math.round(wake.delayMs));
    const options = {
      jobId: wakeJobId(data),
      ...(delay > 0 ? { delay } : {}),
      ...(wake.lane === 'rollback' ? { lifo: true } : {}),
    };
    await this.within(() => this.queue.add('wake', data, options));
  }

  async ping() {
    const start = this.clock.monotonic();
    await this.counts();
    return { engine: this.engine, roundTripMs: this.clock.monotonic() - start };
  }

  async counts(): Promise<WakeCounts> {
    const counts = await this.within(() => this.queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized'));
    return {
      waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0),
      active: counts['active'] ?? 0,
      delayed: counts['delayed'] ?? 0,
    };
  }

  async close(): Promise<void> {
    const settled = new AbortController();
    await Promise.race([this.queue.close().catch(() => undefined), this.clock.sleep(PATIENCE_MS, settled.signal)]);
    settled.abort();
    this.closeConnection();
  }

  /** Until the engine was reached once, BullMQ would keep every call waiting in memory; here it is refused at once. */
  private async within<T>(work: () => Promise<T>): Promise<T> {
    if (!this.ready) throw new Error('The queue is not connected yet.');
    const settled = new AbortController();
    const late = this.clock.sleep(PATIENCE_MS, settled.signal).then(() => {
      if (!settled.signal.aborted) throw new Error('The queue did not answer in time.');
      return undefined as never;
    });
    try {
      return await Promise.race([work(), late]);
    } finally {
      settled.abort();
    }
  }
}
