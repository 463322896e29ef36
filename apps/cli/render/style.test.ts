import { createScreen } from '../context.js';
import { emptyEnvironment } from '../sample.fixture.js';
import { bar } from './bar.js';
import { clip, fold, harmlessDeep, ink, plainStyle, type Style, widthOf, wrap } from './style.js';
import { duration, rate } from './words.js';

const rich: Style = { colour: true, unicode: true, columns: 80 };

test('what others wrote cannot move the cursor, recolour or reverse the text', () => {
  expect(harmlessDeep({ message: 'a\u001b[2Jb\r\nc\u009b31m\u202e', list: ['\u0007x'] })).toEqual({
    message: 'a [2Jb c 31m',
    list: [' x'],
  });
});

test('without a terminal nothing of ours goes beyond ASCII', () => {
  expect(fold(plainStyle, 'the function’s – “big” … → ≤ 3 × 2')).toBe('the function\'s - "big" ... -> <= 3 x 2');
  expect(bar(plainStyle, 10, 'green')).toMatch(/^[ -~]+$/);
});

test('a share above nothing shows a mark, and less than everything leaves a gap', () => {
  expect(bar(plainStyle, 0.001, 'green')).toBe('[#...................]');
  expect(bar(plainStyle, 99.9, 'green')).toBe('[###################.]');
  expect(bar(plainStyle, 0, 'green')).toBe('[....................]');
  expect(widthOf(bar(rich, 33.3, 'yellow'))).toBe(20);
});

test('a clipped line keeps its width and closes its colours', () => {
  const line = `${ink(rich, 'red', 'abcdefgh')}ij`;
  expect(widthOf(clip(rich, line, 5))).toBe(5);
  expect(clip(rich, line, 5)).toContain('\u001b[0m');
  expect(clip(rich, line, 10)).toBe(line);
});

test('long sentences break at spaces', () => {
  expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
});

test('times and rates are said as people say them', () => {
  expect([0, 999, 61_000, 7_325_000, 90_000_000].map(duration)).toEqual(['0s', '1s', '1m 1s', '2h 2m', '1d 1h']);
  expect([0, 0.0025, 0.05, 0.3333].map(rate)).toEqual(['0 %', '0.25 %', '5 %', '33 %']);
});

test.each([
  ['a pipe', { isTTY: false }, {}, { colour: false, unicode: false }, false],
  ['a terminal', { isTTY: true, columns: 100 }, {}, { colour: true, unicode: true, columns: 100 }, true],
  ['NO_COLOR', { isTTY: true, columns: 100 }, { noColor: true }, { colour: false, unicode: false }, false],
  ['a dumb terminal', { isTTY: true, columns: 100 }, { dumbTerminal: true }, { colour: false, unicode: false }, false],
])('%s gets the output it can show', (_name, stream, environment, style, redraws) => {
  const out = { write: () => true, ...stream };
  const screen = createScreen(out, out, { ...emptyEnvironment, ...environment });
  expect(screen.style).toMatchObject(style);
  expect(screen.redraws).toBe(redraws);
});
