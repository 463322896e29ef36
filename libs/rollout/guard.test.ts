import { planOf } from '../../test/world/rollouts.js';
import { type Action, allowedActions, type GuardCode, guard } from './guard.js';
import type { Moving, Phase, RolloutState } from './state.js';

const plan = planOf('canary');
const moving: Moving & { kind: 'rollout' } = {
  kind: 'rollout',
  plan,
  point: { version: '1' },
  canary: '2',
  revisionId: 't',
  value: { version: '1' },
  intents: [{ version: '1' }],
  step: 0,
};
const bake = { bakeStartedAt: 0, bakeUntil: 1, confirmedAt: 0 };
const reason = { code: 'aborted', sentence: 'So.' } as const;
const drift = { expected: { version: '1' }, observed: { version: '3' }, observedRevisionId: 'x' };

const states: Record<string, RolloutState> = {
  queued: { phase: 'queued', kind: 'rollout', plan, since: 0 },
  preparing: { phase: 'preparing', kind: 'rollout', plan, deadlineAt: 1 },
  shifting: { ...moving, phase: 'shifting' },
  baking: { ...moving, ...bake, phase: 'baking' },
  'gated by analysis': { ...moving, ...bake, phase: 'gated', gate: 'analysis', since: 0, deadlineAt: 1 },
  'gated by approval': { ...moving, ...bake, phase: 'gated', gate: 'approval', since: 0, deadlineAt: 1 },
  paused: { ...moving, ...bake, phase: 'paused', by: 'ann', since: 0, deadlineAt: 1 },
  promoting: { ...moving, phase: 'promoting' },
  rolling_back: { ...moving, phase: 'rolling_back', reason },
  drifted: { ...moving, ...drift, phase: 'drifted' },
  needs_human: { ...moving, phase: 'needs_human', reason },
  rolled_back: { kind: 'rollout', plan, phase: 'rolled_back', reason, point: { version: '1' } },
};

test.each<[keyof typeof states & string, Action[]]>([
  ['queued', ['abort', 'cancel']],
  ['preparing', ['abort']],
  ['shifting', ['pause', 'abort']],
  ['baking', ['promote', 'pause', 'abort']],
  ['gated by analysis', ['promote', 'pause', 'abort']],
  ['gated by approval', ['promote', 'pause', 'abort', 'approve']],
  ['paused', ['promote', 'pause', 'resume', 'abort']],
  ['promoting', ['abort']],
  ['rolling_back', ['abort']],
  ['drifted', ['abort', 'accept-as-is', 'restore', 'abandon']],
  ['needs_human', ['abort', 'accept-as-is', 'restore', 'abandon']],
  ['rolled_back', []],
])('%s allows: %s', (name, allowed) => {
  expect(allowedActions(states[name] as RolloutState)).toEqual(allowed);
});

test.each<[string, Action, GuardCode]>([
  ['baking', 'cancel', 'not_queued'],
  ['baking', 'resume', 'not_paused'],
  ['baking', 'approve', 'nothing_to_approve'],
  ['gated by analysis', 'approve', 'nothing_to_approve'],
  ['shifting', 'promote', 'not_promotable'],
  ['promoting', 'pause', 'not_pausable'],
  ['baking', 'restore', 'not_held'],
  ['rolled_back', 'abort', 'deployment_ended'],
])('%s refuses to %s: %s', (name, action, code) => {
  expect(guard(states[name] as RolloutState, action)).toBe(code);
});

test('a failing canary is not promoted by hand', () => {
  expect(guard(states['baking'] as RolloutState, 'promote', { verdict: 'fail' })).toBe('canary_failing');
  expect(guard(states['baking'] as RolloutState, 'promote', { verdict: 'inconclusive' })).toBeUndefined();
});

test('promote and approve name what the person saw; an abort never has to', () => {
  const stale = { sequence: 8, seenSequence: 7 };
  expect(guard(states['baking'] as RolloutState, 'promote', stale)).toBe('sequence_stale');
  expect(guard(states['gated by approval'] as RolloutState, 'approve', stale)).toBe('sequence_stale');
  expect(guard(states['baking'] as RolloutState, 'abort', stale)).toBeUndefined();
  expect(guard(states['baking'] as RolloutState, 'promote', { sequence: 8, seenSequence: 8 })).toBeUndefined();
});

test('every phase that is not an end is in the table above', () => {
  const phases = new Set<Phase>(Object.values(states).map((state) => state.phase));
  expect(phases.size).toBe(11);
});
