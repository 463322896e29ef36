import type { Queue } from 'bullmq';
import { silentLogger, systemClock } from '#runtime';
import { openWakeQueue, startWakeWorker, type WakeWorker } from './contract.module.js';
import { bullConnection, chooseEngine, type QueueOptions } from './engine.js';
import { EngineQueue } from './engine-queue.js';
import type { WakeHandler } from './take-wake.js';
import { QUEUE_NAME, type Wake } from './wake.js';
import { createWakeQueue, type InspectableQueue, type WakeQueue } from './wake-queue.js';

type Connect = () => Promise<Omit<QueueOptions, 'logger'>>;

/** What a wake queue promises on every engine, however it was opened. Each engine's suite calls this with its own connection. */
export function describeWakeQueue(connect: Connect): void {
  describe('opened by itself', () => promises(connect, createWakeQueue));
  describe('opened by an application', () => promises(connect, openWakeQueue));
}

function promises(connect: Connect, open: (options: QueueOptions) => Promise<InspectableQueue>): void {
  let options: QueueOptions;
  let queue: InspectableQueue;
  const workers: WakeWorker[] = [];

  beforeEach(async () => {
    options = { ...(await connect()), logger: silentLogger };
    queue = await open(options);
    await untilConnected(queue);
  });

  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await queue.close();
  });

  async function take(handle: WakeHandler, concurrency = 4, drainMs = 3_000) {
    const worker = await startWakeWorker({ ...options, concurrency, drainMs, handle });
    workers.push(worker);
    return worker;
  }

  it('delivers a wake-up with its deployment and sequence', async () => {
    const seen = new Mailbox<Wake>();
    await take(async (wake) => seen.put(wake));
    await queue.add({ deploymentId: 'deployment-a', sequence: 7, delayMs: 0 });
    expect(await seen.next()).toEqual({ deploymentId: 'deployment-a', sequence: 7 });
  });

  it('keeps the same wake-up once when it is armed twice', async () => {
    const wake = { deploymentId: 'twice', sequence: 1, delayMs: 60_000 };
    await queue.add(wake);
    await queue.add(wake);
    expect((await queue.counts()).delayed).toBe(1);
  });

  it('tells how long the head of the line has been waiting', async () => {
    const since = systemClock.now();
    await queue.add({ deploymentId: 'head', sequence: 1, delayMs: 0 });
    await until(async () => (await queue.inspect()).oldestWaitingMs > 50);
    await queue.add({ deploymentId: 'tail', sequence: 1, delayMs: 0 });
    const seen = await queue.inspect();
    expect(seen).toMatchObject({ engine: queue.engine, waiting: 2, active: 0, findings: expect.any(Array) });
    expect(seen.oldestWaitingMs).toBeGreaterThan(50);
    expect(seen.oldestWaitingMs).toBeLessThanOrEqual(systemClock.now() - since);
  });

  it('arms many at once: each like one armed alone, with its delay and its lane, and none twice', async () => {
    const many = Array.from({ length: 600 }, (_, index) => ({
      deploymentId: `many-${index}`,
      sequence: 1,
      delayMs: 60_000,
    }));
    await queue.add({ deploymentId: 'many-7', sequence: 1, delayMs: 60_000 });
    await queue.addAll(many);
    await queue.addAll(many);
    await queue.addAll([]);
    expect((await queue.counts()).delayed).toBe(600);
    const now = ['b', 'c', 'd'].map((deploymentId) => ({ deploymentId, sequence: 1, delayMs: 0 }));
    await queue.addAll(now);
    await queue.addAll([{ deploymentId: 'urgent', sequence: 1, delayMs: 0, lane: 'rollback' }]);
    const seen = new Mailbox<string>();
    await take(async (wake) => seen.put(wake.deploymentId), 1);
    const order: string[] = [];
    for (let taken = 0; taken < 4; taken += 1) order.push(await seen.next());
    expect(order).toEqual(['urgent', 'b', 'c', 'd']);
  });

  it('takes a wake-up again after it was delivered, because a finished one leaves nothing behind', async () => {
    const seen = new Mailbox<Wake>();
    await take(async (wake) => seen.put(wake));
    for (let round = 0; round < 3; round++) {
      await queue.add({ deploymentId: 'round', sequence: 4, delayMs: 0 });
      expect((await seen.next()).sequence).toBe(4);
      await untilEmpty(queue);
    }
  });

  it('delivers a delayed wake-up after its delay, not before', async () => {
    const seen = new Mailbox<number>();
    await take(async () => seen.put(systemClock.monotonic()));
    const start = systemClock.monotonic();
    await queue.add({ deploymentId: 'later', sequence: 1, delayMs: 300 });
    // Engines round to whole milliseconds and read another clock than this one.
    expect((await seen.next()) - start).toBeGreaterThanOrEqual(290);
  });

  it('brings the same sequence again when the handler asks for it', async () => {
    const seen = new Mailbox<Wake>();
    let calls = 0;
    await take(async (wake) => {
      seen.put(wake);
      calls += 1;
      return calls < 3 ? { again: { delayMs: 20 } } : undefined;
    });
    await queue.add({ deploymentId: 'again', sequence: 2, delayMs: 0 });
    for (let call = 0; call < 3; call++) expect(await seen.next()).toEqual({ deploymentId: 'again', sequence: 2 });
    await untilEmpty(queue);
  });

  it('goes on with other wake-ups when a handler throws', async () => {
    const seen = new Mailbox<string>();
    await take(async (wake) => {
      if (wake.deploymentId === 'bad') throw new Error('This handler always fails.');
      seen.put(wake.deploymentId);
    }, 1);
    await queue.add({ deploymentId: 'bad', sequence: 1, delayMs: 0 });
    await queue.add({ deploymentId: 'good', sequence: 1, delayMs: 0 });
    expect(await seen.next()).toBe('good');
    await untilEmpty(queue);
  });

  it('puts a rollback at the head of the line', async () => {
    const seen = new Mailbox<string>();
    const gate = new Gate();
    await take(async (wake) => {
      seen.put(wake.deploymentId);
      if (wake.deploymentId === 'first') await gate.opened;
    }, 1);
    await queue.add({ deploymentId: 'first', sequence: 1, delayMs: 0 });
    expect(await seen.next()).toBe('first');
    for (const name of ['b', 'c', 'd']) await queue.add({ deploymentId: name, sequence: 1, delayMs: 0 });
    await queue.add({ deploymentId: 'urgent', sequence: 1, delayMs: 0, lane: 'rollback' });
    gate.open();
    expect([await seen.next(), await seen.next(), await seen.next(), await seen.next()]).toEqual([
      'urgent',
      'b',
      'c',
      'd',
    ]);
  });

  it('drops a wake-up that cannot be read and takes the next one', async () => {
    const raw = await openRaw(options);
    const seen = new Mailbox<Wake>();
    await raw.add('wake', { deploymentId: 42 }, { removeOnComplete: true, removeOnFail: true });
    await raw.add('something from another release', 'not even an object', {
      removeOnComplete: true,
      removeOnFail: true,
    });
    await take(async (wake) => seen.put(wake), 1);
    await queue.add({ deploymentId: 'readable', sequence: 3, delayMs: 0 });
    expect(await seen.next()).toEqual({ deploymentId: 'readable', sequence: 3 });
    await untilEmpty(queue);
    await raw.close();
  });

  it('refuses a wake-up whose id the engine could not hold', async () => {
    await expect(queue.add({ deploymentId: 'with:colon', sequence: 1, delayMs: 0 })).rejects.toThrow();
  });

  it('finishes what is in hand before a worker closes', async () => {
    const started = new Gate();
    const finish = new Gate();
    let finished = false;
    const worker = await take(
      async () => {
        started.open();
        await finish.opened;
        finished = true;
      },
      1,
      10_000,
    );
    await queue.add({ deploymentId: 'in-hand', sequence: 1, delayMs: 0 });
    await started.opened;
    const closing = worker.close();
    finish.open();
    await closing;
    expect(finished).toBe(true);
  });

  it('aborts what does not finish, and closes by its deadline', async () => {
    const started = new Gate();
    const aborted = new Gate();
    const worker = await take(
      async (_wake, signal) => {
        started.open();
        signal.addEventListener('abort', () => aborted.open());
        await aborted.opened;
      },
      1,
      1_500,
    );
    await queue.add({ deploymentId: 'stuck', sequence: 1, delayMs: 0 });
    await started.opened;
    const start = systemClock.monotonic();
    await worker.close();
    expect(aborted.isOpen).toBe(true);
    expect(systemClock.monotonic() - start).toBeLessThan(1_700);
  });

  it('closes by its deadline when a handler does not listen to the abort', async () => {
    const started = new Gate();
    const finish = new Gate();
    const worker = await take(
      async () => {
        started.open();
        await finish.opened;
      },
      1,
      1_500,
    );
    await queue.add({ deploymentId: 'deaf', sequence: 1, delayMs: 0 });
    await started.opened;
    const start = systemClock.monotonic();
    await worker.close();
    expect(systemClock.monotonic() - start).toBeLessThan(1_700);
    finish.open();
  });

  it('leaves wake-ups in the queue when a worker closes, for the next worker', async () => {
    const first = await take(async () => undefined);
    await first.close();
    await queue.add({ deploymentId: 'left', sequence: 1, delayMs: 0 });
    const seen = new Mailbox<Wake>();
    await take(async (wake) => seen.put(wake));
    expect((await seen.next()).deploymentId).toBe('left');
  });

  it('answers a ping', async () => {
    expect((await queue.ping()).engine).toBe(queue.engine);
  });
}

