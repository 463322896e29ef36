import fc from 'fast-check';
import { storable, storableText } from './storable.js';

const unit = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\u0000', '\ud83d', '\ude00', '\ud83d\ude00', '\\u0000'),
);
const text = fc.array(unit).map((parts) => parts.join(''));

test('whatever the text, what is left has no NUL and no half of a pair, and is as long as it was', () => {
  fc.assert(
    fc.property(text, (given) => {
      const left = storableText(given);
      expect(left).not.toContain('\u0000');
      expect(Buffer.from(left, 'utf8').toString()).toBe(left);
      expect(left).toHaveLength(given.length);
      expect(storable({ deep: [{ [`k${given}`]: given }] })).toEqual({ deep: [{ [`k${left}`]: left }] });
    }),
  );
});

test('what Postgres takes as it is comes back as the very same', () => {
  const value = { sentence: 'In full \ud83d\ude00', none: undefined };
  expect(storable(value)).toBe(value);
  expect(storable('A backslash before it: \\u0000')).toBe('A backslash before it: \\u0000');
  expect(storable(undefined)).toBeUndefined();
});

test('members without a value stay', () => {
  expect(storable({ sentence: 'cut \ud83d', nextAt: undefined })).toStrictEqual({
    sentence: 'cut \ufffd',
    nextAt: undefined,
  });
});
