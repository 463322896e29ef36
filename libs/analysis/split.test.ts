import { profiles } from './index.js';
import { multinomialLog, newSplit, splitLog, splitMismatch, stepSplit } from './split.js';

const policy = profiles.cloudwatch.measuredSplit;

test('the sequential test reproduces the published p-value after 210 events', () => {
  // Intensities with ratio 0.8 to 0.2: exactly one way to divide 210 events gives the published value.
  const values = Array.from({ length: 211 }, (_, stable) =>
    Math.exp(-multinomialLog([0.8, 0.2], [stable, 210 - stable])),
  );
  const matches = values.filter((value) => Math.abs(value - 0.045579631759249686) < 1e-12);
  expect(matches).toHaveLength(1);
});

test('a split as configured is not called wrong, a stuck one is', () => {
  let right = newSplit;
  let stuck = newSplit;
  for (let block = 0; block < 20; block++) {
    right = stepSplit(right, 10, 180 + (block % 3), 20 - (block % 3));
    stuck = stepSplit(stuck, 10, 200, 0);
  }
  expect(splitMismatch(right, policy)).toBe(false);
  expect(splitMismatch(stuck, policy)).toBe(true);
});

test('a deviation too small to matter is not reported however certain it is', () => {
  const state = stepSplit(stepSplit(newSplit, 10, 0, 0), 10, 880_000, 120_000);
  expect(splitLog(state)).toBeGreaterThan(100);
  expect(splitMismatch(state, policy)).toBe(false);
});

test('a canary that gets far more than its weight is reported within a few hundred requests', () => {
  expect(splitMismatch(stepSplit(stepSplit(newSplit, 1, 0, 0), 1, 180, 20), policy)).toBe(true);
});

test('the first block after a weight change is not held against the alias', () => {
  expect(splitMismatch(stepSplit(newSplit, 50, 1000, 10), policy)).toBe(false);
});
