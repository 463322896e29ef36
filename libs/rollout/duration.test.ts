import fc from 'fast-check';
import { formatDuration, parseDuration } from './duration.js';

test.each([
  ['30s', 30],
  ['5m', 300],
  ['1h', 3600],
  ['7d', 604_800],
  ['1h30m', 5400],
  ['90', undefined],
  ['', undefined],
  ['5 m', undefined],
  ['-5m', undefined],
  ['1.5h', undefined],
  ['99999999999999999999d', undefined],
])('%s is %s seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test('what is formatted is read back as the same time', () => {
  fc.assert(fc.property(fc.nat(10_000_000), (seconds) => expect(parseDuration(formatDuration(seconds))).toBe(seconds)));
});
