import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeApi, json, refusal, target } from '../fake-api.fixture.js';
import { run } from '../run.js';
import { deployment, keptContext } from '../sample.fixture.js';

let api: FakeApi;
let url: string;
let folder: string;

beforeEach(async () => {
  api = new FakeApi();
  url = await api.start();
  folder = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
  api
    .on('GET /v1/targets/checkout', json(target()))
    .on('POST /v1/deployments', json(deployment({ phase: 'preparing', step: null }), 202));
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

async function sluice(args: readonly string[], changes: Parameters<typeof keptContext>[0] = {}) {
  const { context, kept } = keptContext({ cwd: folder, ...changes, environment: { url, apiKey: 'key' } });
  const code = await run(args, context);
  return { code, ...kept };
}

/** Time that only passes when somebody gives up. */
const patient = { clock: { now: () => 0, sleep: () => new Promise<void>(() => undefined) } };

test('says in two lines what to expect before it starts, and nothing when it shall be quiet', async () => {
  const summary = ['25 requests a second.', 'adaptive begins at 1 %.'];
  const adaptive = { firstWeightPercent: 1, passAfterMs: 1, doneAfterMs: 2, harmedByTotalFailure: 3, sentence: '' };
  const forecast = {
    target: 'checkout',
    stableVersion: '4',
    traffic: { requestsPerSecond: 25, errorRate: 0, overSeconds: 600 },
    strategy: 'adaptive',
    adaptive: true,
    profile: 'careful',
    summary,
    lambdaCalls: null,
    feasibility: { steps: [], adaptive, advice: [] },
  };
  api.on('POST /v1/targets/checkout/forecast', json(forecast));
  await writeFile(join(folder, 'policy.yaml'), 'analysis: { profile: careful }\npolicy: supersede\n');
  const { err } = await sluice(['deploy', 'checkout', '--env', 'AA=1', '--policy', 'policy.yaml'], patient);
  expect(err).toMatch(/25 requests a second\.\n.*begins at 1 %/);
  const [asked] = api.asked('POST /v1/targets/checkout/forecast');
  expect(JSON.parse(String(asked?.body))).toEqual({ analysis: { profile: 'careful' } });
  const [made] = api.asked('POST /v1/deployments');
  expect(JSON.parse(String(made?.body))).toMatchObject({ analysis: { profile: 'careful' }, policy: 'supersede' });
  const quiet = await sluice(['deploy', 'checkout', '--env', 'AA=1', '--quiet']);
  expect(quiet.err).toBe('');
  await sluice(['deploy', 'checkout', '--env', 'AA=1', '--json']);
  expect(api.asked('POST /v1/targets/checkout/forecast')).toHaveLength(1);
});

test('workers that do not answer are not waited for', async () => {
  api.on('POST /v1/targets/checkout/forecast', () => undefined);
  const { code, err } = await sluice(['deploy', 'checkout', '--env', 'AA=1']);
  expect(code).toBe(0);
  expect(err).toMatch(/No forecast: the workers have not answered in time/);
});

test('a forecast that cannot be had stops nothing and is said in one line', async () => {
  api.on('POST /v1/targets/checkout/forecast', refusal('no_worker', 'The metrics could not be read: forbidden'));
  const { code, err } = await sluice(['deploy', 'checkout', '--env', 'AA=1'], patient);
  expect(code).toBe(0);
  expect(err).toMatch(/No forecast: The metrics could not be read: forbidden/);
});
