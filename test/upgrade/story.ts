import { UpdateAliasCommand } from '@aws-sdk/client-lambda';
import type { Act, PlanOptions, StrategyInput } from '#rollout';
import type { TargetRow } from '#store';
import { startDoomedWorker } from '../crash/worker-process.js';
import { type EngineWorld, handlerCode, type Wish } from '../engine/engine-world.js';

/** What the next release must make of a deployment that the previous one left where it was. */
export interface Expectation {
  readonly story: string;
  readonly deploymentId: string;
  readonly functionName: string;
  /** The phase it was left in. */
  readonly left: string;
  /** What a person does after the upgrade, where the deployment waits for one. */
  readonly act?: Act['type'];
  /** Whether its alias is called meanwhile: for those that a judge watches. */
  readonly traffic?: true;
  readonly end: string;
  readonly alias: { version: string; weights: Record<string, number> };
  readonly versions: readonly string[];
}

/** A deployment brought to a phase by this release's own worker, which is then stopped or killed. */
export interface UpgradeStory {
  readonly name: string;
  leave(world: EngineWorld, target: TargetRow): Promise<readonly string[]>;
  readonly expected: readonly Omit<Expectation, 'story' | 'deploymentId' | 'functionName' | 'left'>[];
}

const unwatched: PlanOptions = { analysis: null };
const promoted = { end: 'succeeded', alias: { version: '2', weights: {} }, versions: ['1', '2'] };
const putBack = { end: 'rolled_back', alias: { version: '1', weights: {} }, versions: ['1', '2'] };
const code = handlerCode('v2');
const steps = (bake: number | string, ...gates: ('analysis' | 'approval')[]): StrategyInput => ({
  type: 'steps',
  steps: [{ weight: 10, bake, gates }],
});

async function stopAt(world: EngineWorld, target: TargetRow, wish: Wish, phase: string): Promise<string> {
  await world.startWorker();
  const id = await world.deploy(target, wish);
  await world.until(id, (state) => state.phase === phase);
  return id;
}

async function actOn(world: EngineWorld, id: string, type: 'AbortRequested' | 'PauseRequested'): Promise<void> {
  await world.act(id, (row) => ({ type, at: row.readAt, by: 'ann' }));
}

/** Kills the worker at a point where it touches the world, with whatever it had in hand. */
async function killedAt(world: EngineWorld, point: string, begin: () => Promise<string>): Promise<string> {
  const doomed = await startDoomedWorker(world.places(), { point, when: 'before', how: 'kill' });
  const id = await begin();
  if (!(await doomed.met(20_000))) throw new Error(`The worker never came to ${point}.`);
  await doomed.end();
  return id;
}

function killed(name: string, point: string, when: 'before' | 'after', wish: Wish): UpgradeStory {
  return {
    name,
    async leave(world, target) {
      const doomed = await startDoomedWorker(world.places(), { point, when, how: 'kill' });
      const id = await world.deploy(target, wish);
      if (!(await doomed.met(20_000))) throw new Error(`The worker never came to ${point}.`);
      await doomed.end();
      return [id];
    },
    expected: [promoted],
  };
}

const shift: Wish = { code, strategy: { type: 'canary', weightPercent: 10, bake: 1 }, options: unwatched };

export const upgradeStories: readonly UpgradeStory[] = [
  {
    name: 'ended long ago',
    async leave(world, target) {
      const first = await stopAt(world, target, { code }, 'succeeded');
      const second = await world.deploy(target, { code: handlerCode('v3'), strategy: steps('1h'), options: unwatched });
      await world.until(second, (state) => state.phase === 'baking');
      await actOn(world, second, 'AbortRequested');
      await world.until(second, (state) => state.phase === 'rolled_back');
      return [first, second];
    },
    expected: [
      { end: 'succeeded', alias: { version: '2', weights: {} }, versions: ['1', '2', '3'] },
      { end: 'rolled_back', alias: { version: '2', weights: {} }, versions: ['1', '2', '3'] },
    ],
  },
  killed('the upload landed and nobody knows', 'updateFunctionCode#1', 'after', shift),
  killed('the upload was claimed and never sent', 'updateFunctionCode#1', 'before', shift),
  killed('the version was published and nobody knows', 'publishVersion#1', 'after', {
    request: { configuration: { memorySize: 512 } },
  }),
  killed('the shift landed and nobody knows', 'updateAlias#1', 'after', shift),
  killed('the promotion was claimed and never sent', 'updateAlias#2', 'before', shift),
  {
    name: 'a bake, and one in line behind it',
    async leave(world, target) {
      const first = await stopAt(world, target, { code, strategy: steps(8), options: unwatched }, 'baking');
      return [first, await world.deploy(target, { code: handlerCode('v3') })];
    },
    expected: [
      { end: 'succeeded', alias: { version: '3', weights: {} }, versions: ['1', '2', '3'] },
      { end: 'succeeded', alias: { version: '3', weights: {} }, versions: ['1', '2', '3'] },
    ],
  },
  {
    name: 'waiting for an approval',
    leave: async (world, target) => [
      await stopAt(world, target, { code, strategy: steps(1, 'approval'), options: unwatched }, 'gated'),
    ],
    expected: [{ ...promoted, act: 'ApproveRequested' }],
  },
  {
    name: 'waiting for the judge',
    leave: async (world, target) => [await stopAt(world, target, { code, strategy: steps(1, 'analysis') }, 'gated')],
    expected: [{ ...promoted, traffic: true }],
  },
  {
    name: 'paused',
    async leave(world, target) {
      const id = await stopAt(world, target, { code, strategy: steps(30), options: unwatched }, 'baking');
      await actOn(world, id, 'PauseRequested');
      return [id];
    },
    expected: [{ ...putBack, act: 'AbortRequested' }],
  },
  {
    name: 'an abort whose restore was never sent',
    async leave(world, target) {
      const id = await stopAt(world, target, { code, strategy: steps('1h'), options: unwatched }, 'baking');
      await world.stopWorkers();
      return [
        await killedAt(world, 'updateAlias#1', async () => {
          await actOn(world, id, 'AbortRequested');
          return id;
        }),
      ];
    },
    expected: [putBack],
  },
  {
    name: 'a restore that was never sent',
    async leave(world, target) {
      await stopAt(world, target, { code }, 'succeeded');
      await world.stopWorkers();
      return [await killedAt(world, 'updateAlias#1', () => world.restore(target, '1'))];
    },
    expected: [{ end: 'succeeded', alias: { version: '1', weights: {} }, versions: ['1', '2'] }],
  },
  {
    name: 'drifted',
    async leave(world, target) {
      const id = await stopAt(world, target, { code, strategy: steps('1h'), options: unwatched }, 'baking');
      const edit = { FunctionName: target.functionName, Name: 'live', FunctionVersion: '1' };
      const routing = { RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } };
      await world.lambda.send(new UpdateAliasCommand({ ...edit, ...routing }));
      await world.until(id, (state) => state.phase === 'drifted');
      return [id];
    },
    expected: [{ ...putBack, act: 'RestoreRequested' }],
  },
];
