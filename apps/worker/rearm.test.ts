import { type Logger, silentLogger, systemClock } from '#runtime';
import type { DueCursor } from '#store';
import type { WorkerParts } from './parts.js';
import { ARM_PAGE, rearmAll } from './rearm.js';

const LIVE = ARM_PAGE * 4 + 1;

/** So many live deployments, and a queue that is too slow for the page with this number, so many times. */
function world(slowPage: number, times = 1) {
  const rows = Array.from({ length: LIVE }, (_, index) => ({
    deploymentId: String(index),
    dueAt: String(index),
    sequence: 1,
    delayMs: 0,
  }));
  const asked: (string | undefined)[] = [];
  const queued = new Set<string>();
  const said: unknown[] = [];
  const logger: Logger = { ...silentLogger, info: (facts) => said.push(facts) };
  let [pages, slow] = [0, times];
  const parts = {
    logger,
    clock: systemClock,
    store: {
      deployments: {
        armed: async (after: DueCursor | undefined, limit: number) => {
          asked.push(after?.deploymentId);
          const from = after ? Number(after.deploymentId) + 1 : 0;
          return rows.slice(from, from + limit);
        },
      },
    },
    queue: {
      addAll: async (page: typeof rows) => {
        if (pages + 1 === slowPage && slow > 0) {
          slow -= 1;
          throw new Error('The queue did not answer within 2 s.');
        }
        pages += 1;
        for (const { deploymentId } of page) queued.add(deploymentId);
      },
    },
  } as unknown as WorkerParts;
  return { parts, asked, queued, said };
}

const lastOf = (page: number) => String(page * ARM_PAGE - 1);

test('a page that was too slow is put back again, and none before it', async () => {
  const { parts, asked, queued, said } = world(3);
  await rearmAll(parts, async () => true);
  expect(asked).toEqual([undefined, lastOf(1), lastOf(2), lastOf(2), lastOf(3), lastOf(4)]);
  expect(queued.size).toBe(LIVE);
  expect(said).toEqual([expect.objectContaining({ armed: LIVE, interrupted: 1 })]);
});

test('the first page as well, and as often as it takes', async () => {
  const { parts, asked, queued } = world(1, 3);
  await rearmAll(parts, async () => true);
  expect(asked.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
  expect(queued.size).toBe(LIVE);
});

test('where what was put back may be gone, it ends with what went wrong, so that it is begun anew', async () => {
  const { parts, asked, said } = world(3);
  await expect(rearmAll(parts, async () => false)).rejects.toThrow('within 2 s');
  expect(asked).toEqual([undefined, lastOf(1), lastOf(2)]);
  expect(said).toEqual([]);
});
