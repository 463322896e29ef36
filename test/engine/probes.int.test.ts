import { systemClock } from '#runtime';
import { verifyChain } from '#store';
import { claimQueueRedis } from '../world/queue-engine.js';
import { EngineWorld, handlerCode } from './engine-world.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.open(claimQueueRedis());
  await world.startWorker();
});
afterAll(() => world.close());

const strategy = { type: 'canary', weightPercent: 50, bake: 1 } as const;
const options = { analysis: null };

/** Fails on one kind of payload; says nothing about the others. */
const failsOn = (kind: string) => `export const handler = async (event) => {
  if (event.kind === ${JSON.stringify(kind)}) throw new TypeError('hunter2 ' + JSON.stringify(event));
  return { kind: event.kind };
};\n`;

const payloads = [{ kind: 'order' }, { kind: 'refund', card: 'canary-string-4711' }, { kind: 'order' }];

test('a version that fails a payload the stable one answers is stopped before any traffic, in plain words', async () => {
  const target = await world.target(failsOn('none'));
  const writes = await world.aliasWrites();
  const id = await world.deploy(target, { code: failsOn('refund'), strategy, options, probes: { payloads } });
  const row = await world.until(id, (state) => state.phase === 'failed');
  expect(row.state).toMatchObject({
    reason: {
      code: 'probes_failed',
      sentence: 'Version 2 fails 1 of 3 probes that the stable version answers, payload 2 first (TypeError).',
    },
  });
  expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
  expect((await world.aliasWrites()) - writes).toBe(0);
  const events = await world.store.events.after(id, 0, 1_000);
  expect(verifyChain(events)).toEqual({ ok: true });
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['ProbesBegun', 'Probed']));
  expect(JSON.stringify([events, row])).not.toMatch(/hunter2|canary-string/);
  expect(await world.store.deployments.probePayloads(id)).toBeUndefined();
});

test('a version that answers every payload goes on, and the paces of both are on record', async () => {
  const target = await world.target(failsOn('none'));
  const id = await world.deploy(target, { code: failsOn('never'), strategy, options, probes: { payloads } });
  await world.until(id, (state) => state.phase === 'succeeded');
  const probed = (await world.store.events.after(id, 0, 1_000)).find(({ type }) => type === 'Probed');
  expect(probed?.data).toMatchObject({
    verdict: 'pass',
    payloads: 3,
    canary: { succeeded: 3, failed: 0, initMs: expect.any(Number) },
    failed: [],
  });
  expect(await world.alias(target)).toEqual({ version: '2', weights: {} });
});

test('probes that prove nothing stop the deployment, unless it says that it may go on', async () => {
  const target = await world.target(handlerCode('always', true));
  const wish = { code: failsOn('none'), strategy, options };
  const stopped = await world.deploy(target, { ...wish, probes: { payloads } });
  const row = await world.until(stopped, (state) => state.phase === 'failed');
  expect(row.state).toMatchObject({
    reason: {
      code: 'probes_inconclusive',
      sentence: 'The probes prove nothing: no probe succeeds on the stable version.',
    },
  });
  const going = await world.deploy(target, {
    ...wish,
    code: failsOn('other'),
    probes: { payloads, plan: { onInconclusive: 'continue' } },
  });
  await world.until(going, (state) => state.phase === 'succeeded');
});

test('a target that is not marked safe is never probed, whatever the deployment says', async () => {
  const target = await world.target(failsOn('none'), undefined, { probes: { safe: false } });
  await world.forgetCalls();
  const id = await world.deploy(target, { code: failsOn('refund'), strategy, options, probes: { payloads } });
  const row = await world.until(id, (state) => state.phase === 'failed');
  expect(row.state).toMatchObject({ reason: { code: 'probes_refused' } });
  expect((await world.calls())['Invoke']).toBeUndefined();
});

const consented = { probes: { safe: true }, probeConsent: { by: 'ann', at: '2026-01-02T03:04:05.000Z' } };
const fromLog = { plan: { fromLog: true } } as const;

/** Marks one payload in its log with every invocation, and something else beside it. */
const marking = (kind: string) =>
  `${failsOn('none').replace(
    'return',
    `process.stdout.write(JSON.stringify({ sluice: 'probe-payload', payload: ${JSON.stringify({ kind, card: 'canary-string-4711' })} }) + '\\n');
  console.log('nothing of interest');
  return`,
  )}`;

test('payloads that the function marked in its log convict a version, and are kept nowhere', async () => {
  const target = await world.target(marking('refund'), undefined, consented);
  await world.traffic(target, 5);
  const id = await world.deploy(target, { code: failsOn('refund'), strategy, options, probes: fromLog });
  const row = await world.until(id, (state) => state.phase === 'failed');
  expect(row.state).toMatchObject({ reason: { code: 'probes_failed', sentence: expect.stringContaining('1 of 1') } });
  const events = await world.store.events.after(id, 0, 1_000);
  const begun = events.find(({ type }) => type === 'ProbesBegun');
  expect(begun?.data).toMatchObject({ fromLog: { payloads: 1, ...consented.probeConsent } });
  expect(JSON.stringify([events, row])).not.toMatch(/hunter2|canary-string/);
  expect(await world.store.deployments.probePayloads(id)).toBeUndefined();
});

test('a log without a marked line proves nothing, and says what it lacks', async () => {
  const target = await world.target(failsOn('none'), undefined, consented);
  await world.traffic(target, 1);
  const stopped = await world.deploy(target, { code: failsOn('refund'), strategy, options, probes: fromLog });
  const row = await world.until(stopped, (state) => state.phase === 'failed');
  const sentence = expect.stringMatching(/^No probe was sent: the log group .* holds no line of the last day marked/);
  expect(row.state).toMatchObject({ reason: { code: 'probes_inconclusive', sentence } });
  const going = { plan: { ...fromLog.plan, onInconclusive: 'continue' } } as const;
  const id = await world.deploy(target, { code: failsOn('other'), strategy, options, probes: going });
  await world.until(id, (state) => state.phase === 'succeeded');
});

test('without consent no log is read, whatever the deployment says', async () => {
  const target = await world.target(marking('refund'));
  await world.traffic(target, 1);
  await world.forgetCalls();
  const id = await world.deploy(target, { code: failsOn('refund'), strategy, options, probes: fromLog });
  const row = await world.until(id, (state) => state.phase === 'failed');
  expect(row.state).toMatchObject({ reason: { code: 'probes_refused' } });
  const calls = await world.calls();
  expect([calls['FilterLogEvents'], calls['Invoke']]).toEqual([undefined, undefined]);
});

test('an abort among the probes ends them at once', async () => {
  const target = await world.target(failsOn('none'));
  const slow = 'export const handler = async () => { await new Promise((done) => setTimeout(done, 2500)); };\n';
  const many = Array.from({ length: 40 }, () => ({}));
  const id = await world.deploy(target, { code: slow, strategy, options, probes: { payloads: many } });
  await world.until(id, (state) => state.phase === 'preparing' && state.probeRounds === 1);
  await world.act(id, (row) => ({ type: 'AbortRequested', at: row.readAt, by: 'ann' }));
  const row = await world.row(id);
  expect(row.phase).toBe('cancelled');
  await world.forgetCalls();
  // Longer than a round of the lease and one invocation: whatever was still to come has come.
  await systemClock.sleep(4_000);
  expect((await world.calls())['Invoke'] ?? 0).toBeLessThanOrEqual(10);
  expect((await world.store.events.after(id, 0, 1_000)).map(({ type }) => type)).not.toContain('Probed');
});
