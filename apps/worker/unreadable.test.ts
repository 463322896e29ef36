import { silentLogger, systemClock } from '#runtime';
import { type DueCursor, UnreadableRow } from '#store';
import type { WorkerParts } from './parts.js';
import { Sweep } from './sweep.js';
import { UnreadableRows } from './unreadable.js';
import { Wakes } from './wakes.js';

let now: number;
let rows: UnreadableRows;
beforeEach(() => {
  now = 1_000_000;
  rows = new UnreadableRows({ monotonic: () => now });
});

test('a row is held ever longer, ten minutes at most, and told of each time', () => {
  const told: unknown[] = [];
  for (let round = 0; round < 14 * 60; round += 1) {
    if (!rows.holds('a', 7)) told.push(rows.hold('a', 7));
    expect(rows.hold('a', 7)).toBeUndefined();
    now += 5_000;
  }
  expect(told.slice(0, 5)).toEqual([5_000, 5_000, 10_000, 20_000, 40_000]);
  expect(told.at(-1)).toBe(600_000);
  expect(told.length).toBeLessThan(16);
});

test('a row that moved on is read again at once, and if in vain, not told of again so soon', () => {
  rows.hold('a', 7);
  expect(rows.keys()).toEqual(['a-7']);
  expect(rows.holds('a', 8)).toBe(false);
  expect(rows.hold('a', 8)).toBeUndefined();
  expect(rows.holds('a', 8)).toBe(true);
  rows.forget('a');
  expect(rows.holds('a', 8)).toBe(false);
  expect(rows.size).toBe(0);
});

test('its wake-up is handed on for ten seconds, and not for a sequence that is past', () => {
  rows.hold('a', 7);
  expect(rows.handOnInMs('a', 7)).toBe(1_000);
  expect(rows.handOnInMs('a', 6)).toBe(0);
  now += 10_000;
  expect(rows.handOnInMs('a', 7)).toBe(0);
});

test('memory is bounded: the one held longest is forgotten', () => {
  for (let index = 0; index <= 10_000; index += 1) rows.hold(`row ${index}`, 1);
  expect(rows.size).toBe(10_000);
  expect(rows.knows('row 0')).toBe(false);
  expect(rows.knows('row 10000')).toBe(true);
});

/** A worker that can read one row only, behind so many others, with a queue that takes nothing. */
function crowd(many: number) {
  const due = Array.from({ length: many + 1 }, (_, index) => ({
    deploymentId: String(index).padStart(6, '0'),
    sequence: 3,
    phase: 'baking',
    dueAt: String(index).padStart(6, '0'),
  }));
  const readable = due.at(-1)?.deploymentId;
  const loads: string[] = [];
  const moved: string[] = [];
  const deployments = {
    overdue: async (_graceMs: number, limit: number, after?: DueCursor) =>
      due.filter(({ dueAt }) => !after || dueAt > after.dueAt).slice(0, limit),
    load: async (id: string) => {
      loads.push(id);
      if (id !== readable) throw new UnreadableRow(id, 'of another release', 3);
      return undefined;
    },
    noteUnreadable: async () => undefined,
    setAside: async (id: string) => moved.push(id),
  };
  const parts = {
    store: { deployments },
    queue: { addAll: () => Promise.reject(new Error('It takes nothing.')) },
    clock: { ...systemClock, monotonic: () => now },
    logger: silentLogger,
  } as unknown as WorkerParts;
  const wakes = new Wakes(parts, new AbortController().signal);
  return { sweep: new Sweep(parts, wakes), wakes, loads, moved, readable };
}

test('a readable row gets its turn in the same round, however many unreadable ones are more overdue', async () => {
  const { sweep, loads, moved, readable } = crowd(1_700);
  await sweep.run();
  expect(loads).toContain(readable);
  loads.length = 0;
  now += 1_000;
  await sweep.run();
  expect(loads).toEqual([readable]);
  expect(moved).toEqual([]);
});

test('a wake-up that cannot be read goes back to the queue, without a second read meanwhile', async () => {
  const { wakes, loads } = crowd(1);
  const wake = { deploymentId: '000000', sequence: 3 };
  const signal = new AbortController().signal;
  expect(await wakes.handle(wake, signal)).toEqual({ again: { delayMs: 1_000 } });
  now += 1_000;
  expect(await wakes.handle(wake, signal)).toEqual({ again: { delayMs: 1_000 } });
  expect(loads).toHaveLength(1);
  now += 9_000;
  expect(await wakes.handle(wake, signal)).toBeUndefined();
});

test('a row with trouble of its own is set aside by the sequence that was read, or by none when none was', async () => {
  const aside: unknown[] = [];
  let row: unknown = { id: 'a', sequence: 3, readAt: 0, phase: 'odd', target: {}, state: null };
  const deployments = {
    load: async () => row ?? Promise.reject(new Error('It is odd.')),
    setAside: async (id: string, sequence: number | undefined) => void aside.push([id, sequence]),
  };
  const clock = { ...systemClock, monotonic: () => now };
  const parts = { store: { deployments }, clock, logger: silentLogger } as unknown as WorkerParts;
  const wakes = new Wakes(parts, new AbortController().signal);
  await wakes.look('a');
  row = undefined;
  await wakes.look('a');
  expect(aside).toEqual([
    ['a', 3],
    ['a', undefined],
  ]);
});
