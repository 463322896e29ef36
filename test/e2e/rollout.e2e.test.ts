import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetAliasCommand, type GetAliasCommandOutput, LambdaClient, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { jest } from '@jest/globals';
import { SluiceProcess } from './sluice-process.js';

jest.setTimeout(120_000);

/** The parts of an answer that these tests look at. */
interface Deployment {
  readonly id: string;
  readonly phase: string;
  readonly result: string | null;
  readonly ended: boolean;
  readonly weightPercent: number;
  readonly canaryVersion: string | null;
  readonly headline: string;
}

const sluice = new SluiceProcess({ SLUICE_DEMO_REQUESTS_PER_SECOND: '50', AWS_PROFILE: 'expired' });
let codeNumber = 0;

beforeAll(() => sluice.start());
afterAll(() => sluice.dispose());

/** A good change that no other deployment of this run has shipped. */
function goodCode(): string {
  codeNumber += 1;
  const folder = join(sluice.dataDir, `code-${codeNumber}`);
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'index.mjs'),
    `${readFileSync('examples/checkout/v2/index.mjs', 'utf8')}// ${codeNumber}\n`,
  );
  return folder;
}

/** One step at 20 %, in a file, as a person would write it. */
function strategy(bake: string, gates: string[] = []): string {
  const file = join(sluice.dataDir, `strategy-${bake}-${gates.join('-') || 'none'}.json`);
  writeFileSync(file, JSON.stringify({ type: 'steps', steps: [{ weight: 20, bake, gates }] }));
  return file;
}

async function api(path: string): Promise<unknown> {
  const answer = await fetch(`${sluice.url}${path}`, { headers: { authorization: `Bearer ${sluice.apiKey}` } });
  return answer.json();
}

async function until(id: string, wanted: (deployment: Deployment) => boolean): Promise<Deployment> {
  for (;;) {
    const deployment = (await api(`/v1/deployments/${id}`)) as Deployment;
    if (wanted(deployment)) return deployment;
    if (deployment.ended) throw new Error(`It ended instead: ${deployment.headline}`);
    await sleep(100);
  }
}

const baking = ({ phase, weightPercent }: Deployment) => phase === 'baking' && weightPercent === 20;

/** Deploys without waiting; resolves to the id. */
async function deploy(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sluice.sluice('deploy', 'checkout', ...args, '--json');
  if (code !== 0) throw new Error(`exit ${code}: ${stdout}${stderr}`);
  return (JSON.parse(stdout) as Deployment).id;
}

/** The alias as Amazon's own client sees it. */
async function alias(): Promise<GetAliasCommandOutput> {
  return lambda().send(new GetAliasCommand({ FunctionName: 'checkout', Name: 'live' }));
}

/** What somebody does in the console, who knows nothing of Sluice. */
async function editAlias(version: string): Promise<void> {
  await lambda().send(
    new UpdateAliasCommand({
      FunctionName: 'checkout',
      Name: 'live',
      FunctionVersion: version,
      RoutingConfig: { AdditionalVersionWeights: {} },
    }),
  );
}

function lambda(): LambdaClient {
  const credentials = { accessKeyId: 'console', secretAccessKey: 'not-a-secret' };
  return new LambdaClient({ endpoint: sluice.emulatorUrl, region: 'us-east-1', credentials });
}

async function expectAllOn(version: string | undefined): Promise<void> {
  const { FunctionVersion, RoutingConfig } = await alias();
  expect({ FunctionVersion, weights: RoutingConfig?.AdditionalVersionWeights ?? {} }).toEqual({
    FunctionVersion: version,
    weights: {},
  });
}

test('a good change is promoted: exit code 0, all traffic on the new version, no routing configuration left', async () => {
  const { code, stdout } = await sluice.sluice(
    'deploy',
    'checkout',
    '--dir',
    goodCode(),
    '--strategy',
    strategy('2s', ['analysis']),
    '--watch',
  );
  expect(stdout).toMatch(/promoted/i);
  expect(code).toBe(0);
  await expectAllOn('2');
});

