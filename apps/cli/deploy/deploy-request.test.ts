import { readRequest } from './deploy-request.js';

const read = (options: Parameters<typeof readRequest>[1], target = 'checkout') => readRequest(target, options, '/');

test('options become the request of the contract', async () => {
  expect(
    await read({
      dir: 'x',
      strategy: 'canary',
      env: ['AA=1', 'BB=x=y', 'CC='],
      unsetEnv: ['DD'],
      memory: '512',
      timeout: '10s',
      message: 'why',
      commit: 'ABCDEF1',
      policy: 'refuse',
    }),
  ).toEqual({
    target: 'checkout',
    strategy: 'canary',
    configuration: { memorySize: 512, timeoutSeconds: 10, environment: { AA: '1', BB: 'x=y', CC: '', DD: null } },
    message: 'why',
    commit: 'abcdef1',
    policy: 'refuse',
  });
});

test.each([
  [{}, /nothing to deploy/],
  [{ dir: 'x', memory: 'much' }, /--memory much is not a whole number/],
  [{ dir: 'x', memory: '64' }, /--memory: /],
  [{ dir: 'x', timeout: '901' }, /--timeout: /],
  [{ dir: 'x', env: ['1X=1'] }, /--env \(1X\): The name of an environment variable/],
  [{ dir: 'x', env: ['secret'] }, /has the form NAME=VALUE/],
  [{ dir: 'x', env: ['A=1', 'A=2'] }, /sets A twice/],
  [{ dir: 'x', env: ['A=1'], unsetEnv: ['A'] }, /both set and removed/],
  [{ dir: 'x', commit: 'main' }, /--commit: /],
  [{ dir: 'x', strategy: './none.json' }, /cannot be read \(ENOENT\)/],
])('%j is refused before anything is sent', async (options, message) => {
  await expect(read(options)).rejects.toMatchObject({ message: expect.stringMatching(message), exitCode: 1 });
});

test('a value typed in the wrong place is not repeated, because it may be a secret', async () => {
  await expect(read({ dir: 'x', env: ['hunter2'] })).rejects.toThrow(expect.not.stringContaining('hunter2') as never);
});
