import { after, planOf } from '../../test/world/rollouts.js';
import { type AliasValue, weightOf } from './alias-value.js';
import { nextCommand } from './command.js';
import type { Fact, RolloutEvent } from './event.js';
import { interpretAlias } from './read-alias.js';
import { beginRestore } from './restore.js';
import type { Baking } from './state.js';
import { queuedState } from './state.js';
import type { StrategyInput } from './strategy.js';
import { transition } from './transition.js';

const MINUTE = 60_000;
const deadlines = { prepareSeconds: 600, analysisSeconds: 120, personSeconds: 3_600 };
const split: AliasValue = { version: '1', canary: { version: '2', weightPercent: 10 } };

const planned = (strategy: StrategyInput) => planOf(strategy, { deadlines });

/** Ten per cent on version 2 since time 0, for five minutes. */
const baking: Baking = {
  phase: 'baking',
  kind: 'rollout',
  plan: planned({ type: 'steps', steps: [{ weight: 10, bake: '5m', gates: ['approval'] }] }),
  point: { version: '1' },
  canary: '2',
  revisionId: 't2',
  value: split,
  intents: [split],
  step: 0,
  bakeStartedAt: 0,
  bakeUntil: 5 * MINUTE,
  confirmedAt: 0,
};

describe('a look at the alias while a weight holds', () => {
  test('tells nothing where nothing has changed', () => {
    expect(interpretAlias(baking, { value: split, revisionId: 't2' }, MINUTE)).toBeUndefined();
  });

  test('another value was put there by somebody, whatever its token', () => {
    for (const revisionId of ['t2', 't9']) {
      const value = { version: '1', canary: { version: '2', weightPercent: 33 } };
      expect(interpretAlias(baking, { value, revisionId }, MINUTE)).toEqual({
        type: 'AliasDrifted',
        at: MINUTE,
        expected: split,
        observed: value,
        observedRevisionId: revisionId,
      });
    }
  });

  test('the value that was already there before our shift is drift as well: it was put back by somebody', () => {
    const seen = { value: { version: '1' }, revisionId: 't9' };
    expect(interpretAlias(baking, seen, MINUTE)).toMatchObject({ type: 'AliasDrifted' });
  });

  test('the same value under another token is confirmed, and the token adopted for the next write', () => {
    const event = interpretAlias(baking, { value: split, revisionId: 't9' }, MINUTE) as Fact;
    expect(event).toEqual({ type: 'AliasConfirmed', at: MINUTE, value: split, revisionId: 't9' });
    expect(after(baking, event)).toEqual({ ...baking, revisionId: 't9', confirmedAt: MINUTE });
  });
});

describe('a look that comes long after the bake should have ended', () => {
  const late = baking.bakeUntil + 16_000;

  test('confirms the alias before the step may be left', () => {
    const watched = { type: 'Watched', at: late, verdict: null, sentence: '' } as const;
    expect(transition(baking, watched).kind).toBe('unchanged');
    const event = interpretAlias(baking, { value: split, revisionId: 't2' }, late) as Fact;
    expect(after(baking, event)).toEqual({ ...baking, confirmedAt: late });
    expect(after(baking, event, watched).phase).toBe('gated');
  });

  test('finds another token: nobody knows what held meanwhile, so the weight bakes anew', () => {
    const event = interpretAlias(baking, { value: split, revisionId: 't9' }, late) as Fact;
    expect(after(baking, event)).toEqual({
      ...baking,
      revisionId: 't9',
      confirmedAt: late,
      bakeStartedAt: late,
      bakeUntil: late + 5 * MINUTE,
    });
  });
});

describe('a pause', () => {
  const pause = (at: number) => ({ type: 'PauseRequested', at, by: 'ann' }) as const;

  test('that is asked for again lasts no longer', () => {
    expect(transition(after(baking, pause(1)), pause(2))).toEqual({ kind: 'unchanged' });
  });

  test('ends at the gate where it began, and that gate has its whole time again', () => {
    const gated = after(baking, { type: 'Watched', at: 5 * MINUTE, verdict: null, sentence: '' });
    const resumed = after(gated, pause(6 * MINUTE), { type: 'ResumeRequested', at: 9 * MINUTE, by: 'ann' });
    expect(resumed).toEqual({ ...gated, since: 9 * MINUTE, deadlineAt: 9 * MINUTE + 3_600_000 });
  });
});

