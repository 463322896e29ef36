import { silentLogger, systemClock } from '#runtime';
import type { WorkerParts } from './parts.js';
import { Reconciler } from './reconcile.js';
import type { Wakes } from './wakes.js';

test.each([
  [0, [500, 500]],
  [63, [500, 500]],
  [64, [50]],
  [256, [50]],
])('with %d walks under way a round asks for %j comparisons', async (underWay, pages) => {
  const asked: number[] = [];
  const deployments = {
    // A row that has gone since: there is always a whole page, once.
    takeForReconciling: async (_ageMs: number, limit: number) =>
      Array.from({ length: asked.push(limit) === 1 ? limit : 0 }, String),
    load: async () => undefined,
  };
  const parts = { store: { deployments }, clock: systemClock, logger: silentLogger } as unknown as WorkerParts;
  const wakes = { underWay, unreadable: { keys: () => [] } } as unknown as Wakes;
  await new Reconciler(parts, wakes, { everyMs: 60_000, callsPerSecond: 12, busyAt: 64 }).run();
  expect(asked).toEqual(pages);
});
