import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GetAliasCommand, LambdaClient, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { jest } from '@jest/globals';
import type { DeploymentView } from '#contracts';
import { SluiceProcess } from './sluice-process.js';

jest.setTimeout(120_000);

/** What a person does in two terminals: `npm start` in one, `sluice` in the other, and the AWS SDK as the witness. */
const sluice = new SluiceProcess();
const files = mkdtempSync(join(tmpdir(), 'sluice-e2e-files-'));
let lambda: LambdaClient;
let releases = 0;

beforeAll(async () => {
  await sluice.start();
  const credentials = { accessKeyId: '000000000000', secretAccessKey: 'not-a-secret' };
  lambda = new LambdaClient({ endpoint: sluice.emulatorUrl, region: 'us-east-1', credentials });
});
afterAll(async () => {
  lambda?.destroy();
  await sluice.dispose();
  rmSync(files, { recursive: true, force: true });
});

type Step = { weight: number; bake: string; gates?: string[] };

function strategy(name: string, ...steps: Step[]): string {
  const file = join(files, `${name}.json`);
  writeFileSync(file, JSON.stringify({ type: 'steps', steps }));
  return file;
}

const quick = () => strategy('quick', { weight: 10, bake: '1s' }, { weight: 50, bake: '1s' });
const endless = () => strategy('endless', { weight: 10, bake: '1h' });

