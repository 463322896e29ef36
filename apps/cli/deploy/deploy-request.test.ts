import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

describe('probes', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-probes-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const readFrom = async (content: string, options: Parameters<typeof readRequest>[1] = {}) => {
    await writeFile(join(folder, 'probes.jsonl'), content);
    return readRequest('checkout', { dir: 'x', probes: 'probes.jsonl', ...options }, folder);
  };

  test('are read a line each, empty lines left out', async () => {
    const request = await readFrom('{"order": 1}\n\n"text"\r\nnull\n', { probesSlowerThan: '2.5', probeAnswers: true });
    expect(request.probes).toEqual({ payloads: [{ order: 1 }, 'text', null], compare: 'shape', slowerThan: 2.5 });
  });

  test('a broken line is named by its number, and what stands in it is not repeated', async () => {
    await expect(readFrom('{}\n{"card": hunter2}\n')).rejects.toThrow(/^Line 2 of .*probes\.jsonl is not JSON\.$/);
  });

  test.each<[string, object, RegExp]>([
    ['\n', {}, /hold no payload/],
    ['{}', { probesSlowerThan: '0.5' }, /is not a factor above 1/],
    [`${'1\n'.repeat(101)}`, {}, /--probes.*At most 100 payloads/],
  ])('what cannot be sent is refused first', async (content, options, message) => {
    await expect(readFrom(content, options)).rejects.toThrow(message);
  });

  test('how to judge probes without probes is a mistake', async () => {
    await expect(read({ dir: 'x', probesIndependent: true })).rejects.toThrow(/no probes to judge/);
  });
});
