import fc from 'fast-check';
import type { Clock } from '#runtime';
import { type CallBudget, createCallBudget, type Lane } from './call-budget.js';
import { createMemoryCallBudgetStore } from './call-budget-memory.js';
import { JITTER_MS, nextSlot, slotSpacingMs } from './next-slot.js';

const key = { accountId: '000000000000', region: 'us-east-1' };
const rates = { ordinaryPerSecond: 12, rollbackPerSecond: 3 };

describe('the slots of a lane', () => {
  it('never let more calls than the rate into any one second, however late within the jitter each call leaves', () => {
    const request = fc.record({
      pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000 })),
      count: fc.integer({ min: 1, max: 8 }),
      horizonMs: fc.integer({ min: 0, max: 3_000 }),
      delays: fc.array(fc.integer({ min: 0, max: JITTER_MS - 1 }), { minLength: 8, maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), fc.constantFrom(1, 3, 12, 15, 100), (requests, perSecond) => {
        const spacingMs = slotSpacingMs(perSecond);
        let [now, next] = [5_000, 0];
        const calls: number[] = [];
        for (const { pauseMs, count, horizonMs, delays } of requests) {
          now += pauseMs;
          const grant = nextSlot(next, now, { count, leadMs: 0, horizonMs, spacingMs });
          if (!('startMs' in grant)) continue;
          next = grant.nextSlotMs;
          for (let i = 0; i < grant.granted; i++) calls.push(grant.startMs + i * spacingMs + (delays[i] ?? 0));
        }
        expect(busiestSecond(calls)).toBeLessThanOrEqual(perSecond);
      }),
    );
  });

  it('grant nothing beyond the horizon and say when there will be room', () => {
    expect(nextSlot(10_000, 5_000, { count: 1, leadMs: 0, horizonMs: 400, spacingMs: 85 })).toEqual({
      granted: 0,
      waitMs: 4_600,
      nextSlotMs: 10_000,
    });
  });

  it('of an idle lane start at once', () => {
    const grant = nextSlot(1_000, 5_000, { count: 1, leadMs: 0, horizonMs: 0, spacingMs: 85 });
    expect(grant).toMatchObject({ granted: 1, startMs: 5_000 });
  });
});

