import fc from 'fast-check';
import { after, planOf } from '../../test/world/rollouts.js';
import { type Action, guard } from './guard.js';
import { beginRestore } from './restore.js';
import { isEnd, isMoving, type MovingState, type NeedsHuman, type RolloutState } from './state.js';
import { transition } from './transition.js';
import { mayLandUntil, WRITE_LANDS_WITHIN_MS } from './unanswered.js';
import { type Step, walks } from './walk.fixture.js';

const LET_GO: readonly Action[] = ['accept-as-is', 'abandon'];
const KNOWN_OUTCOME = new Set(['WriteRefused', 'WriteDeferred', 'WeightShifted', 'Promoted', 'Restored']);

interface Lost {
  readonly token: string;
  readonly at: number;
}

/** The writes of a history that may still land, told from its events alone. */
function lostWrites(steps: readonly Step[], upTo: number): Lost[] {
  let lost: Lost[] = [];
  let previous: Step | undefined;
  for (const step of steps.slice(0, upTo + 1)) {
    const { before, event, after, at } = step;
    // A restore took over between the two: whatever was claimed then has nobody who waits for it.
    if (previous && previous.after !== before) lost.push(...claimOf(previous.after, previous.at));
    previous = step;
    const givenUp = !(isMoving(after) && after.claim) && !KNOWN_OUTCOME.has(event.type);
    if (givenUp) lost.push(...claimOf(before, at));
    lost = isMoving(after) && after.phase !== 'drifted' ? lost.filter(({ token }) => token === after.revisionId) : [];
  }
  return lost;
}

function claimOf(state: RolloutState, at: number): Lost[] {
  return isMoving(state) && state.claim ? [{ token: state.claim.token, at }] : [];
}

test('a deployment is let go of exactly when none of its writes can land any more', () => {
  let waited = 0;
  const look = fc.property(walks, (steps) => {
    steps.forEach(({ after, at }, index) => {
      if (after.phase !== 'needs_human' && after.phase !== 'drifted') return;
      const lost = lostWrites(steps, index);
      for (const later of [0, 1, WRITE_LANDS_WITHIN_MS - 1, WRITE_LANDS_WITHIN_MS]) {
        const mayLand = lost.some((write) => write.at + WRITE_LANDS_WITHIN_MS > at + later);
        if (mayLand) waited += 1;
        for (const action of LET_GO)
          expect(guard(after, action, { at: at + later })).toBe(mayLand ? 'write_may_land' : undefined);
        expect(guard(after, 'restore', { at: at + later })).toBeUndefined();
        expect(guard(after, 'abort', { at: at + later })).toBeUndefined();
      }
    });
  });
  fc.assert(look, { numRuns: 3_000, seed: 7 });
  expect(waited).toBeGreaterThan(0);
});

const split = { version: '1', canary: { version: '2', weightPercent: 10 } } as const;
const shifting: MovingState = {
  phase: 'shifting',
  kind: 'rollout',
  plan: planOf('canary'),
  point: { version: '1' },
  canary: '2',
  revisionId: 'r3',
  value: { version: '1' },
  intents: [{ version: '1' }, split],
  step: 0,
  claim: { command: 'ShiftWeight', token: 'r3', wanted: split },
};
const unheard = { type: 'OutcomeUnknown', at: 1_000, sentence: 'No answer.' } as const;
const stillThere = { type: 'AliasConfirmed', at: 2_000, value: { version: '1' }, revisionId: 'r3' } as const;
const aborted = { type: 'AbortRequested', at: 3_000, by: 'ann' } as const;
const claimed = { type: 'ClaimTaken', at: 4_000, command: 'Restore', token: 'r3', wanted: { version: '1' } } as const;
const reason = { code: 'write_refused', sentence: 'No permission.' } as const;
const refused = { type: 'WriteRefused', at: 5_000, reason } as const;

const accept = (at: number) => ({ type: 'AcceptAsIsRequested', at, by: 'ann' }) as const;

test('after a restore that was refused, a shift that was never answered keeps the deployment in hand', () => {
  const held = after(shifting, unheard, stillThere, aborted, claimed, refused);
  expect(held).toMatchObject({ phase: 'needs_human', unansweredAt: 2_000 });
  const until = 2_000 + WRITE_LANDS_WITHIN_MS;
  expect(mayLandUntil(held, 6_000)).toBe(until);
  expect(transition(held, accept(until - 1)).kind).toBe('stale');
  expect(after(held, accept(until)).phase).toBe('cancelled');
});

test('an abort while a write is under way leaves that write unanswered', () => {
  expect(after(shifting, aborted, claimed, refused)).toMatchObject({ phase: 'needs_human', unansweredAt: 3_000 });
});

test('a new token of the alias is the end of every write that named the old one', () => {
  const moved = { ...stillThere, revisionId: 'r4' } as const;
  const held = after(shifting, unheard, moved, aborted, { ...claimed, token: 'r4' }, refused);
  expect(after(held, accept(6_000)).phase).toBe('cancelled');
});

test('a write that was refused for certain keeps nobody waiting', () => {
  const { claim: _none, ...baking } = shifting;
  const held = after(baking as RolloutState, aborted, claimed, refused);
  expect(after(held, accept(6_000)).phase).toBe('cancelled');
});

test('whoever moved the alias since has taken the token away', () => {
  const value = { version: '3' };
  const drifted = {
    type: 'AliasDrifted',
    at: 3_000,
    expected: split,
    observed: value,
    observedRevisionId: 'x',
  } as const;
  const again = { type: 'ClaimTaken', at: 2_500, command: 'ShiftWeight', token: 'r3', wanted: split } as const;
  const held = after(shifting, unheard, stillThere, again, drifted);
  expect(after(held, accept(3_001)).phase).toBe('cancelled');
});

test('a restore that takes over inherits what may still land, the write under way included', () => {
  expect(beginRestore('1', shifting, 7_000)).toMatchObject({ phase: 'rolling_back', unansweredAt: 7_000 });
  const held = after(shifting, unheard, stillThere, aborted, claimed, refused) as NeedsHuman;
  const taken = beginRestore('1', held, 7_000);
  expect(taken).toMatchObject({ unansweredAt: 2_000 });
  const landed = { type: 'Restored', at: 8_001, value: { version: '1' }, revisionId: 'r4' } as const;
  expect(isEnd(after(taken, claimed, landed))).toBe(true);
});