test('a bad change is put back: exit code 2, the reason in words, all traffic on the version before', async () => {
  const before = await alias();
  const args = ['--dir', 'examples/checkout/v3-bad', '--strategy', strategy('2s', ['analysis']), '--watch'];
  const { code, stdout } = await sluice.sluice('deploy', 'checkout', ...args);
  expect(stdout).toMatch(/errors rose from/);
  expect(code).toBe(2);
  await expectAllOn(before.FunctionVersion);
  const history = await sluice.sluice('history', 'checkout');
  expect(history.stdout).toMatch(/rolled back/);
  expect(history.stdout).toMatch(/errors rose from/);
  expect(history.stdout).toMatch(/promoted/);
});

describe('without a word about the strategy', () => {
  /**
   * The default strategy at the pace of these tests: a tenth of the traffic at first, seconds of watching, and wide
   * margins for durations, because this machine runs other tests beside the function.
   */
  const POLICY = `analysis:
  minimumWatchMs: 3000
  ramp: { minimumWeightPercent: 10 }
  bake: { bakeMs: 3000 }
  latency:
    - { quantile: 0.5, minimumExcess: 0.45, margin: 0.49 }
    - { quantile: 0.9, minimumExcess: 0.7, margin: 0.8 }
    - { quantile: 0.99, minimumExcess: 0.8, margin: 0.9 }
`;
  function policy(): string {
    const file = join(sluice.dataDir, 'policy.yaml');
    writeFileSync(file, POLICY);
    return file;
  }

  test.each([
    ['v3-bad', /^Rolled back .*errors rose from/],
    ['v4-slow', /^Rolled back .*requests slower than .* rose from/],
  ])('%s is put back before it had much', async (release, reason) => {
    const before = await alias();
    const deployed = await deploy('--dir', `examples/checkout/${release}`, '--policy', policy());
    const { headline, phase } = await until(deployed, ({ ended }) => ended);
    expect(headline).toMatch(reason);
    expect(phase).toBe('rolled_back');
    const { stdout } = await sluice.sluice('history', deployed);
    expect(stdout).not.toMatch(/95 % on version/);
    await expectAllOn(before.FunctionVersion);
  });
});

test('what is live already is not deployed again: nothing to do, and no version is published', async () => {
  const folder = goodCode();
  expect(
    (await sluice.sluice('deploy', 'checkout', '--dir', folder, '--strategy', strategy('1s'), '--watch')).code,
  ).toBe(0);
  const before = await alias();
  const { code, stdout } = await sluice.sluice(
    'deploy',
    'checkout',
    '--dir',
    folder,
    '--strategy',
    strategy('1s'),
    '--watch',
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/nothing to do/i);
  expect((await alias()).RevisionId).toBe(before.RevisionId);
});

test('an abort during a bake restores the rollback point', async () => {
  const before = await alias();
  const id = await deploy('--dir', goodCode(), '--strategy', strategy('10m'));
  await until(id, baking);
  expect((await alias()).RoutingConfig?.AdditionalVersionWeights).not.toEqual({});
  const { code } = await sluice.sluice('abort', id, '--watch');
  expect(code).toBe(2);
  await expectAllOn(before.FunctionVersion);
});

test('a pause holds the weight past the end of its bake, and a resume goes on to the promotion', async () => {
  const id = await deploy('--dir', goodCode(), '--strategy', strategy('3s'));
  await until(id, baking);
  expect((await sluice.sluice('pause', id)).code).toBe(0);
  await sleep(5_000);
  expect(await until(id, () => true)).toMatchObject({ phase: 'paused', weightPercent: 20 });
  expect((await sluice.sluice('resume', id, '--watch')).code).toBe(0);
  const { canaryVersion } = await until(id, ({ ended }) => ended);
  await expectAllOn(canaryVersion ?? '');
});