/** New code each time, so that there is something to deploy. */
function newRelease(): string {
  releases += 1;
  const folder = join(files, `release-${releases}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.mjs'), `export const handler = async () => ({ release: ${releases} });\n`);
  return folder;
}

async function deploy(...more: string[]): Promise<DeploymentView> {
  const result = await sluice.sluice('deploy', 'checkout', '--dir', newRelease(), '--json', ...more);
  if (result.code !== 0) throw new Error(result.stdout + result.stderr);
  return JSON.parse(result.stdout) as DeploymentView;
}

async function status(id: string): Promise<DeploymentView> {
  return JSON.parse((await sluice.sluice('status', id, '--json')).stdout) as DeploymentView;
}

async function until(id: string, wanted: (view: DeploymentView) => boolean): Promise<DeploymentView> {
  for (;;) {
    const view = await status(id);
    if (wanted(view)) return view;
    if (view.ended) throw new Error(`It ended as ${view.phase}: ${view.headline}`);
  }
}

async function alias() {
  const answer = await lambda.send(new GetAliasCommand({ FunctionName: 'checkout', Name: 'live' }));
  return { version: answer.FunctionVersion, weights: answer.RoutingConfig?.AdditionalVersionWeights ?? {} };
}

test('a good version is promoted with exit code 0, a bad one is rolled back with exit code 2 and says why', async () => {
  const examples = (name: string) => resolve('examples/checkout', name);
  const good = await sluice.sluice('deploy', 'checkout', '--dir', examples('v2'), '--strategy', 'demo', '--watch');
  expect(good.stdout).toMatch(/promoted/);
  expect(good.code).toBe(0);
  const live = await alias();
  expect(live.weights).toEqual({});
  const bad = await sluice.sluice('deploy', 'checkout', '--dir', examples('v3-bad'), '--strategy', 'demo', '--watch');
  expect(bad.stdout).toMatch(/rolled back/);
  expect(bad.stdout).toMatch(/errors rose from .* to \d+/);
  expect(bad.code).toBe(2);
  expect(await alias()).toEqual(live);
  const history = await sluice.sluice('history', 'checkout');
  expect(history.stdout).toMatch(/rolled back[\s\S]*promoted/);
});

test('code that is already live ends as "nothing to do", and no version is published', async () => {
  const folder = newRelease();
  const first = await sluice.sluice('deploy', 'checkout', '--dir', folder, '--strategy', 'all-at-once', '--watch');
  expect(first.code).toBe(0);
  const before = await alias();
  const again = await sluice.sluice('deploy', 'checkout', '--dir', folder, '--strategy', 'all-at-once', '--watch');
  expect(again.stdout).toMatch(/nothing to do/i);
  expect(again.code).toBe(0);
  expect(await alias()).toEqual(before);
});

test('an abort in a bake puts the old version back within a second or two', async () => {
  const before = await alias();
  const { id } = await deploy('--strategy', endless());
  await until(id, (view) => view.phase === 'baking');
  const aborted = await sluice.sluice('abort', 'checkout', '--message', 'looks odd', '--watch');
  expect(aborted.code).toBe(2);
  expect(aborted.stdout).toContain('looks odd');
  expect(await alias()).toEqual(before);
});

test('a pause holds, a resume goes on', async () => {
  const { id } = await deploy('--strategy', quick());
  await until(id, (view) => view.phase === 'baking');
  expect((await sluice.sluice('pause', id)).code).toBe(0);
  const paused = await status(id);
  expect(paused.phase).toBe('paused');
  expect((await sluice.sluice('resume', id, '--watch')).code).toBe(0);
  expect((await status(id)).phase).toBe('succeeded');
});

test('an approval is waited for, and lets the rollout through', async () => {
  const { id } = await deploy('--strategy', strategy('approved', { weight: 20, bake: '1s', gates: ['approval'] }));
  const waiting = await until(id, (view) => view.phase === 'gated');
  expect(waiting.allowedActions).toContain('approve');
  expect((await sluice.sluice('approve', 'checkout', '--watch')).code).toBe(0);
});

test('a second deployment is queued, superseded or refused, as its policy says', async () => {
  const active = await deploy('--strategy', endless());
  await until(active.id, (view) => view.phase === 'baking');
  const queued = await deploy('--strategy', quick());
  expect((await status(queued.id)).phase).toBe('queued');
  const refused = await sluice.sluice('deploy', 'checkout', '--dir', newRelease(), '--policy', 'refuse');
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('--policy queue');
  const newer = await deploy('--strategy', quick(), '--policy', 'supersede');
  expect((await status(queued.id)).phase).toBe('superseded');
  await sluice.sluice('abort', active.id, '--watch');
  expect((await until(newer.id, (view) => view.phase === 'succeeded')).ended).toBe(true);
});

test('a console edit during a rollout stops it as drift; nothing is overwritten until a person decides', async () => {
  const before = await alias();
  const { id } = await deploy('--strategy', endless());
  const baking = await until(id, (view) => view.phase === 'baking');
  const weights = { [baking.canaryVersion ?? '']: 0.5 };
  await lambda.send(
    new UpdateAliasCommand({
      FunctionName: 'checkout',
      Name: 'live',
      RoutingConfig: { AdditionalVersionWeights: weights },
    }),
  );
  const watched = await sluice.sluice('watch', id);
  expect(watched.code).toBe(5);
  expect(watched.stdout).toMatch(/expected .*10 %.*found .*50 %/s);
  expect((await alias()).weights).toEqual(weights);
  expect((await sluice.sluice('resolve', 'checkout', '--restore', '--watch')).code).toBe(2);
  expect(await alias()).toEqual(before);
});

test('a rollback to an older point is one command, and names a version that never was one', async () => {
  const before = await alias();
  const next = await sluice.sluice('deploy', 'checkout', '--dir', newRelease(), '--strategy', 'all-at-once', '--watch');
  expect(next.code).toBe(0);
  const back = await sluice.sluice('rollback', 'checkout', '--watch');
  expect(back.code).toBe(0);
  expect(await alias()).toEqual(before);
  expect((await sluice.sluice('rollback', 'checkout', '--to', '1', '--watch')).code).toBe(0);
  expect(await alias()).toEqual({ version: '1', weights: {} });
  const unknown = await sluice.sluice('rollback', 'checkout', '--to', '999');
  expect(unknown.code).toBe(3);
});

test('a process killed in mid-bake and started again finishes the rollout', async () => {
  const { id } = await deploy('--strategy', strategy('slow', { weight: 10, bake: '4s' }, { weight: 50, bake: '1s' }));
  const baking = await until(id, (view) => view.phase === 'baking');
  await sluice.kill();
  await sluice.start();
  const ended = await until(id, (view) => view.phase === 'succeeded');
  expect(ended.canaryVersion).toBe(baking.canaryVersion);
  expect(await alias()).toEqual({ version: baking.canaryVersion, weights: {} });
});
