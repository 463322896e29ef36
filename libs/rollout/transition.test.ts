import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { sameAliasValue } from './alias-value.js';
import { isWrite, nextCommand } from './command.js';
import type { Act } from './event.js';
import { type Action, actions, guard } from './guard.js';
import { phaseDiagram, phaseEdges } from './phase-edges.js';
import { isEnd, isMoving, type Phase, phases, type RolloutState } from './state.js';
import { transition } from './transition.js';
import { nextWakeAt } from './wake.js';
import { edge, edgesOf, everyEvent, firstStates, type Step, walks } from './walk.fixture.js';

const RUNS = { numRuns: 250 };

function always(promise: (steps: readonly Step[]) => void): void {
  fc.assert(fc.property(walks, promise), RUNS);
}

const statesOf = (steps: readonly Step[]) => steps.flatMap(({ before, after }) => [before, after]);

describe('every state answers every event', () => {
  test('no state throws on any event, late, doubled or foreign as it may be', () => {
    always((steps) => {
      for (const { after, at } of steps) {
        for (const event of everyEvent(after, at)) {
          expect(['moved', 'unchanged', 'stale']).toContain(transition(after, event).kind);
        }
      }
    });
  });

  test('the walks reach every phase, so what they show holds for all', () => {
    const seen = new Set<Phase>();
    const look = fc.property(walks, (steps) => {
      for (const { phase } of statesOf(steps)) seen.add(phase);
    });
    fc.assert(look, { numRuns: 1_000, seed: 7 });
    expect([...seen].sort()).toEqual([...phases].sort());
  });

  test('an end absorbs everything: only a late remark is still written down, and it changes nothing', () => {
    always((steps) => {
      for (const { after, at } of steps.filter((step) => isEnd(step.after))) {
        for (const event of everyEvent(after, at)) {
          const next = transition(after, event);
          if (event.type === 'Outcome') expect(next).toEqual({ kind: 'moved', state: after });
          else expect(next.kind).toBe('stale');
        }
      }
    });
  });

  test('facts that came twice are stale the second time', () => {
    const once = new Set(['Started', 'ClaimTaken', 'RollbackPointCaptured', 'AliasCaptured', 'ConfigurationUpdated']);
    for (const type of ['VersionPublished', 'VersionActivated', 'WeightShifted', 'Promoted', 'Restored'])
      once.add(type);
    for (const type of ['OutcomeUnknown', 'WriteDeferred', 'LatestUnchanged', 'TargetVanished']) once.add(type);
    always((steps) => {
      for (const { event, after } of steps) {
        if (once.has(event.type)) expect(transition(after, event).kind).toBe('stale');
      }
    });
  });
});

describe('the edges between phases', () => {
  test('transition can do exactly what the table of edges says', () => {
    const found = new Set<string>();
    fc.assert(
      fc.property(walks, (steps) => {
        for (const one of edgesOf(steps)) found.add(one);
      }),
      // One seed: whether every edge is found must not depend on the day.
      { numRuns: 5_000, seed: 7 },
    );
    const between = [...found].filter((one) => new Set(one.split(' > ')).size === 2);
    const table = Object.entries(phaseEdges).flatMap(([from, following]) =>
      following.filter((to) => to !== from).map((to) => edge(from as Phase, to)),
    );
    expect(between.sort()).toEqual(table.sort());
  });

  test('the drawing in ARCHITECTURE.md is the one made from the table', () => {
    const text = existsSync('ARCHITECTURE.md') ? readFileSync('ARCHITECTURE.md', 'utf8') : '';
    const drawn = /```mermaid\n(stateDiagram-v2[\s\S]*?)\n```/.exec(text)?.[1];
    if (drawn !== undefined) expect(drawn).toBe(phaseDiagram());
    expect(phaseDiagram()).toContain('baking --> promoting');
  });
});

