import { Statistic } from './metric-store.js';
import { readStatistic } from './statistics.js';

/** Four samples of 10, three of 20, two of 30 and one of 40. */
const statistic = new Statistic();
for (const value of [10, 10, 10, 10, 20, 20, 20, 30, 30, 40]) statistic.add(value);

test('a range leaves its lower bound out and keeps its upper one', () => {
  expect(readStatistic(statistic, 'TC(20:)')).toBe(3);
  expect(readStatistic(statistic, 'TC(:20)')).toBe(7);
  expect(readStatistic(statistic, 'TC(10:30)')).toBe(5);
  expect(readStatistic(statistic, 'PR(:20)')).toBe(70);
  expect(readStatistic(statistic, 'TM(20:)')).toBeCloseTo(100 / 3);
  expect(readStatistic(statistic, 'TS(20:30)')).toBe(60);
});

test('percentiles and plain statistics', () => {
  expect(readStatistic(statistic, 'p50')).toBe(20);
  expect(readStatistic(statistic, 'p99')).toBe(40);
  expect(readStatistic(statistic, 'Average')).toBe(20);
});

test.each(['TC(:)', 'TC(a:b)', 'p101', 'Median'])('%s is refused', (stat) => {
  expect(() => readStatistic(statistic, stat)).toThrow();
});
