import { exitCodes } from './exit-codes.js';
import { exitCodeOf } from './outcome.js';
import { run } from './run.js';
import { deployment, keptContext } from './sample.fixture.js';

async function sluice(...args: string[]) {
  const { context, kept } = keptContext();
  return { code: await run(args, context), ...kept };
}

describe('a command line that cannot be understood ends with 1 and says why', () => {
  test.each([
    [['deply'], /unknown command 'deply'[\s\S]*Did you mean deploy/],
    [['deploy'], /missing required argument 'target'/],
    [['deploy', 'checkout', '--bogus'], /unknown option '--bogus'/],
    [['deploy', 'checkout', '--dir', 'a', '--zip', 'b'], /cannot be used with option/],
    [['deploy', 'checkout', '--when-busy', 'later', '--dir', 'a'], /Allowed choices are queue, supersede, refuse/],
    [['targets', 'update', 'checkout', '--reset', 'name'], /Allowed choices are strategy, deadlines/],
    [['rollback', 'checkout', '--to', 'latest'], /"latest" is not a version/],
    [['rollback', 'checkout', '--to', '3', '--to-deployment', 'x'], /cannot be used with option/],
    [['settle', 'checkout'], /required option '--to <version>'/],
    [['resolve', 'checkout'], /Say how to resolve it/],
    [['resolve', 'checkout', '--restore', '--abandon'], /cannot be used with option/],
    [['history', 'checkout', '--limit', 'all'], /--limit all is not a whole number/],
    [['targets', 'create', 'checkout'], /required option '--function <name>'/],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
    [['status', '--url', 'sluice.example.com'], /is not the address of a Sluice/],
  ])('%j', async (args, message) => {
    const { code, out, err } = await sluice(...args);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: exitCodes.error, out: '' });
    expect(err).not.toMatch(/\n\s+at /);
  });
});

test.each([['status'], ['watch', 'checkout'], ['deploy', 'checkout', '--env', 'AA=1'], ['targets'], ['demo']])(
  'before the first start, "%s" says what to do and ends with 6',
  async (...args) => {
    const { code, err } = await sluice(...args);
    expect(err).toMatch(/There is no API key[\s\S]*npm start/);
    expect(code).toBe(exitCodes.unreachable);
  },
);

test('a failure is one JSON document with --json', async () => {
  const { code, err } = await sluice('status', '--json');
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'no_key', exitCode: code } });
});

test('--debug shows where a failure came from, and only --debug', async () => {
  expect((await sluice('status', '--debug')).err).toMatch(/\n\s+at /);
});

test('without arguments the commands are listed', async () => {
  const { code, out } = await sluice();
  expect(out).toMatch(/Commands:[\s\S]*rollback/);
  expect(code).toBe(0);
});

test('the completion scripts know every command and its options', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await sluice('completion', shell);
    expect(code).toBe(0);
    for (const word of ['deploy', 'resolve', 'idempotency-key', 'supersede', 'accept-as-is', 'create'])
      expect(out).toContain(word);
  }
});

test.each([
  ['succeeded', 0],
  ['rolled_back', 2],
  ['failed', 4],
  ['drifted', 5],
  ['needs_human', 5],
  ['target_gone', 5],
  ['cancelled', 7],
  ['superseded', 7],
] as const)('a deployment that ends %s makes a watch end with %i', (phase, code) => {
  expect(exitCodeOf(deployment({ phase }).phase)).toBe(code);
});
