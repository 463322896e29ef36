import { BadPattern, compileFilter } from './filter-pattern.js';

const record = JSON.stringify({
  type: 'platform.report',
  record: { status: 'error', metrics: { durationMs: 120.5 } },
  list: [1, { a: null }],
});

test.each<[string, string, boolean]>([
  ['', 'anything', true],
  ['ERROR', 'an ERROR here', true],
  ['ERROR -debug', 'an ERROR in debug', false],
  ['one two', 'two and one', true],
  ['?one ?two', 'only two', true],
  ['?one ?two', 'three', false],
  ['"two words"', 'two  words', false],
  ['"two words"', 'in two words', true],
  ['%a+b%', 'xaab', true],
  ['{ $.type = "platform.report" }', record, true],
  ['{ $.type = "platform.*" }', record, true],
  ['{ $.type = platform.report && $.record.status = "ok" }', record, false],
  ['{ ($.record.status = "ok") || ($.record.metrics.durationMs > 100) }', record, true],
  ['{ $.record.metrics.durationMs <= 120.5 }', record, true],
  ['{ $.record.status != "ok" }', record, true],
  ['{ $.list[1].a IS NULL }', record, true],
  ['{ $.nothing NOT EXISTS }', record, true],
  ['{ $.type = "x" }', 'not json', false],
])('%s on %s: %s', (pattern, message, matches) => {
  expect(compileFilter(pattern)(message)).toBe(matches);
});

test.each(['{ $.type = }', '{ type = 1 }', '{ $.a = 1'])('%s is refused', (pattern) => {
  expect(() => compileFilter(pattern)).toThrow(BadPattern);
});
