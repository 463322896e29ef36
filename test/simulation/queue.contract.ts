import type { Wake, WakeHandled, WakeQueue } from '#queue';

/** A queue to be held to what the simulation takes for granted: BullMQ on an engine, or the simulated one. */
export interface QueueUnderTest {
  readonly queue: Pick<WakeQueue, 'add'>;
  /** From now on one worker takes wake-ups, one at a time. */
  take(handle: (wake: Wake) => Promise<WakeHandled | undefined>): Promise<void>;
  /** Lets time pass until the condition holds, or fails. */
  until(holds: () => boolean): Promise<void>;
  elapse(milliseconds: number): Promise<void>;
}

export function describeQueue(open: () => Promise<QueueUnderTest>): void {
  let world: QueueUnderTest;
  const seen: string[] = [];
  const answers = new Map<string, (WakeHandled | undefined)[]>();
  const meanwhile = new Map<string, () => Promise<unknown>>();
  let runs = 0;

  beforeAll(async () => {
    world = await open();
    await world.take(async (wake) => {
      seen.push(`${wake.deploymentId}-${wake.sequence}`);
      const asked = meanwhile.get(wake.deploymentId);
      meanwhile.delete(wake.deploymentId);
      await asked?.();
      return answers.get(wake.deploymentId)?.shift();
    });
  });

  const times = (id: string) => seen.filter((one) => one === id).length;
  const fresh = () => `q${++runs}`;

  it('gives a wake-up to a worker once its delay is over, not before', async () => {
    const deploymentId = fresh();
    await world.queue.add({ deploymentId, sequence: 3, delayMs: 700 });
    await world.elapse(300);
    expect(times(`${deploymentId}-3`)).toBe(0);
    await world.until(() => times(`${deploymentId}-3`) === 1);
  });

  it('keeps one job for the same wake-up, and another for the next sequence', async () => {
    const deploymentId = fresh();
    for (const sequence of [1, 1, 2]) await world.queue.add({ deploymentId, sequence, delayMs: 200 });
    await world.until(() => times(`${deploymentId}-1`) === 1 && times(`${deploymentId}-2`) === 1);
    await world.elapse(400);
    expect([times(`${deploymentId}-1`), times(`${deploymentId}-2`)]).toEqual([1, 1]);
  });

  it('takes no wake-up while the same one is in hand, but for a turn in a line that has come', async () => {
    const deploymentId = fresh();
    const wake = { deploymentId, sequence: 1, delayMs: 0 };
    meanwhile.set(deploymentId, () => world.queue.add(wake));
    await world.queue.add(wake);
    await world.until(() => times(`${deploymentId}-1`) === 1 && !meanwhile.has(deploymentId));
    await world.elapse(400);
    expect(times(`${deploymentId}-1`)).toBe(1);
    meanwhile.set(deploymentId, () => world.queue.add({ ...wake, lane: 'turn' }));
    await world.queue.add(wake);
    await world.until(() => times(`${deploymentId}-1`) === 3);
  });

  it('brings a wake-up again when its handler asks for it', async () => {
    const deploymentId = fresh();
    answers.set(deploymentId, [{ again: { delayMs: 20 } }, { again: { delayMs: 20 } }, undefined]);
    await world.queue.add({ deploymentId, sequence: 1, delayMs: 0 });
    await world.until(() => times(`${deploymentId}-1`) === 3);
    await world.elapse(300);
    expect(times(`${deploymentId}-1`)).toBe(3);
  });

  it('takes the same wake-up anew once it is finished', async () => {
    const deploymentId = fresh();
    for (const round of [1, 2, 3]) {
      await world.queue.add({ deploymentId, sequence: 1, delayMs: 0 });
      await world.until(() => times(`${deploymentId}-1`) === round);
      await world.elapse(100);
    }
  });
}
