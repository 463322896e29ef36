import { LiveCounts } from './live-counts.js';

/** A store that counts up, and takes as long as it is told to. */
function counting() {
  const world = { now: 0, tookMs: 0, counted: 0, broken: false, hold: undefined as Promise<void> | undefined };
  const store = {
    countLive: async () => {
      await world.hold;
      if (world.broken) throw new Error('The database does not answer.');
      world.now += world.tookMs;
      world.counted += 1;
      return [{ phase: 'baking', count: world.counted }];
    },
  };
  const clock = { monotonic: () => world.now };
  return { world, counts: new LiveCounts(store, clock), impatient: new LiveCounts(store, clock, false) };
}

const countOf = async (counts: LiveCounts) => (await counts.look())[0]?.count;
/** Lets what is under way in the background end. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('what is counted quickly is counted for everybody who asks', async () => {
  const { world, counts } = counting();
  world.tookMs = 50;
  expect([await countOf(counts), await countOf(counts), await countOf(counts)]).toEqual([1, 2, 3]);
});

test('a slow count is waited for by nobody but the first, and takes a hundredth of the time', async () => {
  const { world, counts } = counting();
  world.tookMs = 300;
  expect(await countOf(counts)).toBe(1);
  for (let second = 0; second < 29; second += 1) {
    world.now += 1_000;
    expect(await countOf(counts)).toBe(1);
  }
  expect(world.counted).toBe(1);
  world.now += 1_000;
  expect(await countOf(counts)).toBe(1);
  await settle();
  expect(await countOf(counts)).toBe(2);
  expect(world.counted).toBe(2);
});

test('a slow count that fails leaves the last one, and is tried again', async () => {
  const { world, counts } = counting();
  world.tookMs = 300;
  await countOf(counts);
  world.now += 40_000;
  world.broken = true;
  expect(await countOf(counts)).toBe(1);
  await settle();
  world.broken = false;
  expect(await countOf(counts)).toBe(1);
  await settle();
  expect(await countOf(counts)).toBe(2);
});

test('those who ask while a count is under way share it', async () => {
  const { world, counts } = counting();
  let go: () => void = () => undefined;
  world.hold = new Promise((resolve) => {
    go = resolve;
  });
  const asked = [countOf(counts), countOf(counts), countOf(counts)];
  go();
  expect(await Promise.all(asked)).toEqual([1, 1, 1]);
});

test('without pacing every look counts', async () => {
  const { world, impatient } = counting();
  world.tookMs = 300;
  expect([await countOf(impatient), await countOf(impatient)]).toEqual([1, 2]);
});
