import { strToU8, zipSync } from 'fflate';
import type { Client } from '#contracts';
import { systemClock } from '#runtime';
import type { Reading } from './figures.js';
import { createFunction, emulatorAdmin, type LoggedCall } from './lambda-side.js';
import { inHands } from './measure-steps.js';
import type { BenchWorld, Options } from './world.js';

/** Two weights and the promotion; the least is a look at the alias, one upload with publish, and a write for each shift. */
const SHIFTS = 3;
const LEAST_CALLS = 2 + SHIFTS;

/** P7: what whole rollouts cost of the 15 calls a second, from the request over HTTP to the promotion. */
export async function measureCalls(world: BenchWorld, { queue, quick, say }: Options): Promise<Reading[]> {
  const rollouts = quick ? 4 : 40;
  const house = await world.house(queue);
  try {
    const endpoint = await house.emulator(['--settle-ms', '50']);
    await house.api();
    await house.worker(endpoint);
    const client = house.client();
    const admin = emulatorAdmin(endpoint);
    const readings: Reading[] = [];
    for (const faulty of [false, true]) {
      say(faulty ? 'the same with 5 % of faults' : `${rollouts} rollouts`);
      const names = Array.from({ length: rollouts }, (_, index) => `calls-${faulty ? 'faulty' : 'plain'}-${index}`);
      await inHands(names, (name) => prepareTarget(endpoint, client, name));
      await admin.forgetCalls();
      if (faulty) await admin.addFaults(fivePercent);
      const artifact = await upload(client, `code ${faulty}`);
      await inHands(names, async (target) => promote(client, target, await deploy(client, target, artifact)));
      const calls = await admin.calls();
      await admin.clearFaults();
      readings.push(reading(faulty, calls.filter(isBudgeted), rollouts));
    }
    return readings;
  } finally {
    await house.close();
  }
}

/** P8: a thousand rollouts in line for one account, and an endpoint that refuses the sixteenth call of a second. */
export async function measureBudget(world: BenchWorld, { queue, quick, say }: Options): Promise<Reading[]> {
  const rollouts = quick ? 60 : 1_000;
  const seconds = quick ? 5 : 30;
  const allowed = 12;
  const house = await world.house(queue);
  try {
    const endpoint = await house.emulator(['--settle-ms', '50']);
    await house.api();
    const client = house.client();
    const admin = emulatorAdmin(endpoint);
    const names = Array.from({ length: rollouts }, (_, index) => `budget-${index}`);
    say(`${rollouts} functions`);
    await inHands(names, (name) => prepareTarget(endpoint, client, name));
    const artifact = await upload(client, 'code');
    await inHands(names, async (target) => void (await deploy(client, target, artifact)));
    await admin.limit(15);
    await house.worker(endpoint);
    say(`${seconds} s of work`);
    // The first moments find everything in line at once; what counts is the long run.
    await systemClock.sleep(3_000);
    await admin.forgetCalls();
    const start = systemClock.monotonic();
    await systemClock.sleep(seconds * 1000);
    const calls = (await admin.calls()).filter(isBudgeted);
    const perSecond = calls.length / ((systemClock.monotonic() - start) / 1000);
    const refused = calls.filter(({ status }) => status === 429).length;
    return [
      {
        id: 'P8',
        value: perSecond / allowed,
        raw: { value: allowed, what: 'the ordinary rate that is configured' },
        ours: perSecond,
        note: `at most ${busiestSecond(calls)} calls in any one second`,
      },
      { id: 'P8 429s', value: refused },
    ];
  } finally {
    await house.close();
  }
}

/** A quarter each: refused for the rate, failed before and after the effect, and an answer that never came. */
const fivePercent = (['throttle', 'error', 'error-after', 'reset-after'] as const).map((kind, index) => ({
  kind,
  operation: '*',
  probability: 0.0125,
  seed: index + 1,
}));

/** Lambda counts reads of functions apart from the fifteen a second. */
const isBudgeted = ({ operation }: LoggedCall): boolean => operation !== 'GetFunction';

function reading(faulty: boolean, calls: readonly LoggedCall[], rollouts: number): Reading {
  const each = calls.length / rollouts;
  const kinds = new Map<string, number>();
  for (const { operation } of calls) kinds.set(operation, (kinds.get(operation) ?? 0) + 1);
  const looks = (kinds.get('GetAlias') ?? 0) - rollouts;
  const named = [...kinds].map(([operation, count]) => `${operation} ${count}`).join(', ');
  return {
    id: faulty ? 'P7 faults' : 'P7',
    value: each / LEAST_CALLS,
    raw: { value: LEAST_CALLS, what: `2 + k calls for k = ${SHIFTS} shifts` },
    ours: each,
    note: `${rollouts} rollouts: ${named}; ${looks} of the looks at aliases were not a rollout’s first`,
  };
}

/** Start times of calls, the most in any window of one second. */
function busiestSecond(calls: readonly LoggedCall[]): number {
  const times = calls.map(({ at }) => at).sort((left, right) => left - right);
  let first = 0;
  let most = 0;
  for (const [index, time] of times.entries()) {
    while (time - (times[first] ?? time) >= 1000) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

async function prepareTarget(endpoint: string, client: Client, name: string): Promise<void> {
  await createFunction(endpoint, name);
  await client.createTarget({
    name,
    functionName: name,
    aliasName: 'live',
    region: 'us-east-1',
    accountId: '000000000000',
  });
}

async function upload(client: Client, answer: string): Promise<string> {
  const code = `export const handler = async () => ${JSON.stringify(answer)};\n`;
  return (await client.uploadArtifact(zipSync({ 'index.mjs': [strToU8(code), { mtime: '2020-01-01' }] }))).id;
}

async function deploy(client: Client, target: string, artifact: string): Promise<string> {
  const steps = [10, 50].map((weight) => ({ weight, bake: 1 }));
  const strategy = { type: 'steps' as const, steps };
  return (await client.createDeployment({ target, artifact: { id: artifact }, strategy, analysis: null })).id;
}

async function promote(client: Client, target: string, id: string): Promise<void> {
  for (;;) {
    const { ended, phase, headline } = await client.getDeployment(id);
    if (ended && phase === 'succeeded') return;
    if (ended) throw new Error(`${target}: ${headline}`);
    await systemClock.sleep(250);
  }
}
