import { DeleteAliasCommand, DeleteFunctionCommand, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import type { Act, PlanOptions, StrategyInput } from '#rollout';
import type { TargetRow } from '#store';
import { type EngineWorld, handlerCode } from '../engine/engine-world.js';

/** A story played in the real world of `test/engine`; the histories it leaves are kept as golden ones. */
export interface Story {
  readonly name: string;
  /** Returns the deployments whose histories are worth keeping. */
  play(world: EngineWorld): Promise<string[]>;
}

const unwatched: PlanOptions = { analysis: null };
const short = { type: 'canary', weightPercent: 10, bake: 1 } as const;
const long = { type: 'canary', weightPercent: 20, bake: '1h' } as const;
const steps = (...list: { weight: number; bake: number; gates?: ('analysis' | 'approval')[] }[]) =>
  ({ type: 'steps', steps: list }) as const;

type Wanted = Parameters<EngineWorld['until']>[1];
type ActWithoutTime = Act extends infer A ? (A extends Act ? Omit<A, 'at' | 'by'> : never) : never;

const act = (world: EngineWorld, id: string, wish: ActWithoutTime) =>
  world.act(id, (row) => ({ ...wish, at: row.readAt, by: 'ann' }) as Act);

const ended =
  (phase: string): Wanted =>
  (state) =>
    state.phase === phase;

/** Deploys `v2` and waits for `phase`. */
async function deployed(
  world: EngineWorld,
  target: TargetRow,
  strategy: StrategyInput,
  phase: string,
  options: PlanOptions = unwatched,
): Promise<string> {
  const id = await world.deploy(target, { code: handlerCode('v2'), strategy, options });
  await world.until(id, ended(phase), 40_000);
  return id;
}

/** Plays `strategy` until `at`, acts, and waits for `end`. */
function acting(
  name: string,
  strategy: StrategyInput,
  at: Wanted,
  wishes: readonly ActWithoutTime[],
  end: string,
  options: PlanOptions = unwatched,
): Story {
  return {
    name,
    async play(world) {
      const id = await world.deploy(await world.target(), { code: handlerCode('v2'), strategy, options });
      await world.until(id, at);
      for (const wish of wishes) await act(world, id, wish);
      await world.until(id, ended(end));
      return [id];
    },
  };
}

function plain(name: string, strategy: StrategyInput, end: string, options?: PlanOptions): Story {
  return {
    name,
    play: async (world) => [await deployed(world, await world.target(), strategy, end, options)],
  };
}

/** A rule of the emulator's, in force from the beginning. */
function troubled(name: string, rule: Record<string, unknown>, end: string, configuration = false): Story {
  return {
    name,
    async play(world) {
      const target = await world.target();
      await world.fault({ count: 1, ...rule, function: target.functionName });
      const wish = configuration ? { request: { configuration: { memorySize: 512 } } } : { code: handlerCode('v2') };
      const id = await world.deploy(target, { ...wish, strategy: short, options: unwatched });
      await world.until(id, ended(end));
      return [id];
    },
  };
}

async function editAlias(world: EngineWorld, target: TargetRow, version: string, weight?: number): Promise<void> {
  const routing = weight === undefined ? {} : { '2': weight };
  await world.lambda.send(
    new UpdateAliasCommand({
      FunctionName: target.functionName,
      Name: 'live',
      FunctionVersion: version,
      RoutingConfig: { AdditionalVersionWeights: routing },
    }),
  );
}

/** Somebody moves the alias during a bake; then a person decides. */
function drifting(name: string, decision: ActWithoutTime, end: string): Story {
  return {
    name,
    async play(world) {
      const target = await world.target();
      const id = await deployed(world, target, long, 'baking');
      await editAlias(world, target, '1', 0.5);
      await world.until(id, ended('drifted'));
      await act(world, id, decision);
      await world.until(id, ended(end));
      return [id];
    },
  };
}

const isBaking: Wanted = (state) => state.phase === 'baking';
const isGated: Wanted = (state) => state.phase === 'gated';

const walks: readonly Story[] = [
  plain('all-at-once is promoted', 'all-at-once', 'succeeded', unwatched),
  plain('canary is promoted', short, 'succeeded'),
  plain('linear is promoted', { type: 'linear', stepPercent: 50, bake: 1 }, 'succeeded'),
  plain('explicit steps are promoted', steps({ weight: 0.5, bake: 1 }, { weight: 95, bake: 1 }), 'succeeded'),
  plain(
    'an analysis gate without data rolls back',
    steps({ weight: 50, bake: 1, gates: ['analysis'] }),
    'rolled_back',
    { deadlines: { analysisSeconds: 1 } },
  ),
  plain(
    'an analysis gate without data holds and then rolls back',
    steps({ weight: 50, bake: 1, gates: ['analysis'] }),
    'rolled_back',
    { deadlines: { analysisSeconds: 1, personSeconds: 2 }, onInconclusive: 'hold' },
  ),
  plain(
    'an approval that nobody gives rolls back',
    steps({ weight: 10, bake: 1, gates: ['approval'] }),
    'rolled_back',
    {
      ...unwatched,
      deadlines: { personSeconds: 1 },
    },
  ),
  {
    name: 'a configuration change is promoted',
    async play(world) {
      const wish = { request: { configuration: { memorySize: 512 } }, strategy: short, options: unwatched };
      const id = await world.deploy(await world.target(), wish);
      await world.until(id, ended('succeeded'));
      return [id];
    },
  },
  {
    name: 'nothing to do',
    async play(world) {
      const id = await world.deploy(await world.target(handlerCode('same')), { code: handlerCode('same') });
      await world.until(id, ended('succeeded'));
      return [id];
    },
  },
];

const judged: readonly Story[] = [
  {
    name: 'a failing canary is rolled back on evidence',
    async play(world) {
      const target = await world.target();
      const strategy = steps({ weight: 50, bake: 60, gates: ['analysis'] });
      const id = await world.deploy(target, { code: handlerCode('boom', true), strategy });
      await world.until(id, isBaking);
      const traffic = world.steadyTraffic(target);
      await world.until(id, ended('rolled_back'), 40_000).finally(() => traffic.stop());
      return [id];
    },
  },
  {
    name: 'a good canary passes its analysis gate',
    async play(world) {
      const target = await world.target();
      const strategy = steps({ weight: 50, bake: 1, gates: ['analysis'] });
      const id = await world.deploy(target, { code: handlerCode('v2'), strategy });
      const traffic = world.steadyTraffic(target);
      await world.until(id, ended('succeeded'), 40_000).finally(() => traffic.stop());
      return [id];
    },
  },
  {
    name: 'an adaptive rollout climbs, and a person promotes it',
    async play(world) {
      const target = await world.target();
      const traffic = world.steadyTraffic(target);
      const id = await world.deploy(target, { code: handlerCode('v2'), strategy: 'adaptive' });
      const climbed: Wanted = (state) => state.phase === 'baking' && state.step >= 3;
      await world.until(id, climbed, 60_000).finally(() => traffic.stop());
      await act(world, id, { type: 'PromoteRequested', onlyStep: false });
      await world.until(id, ended('succeeded'));
      return [id];
    },
  },
  {
    name: 'an adaptive rollout without evidence rolls back',
    async play(world) {
      await world.fault({ kind: 'error', operation: 'GetMetricData' });
      const options = { deadlines: { analysisSeconds: 1 } };
      const id = await deployed(world, await world.target(), 'adaptive', 'rolled_back', options);
      await world.clearFaults();
      return [id];
    },
  },
];

/** `v2` answers both payloads or fails the second one; of its own accord it changes nothing else. */
function probing(name: string, v2: string, end: string, fromLog = false): Story {
  const answering = (refusing: string) => `export const handler = async ({ kind }) => {
  if (kind === '${refusing}') throw new TypeError(kind);
  console.log(JSON.stringify({ sluice: 'probe-payload', payload: { kind: 'refund' } }));
};\n`;
  return {
    name,
    async play(world) {
      const consent = { probeConsent: { by: 'ann', at: '2026-01-02T03:04:05.000Z' } };
      const target = await world.target(answering(''), undefined, {
        probes: { safe: true },
        ...(fromLog ? consent : {}),
      });
      if (fromLog) await world.traffic(target, 3);
      const probes = fromLog ? { plan: { fromLog } } : { payloads: [{ kind: 'order' }, { kind: 'refund' }] };
      const id = await world.deploy(target, { code: answering(v2), strategy: short, options: unwatched, probes });
      await world.until(id, ended(end));
      return [id];
    },
  };
}

const probed: readonly Story[] = [
  probing('a version that answers its probes', 'another', 'succeeded'),
  probing('a version that fails a probe', 'refund', 'failed'),
  probing('a version that fails a probe from the log', 'refund', 'failed', true),
];

const people: readonly Story[] = [
  acting(
    'an abort during a bake',
    long,
    isBaking,
    [{ type: 'AbortRequested', why: 'A customer called.' }],
    'rolled_back',
  ),
  acting('pause, then resume', short, isBaking, [{ type: 'PauseRequested' }, { type: 'ResumeRequested' }], 'succeeded'),
  acting('a pause until its deadline', short, isBaking, [{ type: 'PauseRequested' }], 'rolled_back', {
    ...unwatched,
    deadlines: { personSeconds: 1 },
  }),
  acting('promoted at once', long, isBaking, [{ type: 'PromoteRequested', onlyStep: false }], 'succeeded'),
  acting(
    'one step let go',
    steps({ weight: 10, bake: 3_600 }, { weight: 50, bake: 1 }),
    isBaking,
    [{ type: 'PromoteRequested', onlyStep: true }],
    'succeeded',
  ),
  acting(
    'an approval given',
    steps({ weight: 10, bake: 1, gates: ['approval'] }),
    isGated,
    [{ type: 'ApproveRequested' }],
    'succeeded',
  ),
  drifting('drift, accepted as it is', { type: 'AcceptAsIsRequested' }, 'cancelled'),
  drifting('drift, restored', { type: 'RestoreRequested' }, 'rolled_back'),
  drifting('drift, abandoned', { type: 'AbandonRequested' }, 'cancelled'),
  {
    name: 'cancelled in line',
    async play(world) {
      const target = await world.target();
      const first = await deployed(world, target, long, 'baking');
      const second = await world.deploy(target, { code: handlerCode('v3') });
      await act(world, second, { type: 'CancelRequested' });
      await act(world, first, { type: 'AbortRequested' });
      await world.until(first, ended('rolled_back'));
      return [second];
    },
  },
  {
    name: 'superseded in line by a newer one',
    async play(world) {
      const target = await world.target();
      const first = await deployed(world, target, long, 'baking');
      const second = await world.deploy(target, { code: handlerCode('v3') });
      await world.deploy(target, { code: handlerCode('v4'), policy: 'supersede' });
      await act(world, first, { type: 'AbortRequested' });
      return [second];
    },
  },
  {
    name: 'a restore from rest, and one that is there already',
    async play(world) {
      const target = await world.target();
      await deployed(world, target, 'all-at-once', 'succeeded');
      const back = await world.restore(target, '1');
      await world.until(back, ended('succeeded'));
      const again = await world.restore(target, '1');
      await world.until(again, ended('succeeded'));
      return [back, again];
    },
  },
  {
    name: 'a restore while a rollout is in flight',
    async play(world) {
      const target = await world.target();
      const active = await deployed(world, target, long, 'baking');
      const id = await world.restore(target, '1');
      await world.until(id, ended('succeeded'));
      return [active, id];
    },
  },
];

const troubles: readonly Story[] = [
  troubled('a shift that landed without an answer', { kind: 'reset-after', operation: 'UpdateAlias' }, 'succeeded'),
  troubled('a shift that never landed', { kind: 'reset-before', operation: 'UpdateAlias' }, 'succeeded'),
  troubled(
    'an upload that landed without an answer',
    { kind: 'reset-after', operation: 'UpdateFunctionCode' },
    'succeeded',
  ),
  troubled(
    'a publish that landed without an answer',
    { kind: 'reset-after', operation: 'PublishVersion' },
    'succeeded',
    true,
  ),
  troubled('an upload that never landed', { kind: 'reset-before', operation: 'UpdateFunctionCode' }, 'succeeded'),
  troubled('a shift that was throttled', { kind: 'throttle', operation: 'UpdateAlias' }, 'succeeded'),
  troubled('a version that fails', { kind: 'version-fails', operation: 'UpdateFunctionCode' }, 'failed'),
  troubled('an update that fails', { kind: 'update-fails', operation: 'UpdateFunctionConfiguration' }, 'failed', true),
  {
    name: 'the version to go back to is gone',
    async play(world) {
      const target = await world.target();
      const id = await deployed(world, target, long, 'baking');
      await editAlias(world, target, '2');
      await world.until(id, ended('drifted'));
      await world.lambda.send(new DeleteFunctionCommand({ FunctionName: target.functionName, Qualifier: '1' }));
      await act(world, id, { type: 'RestoreRequested' });
      await world.until(id, ended('needs_human'));
      await act(world, id, { type: 'AbandonRequested' });
      await world.until(id, ended('cancelled'));
      return [id];
    },
  },
  {
    name: 'the alias is deleted during a bake',
    async play(world) {
      const target = await world.target();
      const id = await deployed(world, target, long, 'baking');
      await world.lambda.send(new DeleteAliasCommand({ FunctionName: target.functionName, Name: 'live' }));
      await world.until(id, ended('target_gone'));
      return [id];
    },
  },
  {
    name: 'the function does not exist',
    async play(world) {
      const target = await world.target();
      await world.lambda.send(new DeleteFunctionCommand({ FunctionName: target.functionName }));
      const id = await world.deploy(target, { code: handlerCode('v2') });
      await world.until(id, ended('failed'));
      return [id];
    },
  },
  {
    name: 'the alias splits its traffic already',
    async play(world) {
      const target = await world.target();
      await deployed(world, target, 'all-at-once', 'succeeded');
      await editAlias(world, target, '1', 0.3);
      const id = await world.deploy(target, { code: handlerCode('v3') });
      await world.until(id, ended('failed'));
      return [id];
    },
  },
];

export const stories: readonly Story[] = [...walks, ...judged, ...probed, ...people, ...troubles];