describe('an adaptive rollout', () => {
  const leading: Baking = { ...baking, plan: planned('adaptive'), weightTarget: 10 };
  const look = (ramp: Extract<Fact, { type: 'Watched' }>['ramp']): RolloutEvent => ({
    type: 'Watched',
    at: MINUTE,
    verdict: 'continue',
    sentence: 'So it looks.',
    ...(ramp ? { ramp } : {}),
  });

  test('goes to the weight that the evidence allows, up or down', () => {
    for (const weightPercent of [25, 1]) {
      const shifted = after(leading, look({ kind: 'shift', weightPercent }));
      expect(shifted).toMatchObject({ phase: 'shifting', step: 1, weightTarget: weightPercent });
      const wanted = { version: '1', canary: { version: '2', weightPercent } };
      expect(nextCommand(shifted)).toEqual({ type: 'ShiftWeight', token: 't2', wanted });
    }
  });

  test('stays where it is when told nothing, to stay, or the weight it has', () => {
    for (const ramp of [undefined, { kind: 'stay' }, { kind: 'shift', weightPercent: 10 }] as const) {
      expect(transition(leading, look(ramp)).kind).toBe('unchanged');
    }
  });

  test('is promoted, put back or held by the evidence alone', () => {
    const promoted = after(leading, look({ kind: 'promote' }));
    expect(promoted.phase).toBe('promoting');
    expect(nextCommand(promoted)).toEqual({ type: 'Promote', token: 't2', wanted: { version: '2' } });
    const turnedBack = after(leading, look({ kind: 'rollback' }));
    expect(turnedBack).toMatchObject({ phase: 'rolling_back', reason: { code: 'inconclusive' } });
    expect(nextCommand(turnedBack)).toEqual({ type: 'Restore', token: 't2', wanted: { version: '1' } });
    const held = after(leading, look({ kind: 'hold' }));
    expect(held).toMatchObject({ phase: 'gated', gate: 'analysis', held: true, deadlineAt: MINUTE + 3_600_000 });
  });
});

describe('before any traffic', () => {
  const captured = {
    point: { version: '1' },
    aliasRevisionId: 't1',
    latestRevisionId: 'l1',
    codeSha256: 'code',
    needsCode: true,
    highestVersion: 1,
  };
  const begin = (plan: Parameters<typeof queuedState>[0]) =>
    after(
      queuedState(plan, 0),
      { type: 'Started', at: 0 },
      { type: 'RollbackPointCaptured', at: 0, captured, needsConfiguration: false, nothingToDo: false },
      { type: 'ClaimTaken', at: 0, command: 'UpdateCode', token: 'l1' },
    );

  test('a write that Lambda refuses ends the deployment with Lambda’s reason, not at the deadline', () => {
    const reason = { code: 'write_refused', sentence: 'The role may not do that.' } as const;
    expect(after(begin(baking.plan), { type: 'WriteRefused', at: 1, reason })).toMatchObject({
      phase: 'failed',
      reason,
      point: { version: '1' },
    });
  });

  test('an adaptive rollout begins where it was told to, also after its probes', () => {
    const probes = {
      payloads: 1,
      compare: 'outcome',
      timeoutSeconds: 5,
      deadlineSeconds: 60,
      onInconclusive: 'fail',
    } as const;
    const counts = { succeeded: 1, failed: 0 };
    const seen = { verdict: 'pass', sentence: '', payloads: 1, stable: counts, canary: counts, failed: [] } as const;
    const published = after(begin({ ...planned('adaptive'), probes }), {
      type: 'VersionPublished',
      at: 1,
      version: '2',
    });
    const active = after(published, { type: 'VersionActivated', at: 2, firstWeightPercent: 7 });
    expect(nextCommand(active)).toEqual({ type: 'Probe', canary: '2', round: 1 });
    expect(after(active, { type: 'Probed', at: 3, ...seen })).toMatchObject({ phase: 'shifting', weightTarget: 7 });
  });

  test('a restore from rest has the whole time of a preparation', () => {
    expect(beginRestore('1', undefined, MINUTE)).toMatchObject({ deadlineAt: MINUTE + 900_000 });
  });
});

test('the share of a version is what the alias gives it, as primary, as canary, or not at all', () => {
  expect(['1', '2', '3'].map((version) => weightOf(split, version))).toEqual([90, 10, 0]);
  expect(weightOf({ version: '2' }, '2')).toBe(100);
});
