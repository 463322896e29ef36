import { evidenceWords } from './evidence.js';

const none = { invocations: 0, errors: 0 };

test.each([
  ['neither version', none, none, 'no metrics of this step yet'],
  [
    'the canary',
    { invocations: 247, errors: 1 },
    none,
    'canary not invoked yet; stable 1 error in 247 invocations (0.4 %)',
  ],
])('before there is evidence of %s, the line says so', (_whom, stable, canary, words) => {
  expect(evidenceWords({ stable, canary })).toBe(words);
});

test('numbers of another kind make no line', () => {
  expect(evidenceWords({ stable: none })).toBeUndefined();
  expect(evidenceWords({ stable: none, canary: { invocations: 'many', errors: 0 } })).toBeUndefined();
});
