import { trendOf } from './memory.js';

/** One reading every ten seconds for half an hour. */
const readings = (mb: (second: number) => number) =>
  Array.from({ length: 181 }, (_, index) => ({ at: index * 10, mb: mb(index * 10) }));

test('a warm-up that ends is no growth', () => {
  const { second, last, most, mbPerHour } = trendOf(readings((at) => (at < 300 ? at / 3 : 100)));
  expect({ second, last, mbPerHour: Math.round(mbPerHour) }).toEqual({ second: 100, last: 100, mbPerHour: 0 });
  expect(most).toBeCloseTo(120);
});

test('a leak is beyond the bound, and its slope is told per hour', () => {
  const { last, most, mbPerHour } = trendOf(readings((at) => 60 + at / 20));
  expect(last).toBeGreaterThan(most);
  expect(mbPerHour).toBeCloseTo(180);
});

test('a single peak is no leak', () => {
  const { last, most } = trendOf(readings((at) => (at === 1_700 ? 900 : 80)));
  expect(last).toBeLessThan(most);
});

test('without readings there is no figure, and so no pass', () => {
  const { last, most } = trendOf([]);
  expect(last <= most).toBe(false);
});
