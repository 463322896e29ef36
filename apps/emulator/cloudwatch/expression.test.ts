import { evaluate, type Points } from './expression.js';

const series: Record<string, Points> = {
  errors: new Map([
    [0, 1],
    [60_000, 0],
  ]),
  calls: new Map([
    [0, 10],
    [60_000, 0],
    [120_000, 5],
  ]),
};

function value(expression: string): Record<number, number> {
  const find = (id: string) => {
    const found = series[id];
    if (!found) throw new Error(`unknown ${id}`);
    return found;
  };
  return Object.fromEntries(
    evaluate(expression, find, { all: () => Object.keys(series), from: 0, to: 180_000, periodMs: 60_000 }),
  );
}

test.each<[string, Record<number, number>]>([
  ['100 * errors / calls', { 0: 10 }],
  ['FILL(errors, 0) + 1', { 0: 2, 60000: 1, 120000: 1 }],
  ['FILL(errors, REPEAT)', { 0: 1, 60000: 0, 120000: 0 }],
  ['SUM(METRICS())', { 0: 11, 60000: 0, 120000: 5 }],
  ['SUM(errors)', { 0: 1, 60000: 1, 120000: 1 }],
  ['IF(calls > 4, errors, 7)', { 0: 1, 60000: 7 }],
  ['-(errors - calls)', { 0: 9, 60000: 0 }],
  ['MAX([errors]) == 1'.replace(/[[\]]/g, ''), { 0: 1, 60000: 1, 120000: 1 }],
  ['2 ^ 3 + 1', { 0: 9, 60000: 9, 120000: 9 }],
])('%s', (expression, expected) => {
  expect(value(expression)).toEqual(expected);
});

test.each(['errors +', 'NOPE(errors)', 'errors § 2', '(errors'])('%s is refused', (expression) => {
  expect(() => value(expression)).toThrow('Error in expression');
});
