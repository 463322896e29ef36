import { evaluatePoints, type Rule } from './alarm-rule.js';

const PERIOD = 60_000;

/** `X` breaches, `0` does not, `-` is missing; oldest first. */
function points(text: string): [number, number][] {
  return [...text.replaceAll(' ', '')].flatMap((sign, index): [number, number][] =>
    sign === '-' ? [] : [[index * PERIOD, sign === 'X' ? 10 : 0]],
  );
}

const rule = (needed: number, treatMissing: string): Rule => ({
  evaluationPeriods: 3,
  datapointsToAlarm: needed,
  threshold: 5,
  comparison: 'GreaterThanThreshold',
  treatMissing,
});

const state = (needed: number, treatMissing: string, seen: string) =>
  evaluatePoints(rule(needed, treatMissing), points(seen), 0)?.state ?? 'unchanged';

/** The tables of the CloudWatch user guide: points, then what missing, ignore, breaching and notBreaching make of them. */
const THREE_OF_THREE: [string, string, string, string, string][] = [
  ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
  ['- - - - -', 'INSUFFICIENT_DATA', 'unchanged', 'ALARM', 'OK'],
  ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
  ['- - X - -', 'ALARM', 'unchanged', 'ALARM', 'OK'],
  ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
];

test.each(THREE_OF_THREE)('3 of 3: %s', (seen, missing, ignore, breaching, notBreaching) => {
  expect(state(3, 'missing', seen)).toBe(missing);
  expect(state(3, 'ignore', seen)).toBe(ignore);
  expect(state(3, 'breaching', seen)).toBe(breaching);
  expect(state(3, 'notBreaching', seen)).toBe(notBreaching);
});

const TWO_OF_THREE: [string, string, string, string, string][] = [
  ['0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - X -', 'ALARM', 'unchanged', 'ALARM', 'OK'],
];

test.each(TWO_OF_THREE)('2 of 3: %s', (seen, missing, ignore, breaching, notBreaching) => {
  expect(state(2, 'missing', seen)).toBe(missing);
  expect(state(2, 'ignore', seen)).toBe(ignore);
  expect(state(2, 'breaching', seen)).toBe(breaching);
  expect(state(2, 'notBreaching', seen)).toBe(notBreaching);
});

test('the reason names the points that breached', () => {
  const verdict = evaluatePoints(rule(2, 'missing'), points('X 0 X'), 0);
  expect(verdict?.reason).toBe(
    'Threshold Crossed: 2 out of the last 3 datapoints [10.0 (01/01/70 00:00:00), 10.0 (01/01/70 00:02:00)] were greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).',
  );
});

test('an unknown comparison is refused', () => {
  expect(() => evaluatePoints({ ...rule(1, 'missing'), comparison: 'Sideways' }, points('X X X'), 0)).toThrow(
    'Sideways',
  );
});