/** Resolves with each thing put into it, in order; a test that waits for too few fails by Jest's own timeout. */
export class Mailbox<T> {
  private readonly kept: T[] = [];
  private readonly asked: ((thing: T) => void)[] = [];

  get size(): number {
    return this.kept.length;
  }

  put(thing: T): undefined {
    const asker = this.asked.shift();
    if (asker) asker(thing);
    else this.kept.push(thing);
  }

  next(): Promise<T> {
    if (this.kept.length > 0) return Promise.resolve(this.kept.shift() as T);
    return new Promise((resolve) => this.asked.push(resolve));
  }
}

/** A door that a test opens once. */
export class Gate {
  isOpen = false;
  private release: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  open(): void {
    this.isOpen = true;
    this.release();
  }
}

/** The queue opens in the background; its promise to callers is only that it never makes them wait. */
export async function untilConnected(queue: WakeQueue): Promise<void> {
  await until(() =>
    queue.ping().then(
      () => true,
      () => false,
    ),
  );
}

export async function untilEmpty(queue: WakeQueue): Promise<void> {
  await until(async () => {
    const { waiting, active, delayed } = await queue.counts();
    return waiting + active + delayed === 0;
  });
}

export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(10);
}

/** BullMQ itself, for jobs that Sluice would never add. */
export async function openRaw(options: QueueOptions): Promise<Queue> {
  const queue = new EngineQueue(QUEUE_NAME, bullConnection(chooseEngine(options), 'worker'));
  await queue.waitUntilReady();
  return queue;
}
