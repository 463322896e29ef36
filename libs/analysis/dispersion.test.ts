import { dispersion } from './dispersion.js';

function minutes(hours: number, at: (minute: number) => number): number[] {
  return Array.from({ length: hours * 60 }, (_, minute) => at(minute));
}

test('independent errors need no discount', () => {
  // One error in every third minute is more regular than chance, which is treated as chance.
  expect(dispersion(minutes(24, (minute) => (minute % 3 === 0 ? 1 : 0)))).toBe(1);
});

test('errors in clumps of five count for about a fifth', () => {
  const value = dispersion(minutes(24, (minute) => (minute % 30 === 7 ? 5 : 0)));
  expect(value).toBeGreaterThan(4.5);
  expect(value).toBeLessThan(5.2);
});

test('one incident in a quiet week does not count', () => {
  const quiet = (minute: number) => (minute % 6 === 0 ? 1 : 0);
  expect(dispersion(minutes(168, (minute) => (minute >= 600 && minute < 630 ? 400 : quiet(minute))))).toBe(1);
});

test('too few errors to tell mean no discount, few but clumped ones are pooled', () => {
  expect(dispersion([])).toBe(1);
  expect(dispersion(minutes(24, (minute) => (minute === 100 ? 4 : 0)))).toBe(1);
  expect(dispersion(minutes(24, (minute) => (minute === 100 ? 20 : 0)))).toBeGreaterThan(10);
});

test('the discount is capped', () => {
  expect(dispersion(minutes(24, (minute) => (minute % 60 === 7 ? 1000 : 0)))).toBe(50);
});
