import { Writable } from 'node:stream';
import { createLogger, type Logger } from './logger.js';

/** What a logger writes for what it is told. */
function linesOf(tell: (logger: Logger) => void, level = 'info'): Record<string, unknown>[] {
  const lines: string[] = [];
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  tell(createLogger({ level, name: 'test', out }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const SECRET = 'slu_hush';

test.each([
  ['at the top', { token: SECRET }],
  ['one level down', { request: { authorization: SECRET, method: 'GET' } }],
  ['two levels down', { config: { aws: { secret: SECRET } } }],
  ['inside a list', { keys: [{ apiKey: SECRET }] }],
])('a secret field %s is masked', (_where, facts) => {
  const [line] = linesOf((logger) => logger.info(facts, 'Said.'));
  expect(JSON.stringify(line)).not.toContain(SECRET);
  expect(JSON.stringify(line)).toContain('[masked]');
  expect(line).toMatchObject({ name: 'test', msg: 'Said.', level: 30 });
});

test('a secret field among what a child always says is masked, and stays masked in its children', () => {
  const lines = linesOf((logger) => {
    const child = logger.child({ password: SECRET, part: 'worker' });
    child.warn({ ok: 1 }, 'One.');
    child.child({ more: true }).error({}, 'Two.');
  });
  expect(lines).toMatchObject([
    { password: '[masked]', part: 'worker', ok: 1 },
    { password: '[masked]', more: true },
  ]);
});

test('what holds no secret is written as it is, and below the level nothing is', () => {
  const facts = { method: 'POST', about: { deep: { list: [1, null, 'x'] } }, nothing: undefined };
  const lines = linesOf((logger) => {
    logger.debug(facts, 'Not this.');
    logger.child({ part: 'api' }).info(facts, 'This.');
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    part: 'api',
    method: 'POST',
    about: { deep: { list: [1, null, 'x'] } },
    msg: 'This.',
  });
});
