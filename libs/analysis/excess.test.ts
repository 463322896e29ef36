import { readFileSync } from 'node:fs';
import { excessBounds } from './excess.js';
import { rateInterval } from './intervals.js';

interface Reference {
  excessBounds: Record<string, [number, number]>;
  betaMixtureConfidenceSequence: [number, number, number, number][];
}

const reference = JSON.parse(readFileSync(new URL('./reference.fixture.json', import.meta.url), 'utf8')) as Reference;
const noHistory = { count: 0, bad: 0 };

function near(actual: number | null, expected: number, tolerance = 1e-9) {
  expect(actual).not.toBeNull();
  expect(Math.abs((actual ?? 0) - expected)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(expected), 1e-300));
}

function repeated(times: number, [stableCount, stableBad, canaryCount, canaryBad]: [number, number, number, number]) {
  return Array.from({ length: times }, () => ({ stableCount, stableBad, canaryCount, canaryBad }));
}

test.each([
  ['A (300,0,300,0)x4', repeated(4, [300, 0, 300, 0])],
  ['C (1000,10,1000,10)x6', repeated(6, [1000, 10, 1000, 10])],
  ['E (900,1,100,5)x2', repeated(2, [900, 1, 100, 5])],
])('the excess bounds of %s match the reference', (name, blocks) => {
  const bounds = excessBounds(blocks, noHistory, 1);
  near(bounds.lower, reference.excessBounds[name]?.[0] ?? Number.NaN);
  near(bounds.upper, reference.excessBounds[name]?.[1] ?? Number.NaN);
});

test('a failing canary seen once has a lower bound and, so far, no upper one', () => {
  const bounds = excessBounds(repeated(1, [54, 0, 6, 6]), noHistory, 1);
  near(bounds.lower, 0.410080405, 1e-8);
  expect(bounds.upper).toBeNull();
});

test('further excess bounds hold to the digits they were printed with', () => {
  const doubled = excessBounds(repeated(6, [1000, 10, 1000, 20]), noHistory, 1);
  near(doubled.lower, 0.002921556, 1e-6);
  near(doubled.upper, 0.018235416, 1e-6);
  const quiet = excessBounds(repeated(10, [90, 0, 10, 0]), noHistory, 1);
  near(quiet.lower, -0.005435401, 1e-6);
  near(quiet.upper, 0.03253342, 1e-6);
});

test.each(reference.betaMixtureConfidenceSequence)('the interval of %i in %i is [%f, %f]', (bad, count, low, high) => {
  const { lower, upper } = rateInterval(bad, count);
  near(lower, low);
  near(upper, high);
});
