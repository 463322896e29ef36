import type { RolloutState } from '#rollout';
import type { TargetRow } from '#store';
import { type EngineWorld, handlerCode } from '../engine/engine-world.js';

/** One story that a crash interrupts somewhere; how it must end is the same wherever that is. */
export interface Scenario {
  readonly name: string;
  /** Sets the story going and returns the deployment whose end is waited for. */
  begin(world: EngineWorld, target: TargetRow): Promise<string>;
  /** Done once the deployment is as `ready` says; for stories that need a person's act in the middle. */
  readonly midway?: { ready(state: RolloutState): boolean; act(world: EngineWorld, id: string): Promise<void> };
  readonly end: RolloutState['phase'];
  readonly alias: { version: string; weights: Record<string, number> };
  /** Version numbers that must exist in the end. */
  readonly versions: readonly string[];
}

const unwatched = { analysis: null };
const bakesForever = { type: 'canary', weightPercent: 10, bake: '1h' } as const;

export const scenarios: readonly Scenario[] = [
  {
    name: 'a new version is promoted',
    begin: (world, target) =>
      world.deploy(target, {
        code: handlerCode('v2'),
        strategy: { type: 'canary', weightPercent: 10, bake: 1 },
        options: unwatched,
      }),
    end: 'succeeded',
    alias: { version: '2', weights: {} },
    versions: ['1', '2'],
  },
  {
    name: 'a new configuration is promoted',
    begin: (world, target) => world.deploy(target, { request: { configuration: { memorySize: 512 } } }),
    end: 'succeeded',
    alias: { version: '2', weights: {} },
    versions: ['1', '2'],
  },
  {
    name: 'a version that fails its probes meets nobody',
    begin: (world, target) =>
      world.deploy(target, {
        code: handlerCode('v2', true),
        strategy: bakesForever,
        options: unwatched,
        probes: { plan: { timeoutSeconds: 5, deadlineSeconds: 60 }, payloads: [{}, { order: 7 }] },
      }),
    end: 'failed',
    alias: { version: '1', weights: {} },
    versions: ['1', '2'],
  },
  {
    name: 'an abort puts the old version back',
    begin: (world, target) =>
      world.deploy(target, { code: handlerCode('v2'), strategy: bakesForever, options: unwatched }),
    midway: {
      ready: (state) => state.phase === 'baking',
      act: (world, id) => world.act(id, (row) => ({ type: 'AbortRequested', at: row.readAt, by: 'ann' })),
    },
    end: 'rolled_back',
    alias: { version: '1', weights: {} },
    versions: ['1', '2'],
  },
];
