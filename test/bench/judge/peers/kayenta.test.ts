import { judgeIsHigh, locationShift } from './kayenta.js';

/** Documented behaviour of the judge that the simulation has to reproduce, blind spots included. */

test('seven points of a hundred against ones are no regression to it, because the interval reaches zero', () => {
  const canary = [100, 100, 100, 100, 100, 100, 100, 1, 1, 1];
  const baseline = new Array<number>(10).fill(1);
  const { lower, upper, estimate } = locationShift(canary, baseline);
  expect(lower).toBeGreaterThan(0);
  expect(lower).toBeLessThan(0.001);
  expect(upper).toBe(99);
  expect(estimate).toBeCloseTo(99, 2);
  expect(judgeIsHigh(canary, baseline)).toBe(false);
});

test('a few errors against none at all are no regression to it either', () => {
  expect(judgeIsHigh([0, 1, 2, 1, 0, 0], [0, 0, 0, 0, 0, 0])).toBe(false);
});

test('a clear shift is', () => {
  const baseline = [1, 2, 1, 3, 2, 1, 2, 3, 1, 2];
  const canary = baseline.map((value) => value + 20);
  expect(judgeIsHigh(canary, baseline)).toBe(true);
  expect(judgeIsHigh(baseline, baseline)).toBe(false);
});

test('its interval for two separated samples is the one the asymptotic rank test gives', () => {
  const { lower, upper, estimate } = locationShift([10, 20, 30, 40, 50, 60, 70, 80], [1, 2, 3, 4, 5, 6, 7, 8]);
  expect(lower).toBeGreaterThan(5);
  expect(upper).toBeLessThan(80);
  expect(estimate).toBeCloseTo(40.5, 0);
});