describe('the call budget', () => {
  it('uses at least 95 % of the rate when a thousand callers wait, and never exceeds it', async () => {
    const world = new World();
    const run = world.callers(1_000, 'ordinary');
    await world.until(60_000);
    expect(busiestSecond(world.calls.ordinary)).toBeLessThanOrEqual(12);
    expect(world.calls.ordinary.length / 60).toBeGreaterThanOrEqual(12 * 0.95);
    await world.until(200_000);
    await run;
    expect(world.calls.ordinary.length).toBe(1_000);
  });

  it('sends callers away for long enough that they do not keep asking', async () => {
    const world = new World();
    const run = world.callers(300, 'ordinary');
    await world.until(40_000);
    await run;
    expect(world.asked).toBeLessThan(300 * 3);
  });

  it('lets rollbacks pass a crowd of ordinary calls, and stays within fifteen in sum', async () => {
    const world = new World();
    const ordinary = world.callers(200, 'ordinary');
    await world.until(5_000);
    const start = world.clock.monotonic();
    const rollbacks = world.callers(30, 'rollback');
    await world.until(40_000);
    await Promise.all([ordinary, rollbacks]);
    const last = Math.max(...world.calls.rollback) - start;
    // Thirty calls at 15 a second need two seconds; the ordinary calls already reserved and the jitter add the rest.
    expect(last).toBeLessThan(3_000);
    expect(busiestSecond([...world.calls.ordinary, ...world.calls.rollback])).toBeLessThanOrEqual(15);
  });

  it('gives a lone rollback its slot at once, however many ordinary calls wait', async () => {
    const world = new World();
    const ordinary = world.callers(500, 'ordinary');
    await world.until(2_000);
    const start = world.clock.monotonic();
    const rollback = world.callers(1, 'rollback');
    await world.until(100_000);
    await Promise.all([ordinary, rollback]);
    expect((world.calls.rollback[0] ?? 0) - start).toBeLessThan(5);
  });

  it('takes back a slot whose moment was missed', async () => {
    const world = new World();
    await world.budget.take(key, 'ordinary');
    const second = world.budget.take(key, 'ordinary');
    await world.settle();
    world.jump(500);
    expect(await second).toEqual({ granted: false, waitMs: 0 });
  });

  it('takes back a slot whose answer was so long under way that its moment has passed', async () => {
    const world = new World();
    const store = createMemoryCallBudgetStore(world.clock);
    let tripMs = 5;
    const reserve: typeof store.reserve = async (...request) => {
      const answer = await store.reserve(...request);
      world.jump(tripMs);
      return answer;
    };
    const sleep = async (milliseconds: number) => world.jump(milliseconds);
    const budget = createCallBudget({ rates, clock: { ...world.clock, sleep }, store: { reserve } });
    expect(await budget.take(key, 'rollback')).toEqual({ granted: true });
    tripMs = 7_000;
    expect(await budget.take(key, 'rollback')).toEqual({ granted: false, waitMs: 0 });
    tripMs = 20;
    expect(await budget.take(key, 'rollback')).toEqual({ granted: true });
  });

  it('asks for slots far enough ahead where answers take now 5, now 80 ms, instead of missing them', async () => {
    const world = new World();
    const store = createMemoryCallBudgetStore(world.clock);
    let [asked, granted] = [0, 0];
    const reserve: typeof store.reserve = async (...request) => {
      asked += 1;
      const answer = await store.reserve(...request);
      world.jump(asked % 2 === 0 ? 80 : 5);
      return answer;
    };
    const sleep = async (milliseconds: number) => world.jump(milliseconds);
    const budget = createCallBudget({ rates, clock: { ...world.clock, sleep }, store: { reserve } });
    for (let call = 0; call < 100; call += 1) {
      if ((await budget.take(key, 'ordinary')).granted) granted += 1;
    }
    expect(granted).toBe(100);
    expect(asked).toBeLessThan(105);
  });

  it('passes on a failure of the store and works again afterwards', async () => {
    let broken = true;
    const world = new World();
    const store = createMemoryCallBudgetStore(world.clock);
    const budget = createCallBudget({
      rates,
      clock: world.clock,
      store: {
        reserve: (...request) => (broken ? Promise.reject(new Error('database gone')) : store.reserve(...request)),
      },
    });
    await expect(budget.take(key, 'ordinary')).rejects.toThrow('database gone');
    broken = false;
    expect(await budget.take(key, 'ordinary')).toEqual({ granted: true });
  });
});

/** The largest number of calls in any half-open window of one second. */
function busiestSecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let [from, most] = [0, 0];
  for (let to = 0; to < sorted.length; to++) {
    while ((sorted[to] ?? 0) - (sorted[from] ?? 0) >= 1_000) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** Callers on a clock that moves from one waking to the next. */
class World {
  private now = 0;
  private readonly sleepers: { at: number; wake: () => void }[] = [];
  readonly calls: Record<Lane, number[]> = { ordinary: [], rollback: [] };
  asked = 0;
  readonly clock: Clock = {
    now: () => this.now,
    monotonic: () => this.now,
    sleep: (milliseconds) => new Promise((wake) => this.sleepers.push({ at: this.now + milliseconds, wake })),
  };
  readonly budget: CallBudget = createCallBudget({
    store: createMemoryCallBudgetStore(this.clock),
    rates,
    clock: this.clock,
    random: () => 0.5,
  });

  async callers(count: number, lane: Lane): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.caller(lane)));
  }

  private async caller(lane: Lane): Promise<void> {
    for (;;) {
      this.asked += 1;
      const answer = await this.budget.take(key, lane);
      if (answer.granted) break;
      await this.clock.sleep(answer.waitMs);
    }
    this.calls[lane].push(this.now);
  }

  async until(end: number): Promise<void> {
    for (;;) {
      await this.settle();
      const next = Math.min(...this.sleepers.map((sleeper) => sleeper.at));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      for (const sleeper of this.sleepers.splice(0).filter((one) => this.keep(one))) sleeper.wake();
    }
    this.now = end;
  }

  private keep(sleeper: { at: number; wake: () => void }): boolean {
    if (sleeper.at <= this.now) return true;
    this.sleepers.push(sleeper);
    return false;
  }

  jump(milliseconds: number): void {
    this.now += milliseconds;
    for (const sleeper of this.sleepers.splice(0)) sleeper.wake();
  }

  /** Lets every promise that can go on do so. */
  async settle(): Promise<void> {
    await new Promise((done) => setImmediate(done));
  }
}
