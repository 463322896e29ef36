import { moved, planOf } from '../../test/world/rollouts.js';
import type { AliasValue } from './alias-value.js';
import type { RolloutEvent } from './event.js';
import { allowedActions } from './guard.js';
import { describeDrift, interpretAlias } from './read-alias.js';
import { beginRestore } from './restore.js';
import type { MovingState, RolloutState, Shifting } from './state.js';
import { transition } from './transition.js';

const stable: AliasValue = { version: '1' };
const shifted: AliasValue = { version: '1', canary: { version: '2', weightPercent: 10 } };
const shifting: Shifting = {
  phase: 'shifting',
  kind: 'rollout',
  plan: planOf({ type: 'canary', weightPercent: 10, bake: '5m' }),
  point: { version: '1' },
  canary: '2',
  revisionId: 't1',
  value: stable,
  intents: [stable, shifted],
  step: 0,
  claim: { command: 'ShiftWeight', token: 't1', wanted: shifted, unresolved: true },
};
const restoring: MovingState = {
  ...shifting,
  phase: 'rolling_back',
  reason: { code: 'aborted', sentence: 'So.' },
  intents: [stable, shifted, stable],
  claim: { command: 'Restore', token: 't1', wanted: stable, unresolved: true },
};

describe('what a read of the alias means after a write nobody heard of', () => {
  test('the wanted value means that the write landed', () => {
    expect(interpretAlias(shifting, { value: shifted, revisionId: 't2' }, 5)).toMatchObject({ type: 'WeightShifted' });
  });

  test('the value from before means that it has not, and the claim is given back', () => {
    expect(interpretAlias(shifting, { value: stable, revisionId: 't1' }, 5)).toMatchObject({ type: 'AliasConfirmed' });
  });

  test('anything else was put there by somebody', () => {
    const seen = { value: { version: '3' }, revisionId: 't9' };
    const event = interpretAlias(shifting, seen, 5);
    expect(event).toMatchObject({ type: 'AliasDrifted', expected: shifted, observed: { version: '3' } });
    expect(describeDrift(shifted, seen.value)).toBe(
      'expected 90 % on version 1, 10 % on version 2; found 100 % on version 3',
    );
  });

  test('a restore is not over while the token it used is alive, whatever the alias shows', () => {
    expect(interpretAlias(restoring, { value: stable, revisionId: 't1' }, 5)).toMatchObject({ type: 'AliasConfirmed' });
    expect(interpretAlias(restoring, { value: stable, revisionId: 't2' }, 5)).toMatchObject({ type: 'Restored' });
  });

  test('an earlier write of ours that landed during a restore is ours, not drift', () => {
    expect(interpretAlias(restoring, { value: shifted, revisionId: 't2' }, 5)).toMatchObject({
      type: 'AliasConfirmed',
    });
  });

  test('weights that differ by a rounding of binary fractions are the same weights', () => {
    const value = { version: '1', canary: { version: '2', weightPercent: 10.0000001 } };
    expect(interpretAlias(shifting, { value, revisionId: 't2' }, 5)).toMatchObject({ type: 'WeightShifted' });
  });
});

describe('a restore', () => {
  test('inherits the token and everything the rollout may still write', () => {
    expect(beginRestore('1', shifting, 5)).toMatchObject({
      phase: 'rolling_back',
      kind: 'restore',
      point: { version: '1' },
      revisionId: 't1',
      intents: [stable, shifted],
      before: stable,
    });
  });

  test('starts from what a drifted alias showed', () => {
    const observed = { version: '3' };
    const drifted: MovingState = {
      ...shifting,
      phase: 'drifted',
      expected: shifted,
      observed,
      observedRevisionId: 't9',
    };
    expect(beginRestore('1', drifted, 5)).toMatchObject({ revisionId: 't9', value: observed, intents: [observed] });
  });

  test('reads the alias first when nothing is in flight', () => {
    expect(beginRestore('1', undefined, 5)).toMatchObject({ phase: 'preparing', kind: 'restore', restoreTo: '1' });
  });

  const gone = { code: 'rollback_point_gone', sentence: 'Version 1 no longer exists.' } as const;

  test('of a version that is gone fails when it found all traffic on one version', () => {
    const alone = moved(beginRestore('1', undefined, 5), {
      type: 'AliasCaptured',
      at: 5,
      value: { version: '2' },
      revisionId: 't1',
    });
    expect(transition(alone, { type: 'WriteRefused', at: 6, reason: gone })).toMatchObject({
      state: { phase: 'failed' },
    });
  });

  test('of a version that is gone waits for a person when it took over a canary with traffic', () => {
    const { claim: _landed, ...rest } = shifting;
    const taken = beginRestore('1', { ...rest, value: shifted, intents: [shifted] }, 5);
    expect(transition(taken, { type: 'WriteRefused', at: 6, reason: gone })).toMatchObject({
      state: { phase: 'needs_human' },
    });
  });

  test('of a version that is gone waits for a person as often as it is refused while the alias splits', () => {
    // The rollout's shift is still out when the restore is refused, and lands before the person asks again.
    const events: RolloutEvent[] = [
      { type: 'ClaimTaken', at: 5, command: 'Restore', token: 't1', wanted: stable },
      { type: 'WriteRefused', at: 6, reason: gone },
      { type: 'RestoreRequested', at: 7, by: 'ann' },
      { type: 'ClaimTaken', at: 8, command: 'Restore', token: 't1', wanted: stable },
      { type: 'OutcomeUnknown', at: 9, sentence: 'The token was refused.' },
      { type: 'AliasConfirmed', at: 10, value: shifted, revisionId: 't2' },
      { type: 'ClaimTaken', at: 11, command: 'Restore', token: 't2', wanted: stable },
      { type: 'WriteRefused', at: 12, reason: gone },
    ];
    let state: RolloutState = beginRestore('1', shifting, 5);
    const phases = events.map((event) => {
      state = moved(state, event);
      return state.phase;
    });
    expect([phases[1], phases.at(-1)]).toEqual(['needs_human', 'needs_human']);
    expect(allowedActions(state)).toEqual(['abort', 'accept-as-is', 'restore', 'abandon']);
  });
});

test('accepting as is says nothing about an alias that a write of ours may still change', () => {
  const refused = moved(restoring, {
    type: 'WriteRefused',
    at: 6,
    reason: { code: 'write_refused', sentence: 'No.' },
  });
  const accepted = transition(refused, { type: 'AcceptAsIsRequested', at: 7, by: 'ann' });
  expect(accepted.kind === 'moved' && 'value' in accepted.state).toBe(false);
});
