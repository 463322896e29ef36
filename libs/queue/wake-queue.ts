import { type Clock, systemClock } from '#runtime';
import { inspectRedis, type RedisFinding, warnAboutRedis } from './check-redis.js';
import { bullConnection, chooseEngine, prepareEngine, type QueueOptions, redisOf } from './engine.js';
import { EngineQueue } from './engine-queue.js';
import { ErrorLog } from './error-log.js';
import { Together, type WakeJob } from './together.js';
import { QUEUE_NAME, type Wake, type WakeLane, wakeJobId, wakeSchema } from './wake.js';

/** No caller of the queue waits longer than this; the sweep finds what could not be queued. */
const PATIENCE_MS = 2_000;

export interface WakeRequest extends Wake {
  readonly delayMs: number;
  readonly lane?: WakeLane;
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
  /** The same for many (at most a few thousand) in one round trip. When it rejects, some of them may have been taken. */
  addAll(wakes: readonly WakeRequest[]): Promise<void>;
  /** Rejects within 2 s when the engine does not answer. */
  ping(): Promise<{ readonly engine: 'redis' | 'postgres'; readonly roundTripMs: number }>;
  counts(): Promise<WakeCounts>;
  close(): Promise<void>;
}

/** What the queue looks like from outside, for the metrics and the doctor. */
export interface QueueState extends WakeCounts {
  readonly engine: 'redis' | 'postgres';
  /** How long the wake-up at the head of the line has been waiting for a worker; 0 when none is. */
  readonly oldestWaitingMs: number;
  /** Settings of Redis under which wake-ups can be lost. */
  readonly findings: readonly RedisFinding[];
}

/** A queue that can also be looked at. */
export interface InspectableQueue extends WakeQueue {
  /** Rejects within a few seconds when the engine does not answer. */
  inspect(): Promise<QueueState>;
}

export interface WakeQueueOptions extends QueueOptions {
  readonly clock?: Clock;
}

/**
 * Opens the queue for producers. Resolves while Redis is down as well (adds are then refused at once): accepting
 * deployments does not depend on the queue. On Postgres it first brings the queue's tables up to date.
 */
export async function createWakeQueue(options: WakeQueueOptions): Promise<InspectableQueue> {
  const engine = chooseEngine(options);
  await prepareEngine(engine);
  const connection = bullConnection(engine, 'producer');
  return new BullWakeQueue(new EngineQueue(QUEUE_NAME, connection), options);
}

/** One for all: a reason made anew would take its stack every time. */
const SETTLED = new Error('The queue answered.');

/** Rollbacks are put before the line, so that the very first is not always the oldest. */
const HEADS = 5;

/** Takes a queue that was opened with the producer's connection. */
export class BullWakeQueue implements InspectableQueue {
  readonly engine: 'redis' | 'postgres';
  private readonly clock: Clock;
  private readonly together = new Together((jobs) => this.send(jobs));
  private ready = false;

  constructor(
    private readonly queue: EngineQueue,
    { logger, clock = systemClock }: Pick<WakeQueueOptions, 'logger' | 'clock'>,
  ) {
    this.clock = clock;
    const redis = redisOf(queue.opts.connection);
    this.engine = redis ? 'redis' : 'postgres';
    const errors = new ErrorLog(logger, clock);
    queue.on('error', (error) => errors.say('The queue has lost its engine; wake-ups wait for the sweep.', error));
    void queue.waitUntilReady().then(
      () => {
        this.ready = true;
        if (redis) void warnAboutRedis(redis, queue.opts.prefix ?? '', logger);
      },
      (error: unknown) => errors.say('The queue could not be opened.', error),
    );
  }

  async add(wake: WakeRequest): Promise<void> {
    await this.together.add(toJob(wake));
  }

  async addAll(wakes: readonly WakeRequest[]): Promise<void> {
    if (wakes.length === 0) return;
    await this.send(wakes.map(toJob));
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

  async inspect(): Promise<QueueState> {
    const counts = await this.counts();
    const heads = await this.within(() => this.queue.getJobs(['waiting'], 0, HEADS - 1, true));
    const added = heads.flatMap((job) => (job ? [job.timestamp + (job.delay ?? 0)] : []));
    const oldestWaitingMs = added.length === 0 ? 0 : Math.max(0, this.clock.now() - Math.min(...added));
    const redis = redisOf(this.queue.opts.connection);
    const findings = redis ? await this.within(() => inspectRedis(redis, this.queue.opts.prefix ?? '')) : [];
    return { engine: this.engine, ...counts, oldestWaitingMs, findings };
  }

  close(): Promise<void> {
    return this.queue.close();
  }

  private async send(jobs: readonly WakeJob[]): Promise<void> {
    await this.within(() => this.queue.addBulk([...jobs]));
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
      settled.abort(SETTLED);
    }
  }
}

/**
 * What is stored per wake-up is what a hundred thousand live rollouts cost the engine, so it holds no option that is a
 * default: that nothing stays behind, and that the same id is free to be armed again, is the worker's setting.
 */
function toJob(wake: WakeRequest): WakeJob {
  const data = wakeSchema.parse({ deploymentId: wake.deploymentId, sequence: wake.sequence });
  const delay = Math.max(0, Math.round(wake.delayMs));
  const opts = {
    jobId: wakeJobId(data, wake.lane),
    ...(delay > 0 ? { delay } : {}),
    ...(wake.lane === 'rollback' ? { lifo: true } : {}),
  };
  return { name: 'wake', data, opts };
}