describe('traffic', () => {
  test('a state that can move traffic has a rollback point, and every write it may have made is among its intents', () => {
    always((steps) => {
      for (const state of statesOf(steps)) {
        if (!isMoving(state)) continue;
        expect(state.point.version).toMatch(/^\d+$/);
        const wanted = state.claim?.wanted;
        if (wanted) expect(state.intents.some((intent) => sameAliasValue(intent, wanted))).toBe(true);
      }
    });
  });

  test('stable stays primary until the promotion, and a restore names the rollback point alone', () => {
    always((steps) => {
      for (const state of statesOf(steps)) {
        const command = nextCommand(state);
        if (!isMoving(state) || !command || !('wanted' in command)) continue;
        const { wanted, type, token } = command;
        expect(token).toBe(state.revisionId);
        if (type === 'Promote') expect(wanted).toEqual({ version: state.canary });
        if (type === 'Restore') expect(wanted).toEqual({ version: state.point.version });
        if (type === 'ShiftWeight') expect(wanted.version).toBe(state.point.version);
      }
    });
  });

  test('weights rise by the plan, step by step, and never after a rollback has begun', () => {
    always((steps) => {
      let step = 0;
      let turnedBack = false;
      for (const { after, before, event } of steps) {
        // A restore that took over begins a deployment of its own.
        if (before.kind !== 'rollout') break;
        if (!isMoving(after)) continue;
        // A person's word ends the count of an adaptive rollout's shifts: there is no step that it would lead to.
        if (event.type === 'PromoteRequested' && after.plan.adaptive) step = 0;
        expect(after.step).toBeGreaterThanOrEqual(step);
        step = after.step;
        turnedBack ||= after.phase === 'rolling_back';
        const command = nextCommand(after);
        if (command?.type !== 'ShiftWeight') continue;
        expect(turnedBack).toBe(false);
        if (!after.plan.adaptive) {
          expect(command.wanted.canary?.weightPercent).toBe(after.plan.steps[after.step]?.weightPercent);
        }
      }
    });
  });

  test('nothing is shifted before the probes a plan asks for have passed, or proved nothing and may', () => {
    let probed = 0;
    always((steps) => {
      let cleared = false;
      for (const { before, event, after } of steps) {
        if (before.kind !== 'rollout') break;
        if (!before.plan.probes) continue;
        if (event.type === 'Probed' && event.verdict === 'fail') expect(after.phase).toBe('failed');
        if (event.type === 'Probed' && event.verdict === 'inconclusive') {
          expect(after.phase === 'failed').toBe(before.plan.probes.onInconclusive === 'fail');
        }
        cleared ||= event.type === 'Probed';
        if (isMoving(after)) expect(cleared).toBe(true);
        if (isMoving(after) && cleared) probed += 1;
      }
    });
    expect(probed).toBeGreaterThan(0);
  });

  test('a bake is left after its time only, unless a person promotes', () => {
    always((steps) => {
      for (const { before, event, after } of steps) {
        if (before.phase !== 'baking' || before.plan.adaptive || event.type !== 'Watched') continue;
        if (after.phase === 'shifting' || after.phase === 'promoting' || after.phase === 'gated') {
          expect(event.at).toBeGreaterThanOrEqual(before.bakeUntil);
        }
      }
    });
  });

  test('an analysis gate is left by a pass or by a person, never on silence', () => {
    always((steps) => {
      for (const { before, event, after } of steps) {
        if (before.phase !== 'gated' || before.gate !== 'analysis' || event.type !== 'Watched') continue;
        if (before.plan.adaptive) continue;
        if (after.phase === 'shifting' || after.phase === 'promoting') expect(event.verdict).toBe('pass');
      }
    });
  });
});

describe('people', () => {
  test('an abort is accepted in every state that has not ended, and leads to the rollback point or to an end', () => {
    always((steps) => {
      for (const { after, at } of steps) {
        if (isEnd(after)) continue;
        expect(guard(after, 'abort')).toBeUndefined();
        const next = transition(after, { type: 'AbortRequested', at, by: 'ann' });
        const phase = next.kind === 'moved' ? next.state.phase : after.phase;
        expect(phase).toBe(isMoving(after) ? 'rolling_back' : 'cancelled');
      }
    });
  });

  test('what the guard allows, the rollout does: no act is accepted and then found stale', () => {
    always((steps) => {
      for (const { after, at } of steps) {
        for (const action of actions) {
          if (guard(after, action, { at })) continue;
          expect({ action, phase: after.phase, kind: transition(after, actOf(action, at)).kind }).not.toMatchObject({
            kind: 'stale',
          });
        }
      }
    });
  });

  test('what the guard refuses of a held or ended deployment, the rollout refuses as well', () => {
    always((steps) => {
      for (const { after, at } of steps) {
        for (const action of ['accept-as-is', 'restore', 'abandon', 'approve', 'resume', 'cancel'] as const) {
          if (guard(after, action, { at })) expect(transition(after, actOf(action, at)).kind).toBe('stale');
        }
      }
    });
  });
});

describe('what comes next', () => {
  test('every state asks for exactly one command, except ends and those that wait for a person', () => {
    always((steps) => {
      for (const state of statesOf(steps)) {
        const waits = isEnd(state) || state.phase === 'drifted' || state.phase === 'needs_human';
        expect(nextCommand(state) === undefined).toBe(waits);
        expect(nextWakeAt(state, 0) === undefined).toBe(waits);
      }
    });
  });

  test('a claim is resolved by a read before anything is written again', () => {
    always((steps) => {
      for (const state of statesOf(steps)) {
        const claim = 'claim' in state ? state.claim : undefined;
        const command = nextCommand(state);
        if (claim && command && !isEnd(state)) expect(isWrite(command)).toBe(false);
      }
    });
  });

  test('a claim under another token than the last one confirmed is refused', () => {
    always((steps) => {
      for (const { after, at } of steps) {
        if (!isMoving(after)) continue;
        const claim = { type: 'ClaimTaken', at, command: 'Restore', token: 'fresh', wanted: { version: '1' } } as const;
        expect(transition(after, claim).kind).toBe('stale');
      }
    });
  });

  test('the first states are a queued rollout or a restore on its way', () => {
    expect(new Set(firstStates().map((state: RolloutState) => state.phase))).toEqual(new Set(['queued', 'preparing']));
  });
});

function actOf(action: Action, at: number): Act {
  const asked = { at, by: 'ann' };
  const events: Record<Action, Act> = {
    promote: { type: 'PromoteRequested', ...asked, onlyStep: true },
    pause: { type: 'PauseRequested', ...asked },
    resume: { type: 'ResumeRequested', ...asked },
    abort: { type: 'AbortRequested', ...asked },
    cancel: { type: 'CancelRequested', ...asked },
    approve: { type: 'ApproveRequested', ...asked },
    'accept-as-is': { type: 'AcceptAsIsRequested', ...asked },
    restore: { type: 'RestoreRequested', ...asked },
    abandon: { type: 'AbandonRequested', ...asked },
  };
  return events[action];
}
