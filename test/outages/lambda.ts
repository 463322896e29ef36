import {
  DeleteAliasCommand,
  DeleteFunctionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { systemClock } from '#runtime';
import { ACCOUNT } from '../world/emulated-lambda.js';
import { type Outage, outage } from './outage.js';
import { allEndedAs, expectSame, staying, twoSteps } from './stories.js';
import { type OutageWorld, SWEEP_SECONDS } from './world.js';

/** What AWS does to us is the same on both engines. */
const ENGINES = ['redis'] as const;
const WHOLE = ['I1', 'I2', 'I3', 'I4', 'I5', 'I7', 'I8', 'I9', 'I11', 'I12', 'I13', 'I17', 'I18'] as const;
/** Of all writes and reads that share Lambda's bucket; `GetFunction` has its own, and the function's owner another key. */
const MOST_PER_SECOND = 15;

/** The most calls of ours that began within any one second. */
async function busiestSecond(world: OutageWorld): Promise<number> {
  const times = (await world.lambda.log())
    .filter(
      ({ actor, operation }) => actor !== ACCOUNT && !['GetFunction', 'Invoke', 'GetMetricData'].includes(operation),
    )
    .map(({ at }) => at)
    .sort((left, right) => left - right);
  let most = 0;
  for (let last = 0, first = 0; last < times.length; last += 1) {
    while ((times[last] ?? 0) - (times[first] ?? 0) >= 1_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

async function ours(world: OutageWorld, operation: string, functionName: string) {
  return (await world.lambda.log(operation)).filter((call) => call.actor !== ACCOUNT && call.function === functionName);
}

const storm = (fault: 'F17' | 'F18', title: string, rules: readonly Record<string, unknown>[]) =>
  outage({
    fault,
    title,
    mustHold: [...WHOLE, 'I22'],
    bounds: {
      'most calls in a second': { most: MOST_PER_SECOND, unit: 'calls' },
      'all done after the storm': { most: 30_000, unit: 'ms' },
    },
    engines: ENGINES,
    async run(world) {
      await world.startBoth();
      for (let made = 0; made < 6; made += 1) await world.deploy(await world.target(), { more: twoSteps });
      for (const rule of rules) await world.lambda.fault(rule);
      await systemClock.sleep(12_000);
      const busiest = await busiestSecond(world);
      await world.lambda.clearFaults();
      const start = systemClock.monotonic();
      await allEndedAs(world, 'succeeded', '2', 60_000);
      const done = systemClock.monotonic() - start;
      return {
        'most calls in a second': Math.max(busiest, await busiestSecond(world)),
        'all done after the storm': done,
      };
    },
  });

const throttled = storm('F17', 'two of three Lambda calls answered 429 for twelve seconds', [
  { kind: 'throttle', operation: '*', probability: 0.66, seed: 11 },
]);

const failing = storm('F18', 'half of all Lambda calls answered 500 or 503, some after their effect', [
  { kind: 'error', operation: '*', probability: 0.3, seed: 5 },
  { kind: 'error', operation: '*', status: 503, probability: 0.2, seed: 6 },
  { kind: 'error-after', operation: ['UpdateAlias', 'UpdateFunctionCode'], probability: 0.2, seed: 7 },
]);

/** A worker gives a write four seconds; an answer that takes longer is one that never came. */
const TOO_LATE_MS = 5_500;

interface Lost {
  readonly operation: 'UpdateAlias' | 'UpdateFunctionCode' | 'UpdateFunctionConfiguration' | 'PublishVersion';
  /** `delay`: the effect itself comes after the worker has stopped waiting. */
  readonly kind: 'delay-after' | 'reset-after' | 'delay' | 'reset-before';
}

/** One lost answer per function, all at once. Sluice makes no alias and no function, so only these can be lost. */
const lostAnswers = (fault: 'F19' | 'F20', title: string, kinds: readonly Lost['kind'][]) =>
  outage({
    fault,
    title,
    mustHold: WHOLE,
    bounds: {
      'versions beyond one each': { most: 0, unit: 'versions' },
      'writes that took effect twice': { most: 0, unit: 'writes' },
      'extra reads of an alias': { most: 1, unit: 'reads' },
    },
    engines: ENGINES,
    async run(world) {
      await world.startBoth();
      let versions = 0;
      let twice = 0;
      let reads = 0;
      const cases = kinds.flatMap((kind) => OPERATIONS.map((operation) => ({ kind, operation })));
      const stories = [];
      for (const lost of cases) {
        const name = await world.target();
        await world.lambda.fault({ ...lost, function: name, count: 1, delayMs: TOO_LATE_MS });
        const wish = await world.wish(name);
        const configured = {
          target: name,
          analysis: null,
          strategy: 'all-at-once',
          configuration: { memorySize: 512 },
        };
        const onlyConfiguration = ['UpdateFunctionConfiguration', 'PublishVersion'].includes(lost.operation);
        const reply = await world.post('/v1/deployments', onlyConfiguration ? configured : wish);
        stories.push({ ...lost, name, id: String(reply.body['id']) });
      }
      for (const { id } of stories) await world.untilPhase(id, 'succeeded', 60_000);
      // A call is in the emulator's log once it has been answered, however late that was.
      await systemClock.sleep(TOO_LATE_MS);
      for (const { name, operation } of stories) {
        versions += (await world.lambda.versions(name)).length - 2;
        const landed = (await ours(world, operation, name)).filter(({ reached, status }) => reached && status < 300);
        if (landed.length === 0) throw new Error(`No ${operation} of ours took effect on ${name}.`);
        // Publishing again what is published gives the same number; versions are counted above.
        if (operation !== 'PublishVersion') twice += landed.length - 1;
        const gets = (await ours(world, 'GetAlias', name)).length;
        // One to capture the rollback point; a lost alias write is worth one more.
        reads = Math.max(reads, gets - 1);
        expectSame(`the alias of ${name}`, await world.lambda.alias(name), { version: '2', weights: {} });
      }
      return {
        'versions beyond one each': versions,
        'writes that took effect twice': twice,
        'extra reads of an alias': reads,
      };
    },
  });

const OPERATIONS: readonly Lost['operation'][] = [
  'UpdateAlias',
  'UpdateFunctionCode',
  'UpdateFunctionConfiguration',
  'PublishVersion',
];

const applied = lostAnswers('F19', 'an answer that never came, the effect applied', ['delay-after', 'reset-after']);
const notApplied = lostAnswers('F20', 'an answer that never came, nothing applied', ['reset-before']);

const updateInProgress = outage({
  fault: 'F21',
  title: 'somebody’s update in progress; our own settling slowly; our own failing to settle',
  mustHold: WHOLE,
  bounds: {
    'writes answered with a conflict': { most: 0, unit: 'writes' },
    'shifts of an update that failed': { most: 0, unit: 'writes' },
    'failure told after it settled': { most: 5_000, unit: 'ms' },
  },
  engines: ENGINES,
  async run(world) {
    await world.startBoth();
    const [busy, slow, doomed] = [await world.target(), await world.target(), await world.target()];
    await world.lambda.fault({
      kind: 'slow-settle',
      operation: 'UpdateFunctionConfiguration',
      function: busy,
      delayMs: 4_000,
    });
    await world.lambda.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: busy, Timeout: 9 }));
    await world.lambda.fault({ kind: 'slow-settle', operation: 'UpdateFunctionCode', function: slow, delayMs: 4_000 });
    await world.deploy(busy);
    await world.deploy(slow);
    await world.lambda.fault({ kind: 'update-fails', operation: 'UpdateFunctionConfiguration', function: doomed });
    const body = { target: doomed, analysis: null, strategy: 'all-at-once', configuration: { memorySize: 512 } };
    const { id } = (await world.ask('POST', '/v1/deployments', body)).body as { id: string };
    const told = await world.untilPhase(id, 'failed');
    const { reason } = (await world.row(id)).state as { reason: { code: string } };
    expectSame('why it failed', reason.code, 'update_failed');
    await allEndedAs(world, 'succeeded', '2');
    const calls = (await world.lambda.log()).filter(({ actor }) => actor !== ACCOUNT);
    return {
      'writes answered with a conflict': calls.filter(({ status }) => status === 409).length,
      'shifts of an update that failed': (await ours(world, 'UpdateAlias', doomed)).length,
      'failure told after it settled': told,
    };
  },
});

const staleRevision = outage({
  fault: 'F22',
  title: 'the alias touched by somebody, its routing unchanged, before each of our writes',
  mustHold: [...WHOLE, 'I14'],
  bounds: { 'writes refused for each touch': { most: 1, unit: 'writes' } },
  engines: ENGINES,
  async run(world) {
    await world.startBoth();
    const target = await world.target();
    const { id } = await world.deploy(target, { more: twoSteps });
    let touches = 0;
    for (let seen = 0; !(await world.row(id)).ended; ) {
      const { sequence, phase } = await world.row(id);
      if (phase === 'baking' && sequence !== seen) {
        seen = sequence;
        touches += 1;
        await world.lambda.client.send(
          new UpdateAliasCommand({ FunctionName: target, Name: 'live', Description: `touched ${touches}` }),
        );
      }
      await systemClock.sleep(50);
    }
    await allEndedAs(world, 'succeeded', '2');
    const refused = (await ours(world, 'UpdateAlias', target)).filter(({ status }) => status === 412).length;
    if (touches < 2) throw new Error('Nobody touched the alias.');
    return { 'writes refused for each touch': refused / touches };
  },
});

interface Meddling {
  readonly what: string;
  readonly ends: string;
  act(world: OutageWorld, target: string): Promise<unknown>;
}

const route = (target: string, version: string, weights: Record<string, number>) =>
  new UpdateAliasCommand({
    FunctionName: target,
    Name: 'live',
    FunctionVersion: version,
    RoutingConfig: { AdditionalVersionWeights: weights },
  });

/** While a canary of version 2 holds 10 %. Versions that an alias names cannot be deleted, so the alias goes first. */
const meddlings: readonly Meddling[] = [
  {
    what: 'all traffic on the new version',
    ends: 'drifted',
    act: (world, fn) => world.lambda.client.send(route(fn, '2', {})),
  },
  { what: 'another weight', ends: 'drifted', act: (world, fn) => world.lambda.client.send(route(fn, '1', { 2: 0.6 })) },
  { what: 'routing removed', ends: 'drifted', act: (world, fn) => world.lambda.client.send(route(fn, '1', {})) },
  {
    what: 'routing removed and the new version deleted',
    ends: 'drifted',
    async act(world, fn) {
      await world.lambda.client.send(route(fn, '1', {}));
      await world.lambda.client.send(new DeleteFunctionCommand({ FunctionName: fn, Qualifier: '2' }));
    },
  },
  {
    what: 'alias deleted',
    ends: 'target_gone',
    act: (world, fn) => world.lambda.client.send(new DeleteAliasCommand({ FunctionName: fn, Name: 'live' })),
  },
  {
    what: 'function deleted',
    ends: 'target_gone',
    act: (world, fn) => world.lambda.client.send(new DeleteFunctionCommand({ FunctionName: fn })),
  },
];

const changedBehindOurBack = outage({
  fault: 'F23',
  title: meddlings.map(({ what }) => what).join('; '),
  // The aliases are where somebody else put them, or gone.
  mustHold: ['I1', 'I5', 'I8', 'I9', 'I14', 'I17', 'I18'],
  bounds: {
    // The reconciler begins a round every sweep; a second is for the round itself.
    'longest until noticed': { most: SWEEP_SECONDS * 1_000 + 1_000, unit: 'ms' },
    'our writes after the change': { most: 0, unit: 'writes' },
  },
  engines: ENGINES,
  async run(world) {
    await world.startBoth();
    const stories: { id: string; target: string; meddling: Meddling }[] = [];
    for (const meddling of meddlings) {
      const target = await world.target();
      const { id } = await world.deploy(target, { more: staying });
      stories.push({ id, target, meddling });
    }
    for (const { id } of stories) await world.untilPhase(id, 'baking', 40_000);
    const writes = async () => (await world.lambda.log('UpdateAlias')).filter(({ actor }) => actor !== ACCOUNT).length;
    const before = await writes();
    const noticed = await Promise.all(
      stories.map(async ({ id, target, meddling }) => {
        await meddling.act(world, target);
        return world.untilPhase(id, meddling.ends, 30_000);
      }),
    );
    // Long enough for another round to do something rash.
    await systemClock.sleep(SWEEP_SECONDS * 1_000 + 1_000);
    for (const { id, meddling } of stories) expectSame(meddling.what, (await world.row(id)).phase, meddling.ends);
    return {
      'longest until noticed': Math.max(...noticed),
      'our writes after the change': (await writes()) - before,
    };
  },
});

export const lambdaOutages: readonly Outage[] = [
  throttled,
  failing,
  applied,
  notApplied,
  updateInProgress,
  staleRevision,
  changedBehindOurBack,
];