test('an approval gate waits for a person, and lets through when approved', async () => {
  const id = await deploy('--dir', goodCode(), '--strategy', strategy('1s', ['approval']));
  await until(id, ({ phase }) => phase === 'gated');
  expect((await sluice.sluice('approve', id, '--watch')).code).toBe(0);
  expect(await until(id, ({ ended }) => ended)).toMatchObject({ result: 'promoted' });
});

test('a kill -9 in the middle of a bake changes nothing: after the next start the rollout ends as planned', async () => {
  const id = await deploy('--dir', goodCode(), '--strategy', strategy('8s'));
  await until(id, baking);
  await sluice.kill();
  await sluice.start();
  const { code } = await sluice.sluice('watch', id);
  expect(code).toBe(0);
  const { canaryVersion } = await until(id, ({ ended }) => ended);
  await expectAllOn(canaryVersion ?? '');
});

describe('a second deployment to a busy target', () => {
  let first: string;
  beforeAll(async () => {
    first = await deploy('--dir', goodCode(), '--strategy', strategy('10m'));
    await until(first, baking);
  });
  afterAll(async () => {
    await sluice.sluice('abort', first, '--watch');
  });

  test('is refused when the caller wants that: exit code 3', async () => {
    const refused = await sluice.sluice(
      'deploy',
      'checkout',
      '--dir',
      goodCode(),
      '--strategy',
      strategy('1s'),
      '--policy',
      'refuse',
    );
    expect(refused.code).toBe(3);
  });

  test('waits, and is superseded by a third one that asks for it: exit code 7', async () => {
    const second = await deploy('--dir', goodCode(), '--strategy', strategy('1s'), '--policy', 'queue');
    expect(await until(second, () => true)).toMatchObject({ phase: 'queued' });
    const third = await deploy('--dir', goodCode(), '--strategy', strategy('1s'), '--policy', 'supersede');
    expect((await sluice.sluice('watch', second)).code).toBe(7);
    expect((await sluice.sluice('cancel', third)).code).toBe(0);
    expect((await sluice.sluice('watch', third)).code).toBe(7);
  });

  test('runs when the first one has ended', async () => {
    const second = await deploy('--dir', goodCode(), '--strategy', strategy('1s'), '--policy', 'queue');
    await sluice.sluice('abort', first, '--watch');
    expect((await sluice.sluice('watch', second)).code).toBe(0);
  });
});

test('a console edit during a rollout stops it as drift, is not overwritten, and a person decides', async () => {
  const id = await deploy('--dir', goodCode(), '--strategy', strategy('10m'));
  await until(id, baking);
  await editAlias('1');
  const watched = await sluice.sluice('watch', id);
  expect(watched.code).toBe(5);
  await expectAllOn('1');
  expect((await sluice.sluice('resolve', id, '--accept-as-is', '--watch')).code).not.toBe(6);
  expect(await until(id, ({ ended }) => ended)).toMatchObject({ ended: true });
  await expectAllOn('1');
});

test('rolling back to an older point of the history puts exactly that version back', async () => {
  expect(
    (await sluice.sluice('deploy', 'checkout', '--dir', goodCode(), '--strategy', strategy('1s'), '--watch')).code,
  ).toBe(0);
  const { code, stdout } = await sluice.sluice('rollback', 'checkout', '--to', '2', '--watch');
  expect(stdout).toMatch(/version 2/);
  expect(code).toBe(0);
  await expectAllOn('2');
});

test('the AWS command that status prints is the one that puts the rollback point back', async () => {
  const before = await alias();
  const id = await deploy('--dir', goodCode(), '--strategy', strategy('10m'));
  await until(id, baking);
  const { stdout } = await sluice.sluice('status', id);
  expect(stdout).toContain(
    `aws --endpoint-url ${sluice.emulatorUrl} lambda update-alias --function-name checkout --name live --function-version ${before.FunctionVersion}`,
  );
  await sluice.sluice('abort', id, '--watch');
});
