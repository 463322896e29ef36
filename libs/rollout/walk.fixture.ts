import fc from 'fast-check';
import type { AliasValue } from './alias-value.js';
import { nextCommand, stepValue } from './command.js';
import type { Act, Fact, RolloutEvent } from './event.js';
import { type AliasSeen, interpretAlias } from './read-alias.js';
import { beginRestore } from './restore.js';
import { type Captured, isMoving, type Phase, queuedState, type RolloutState } from './state.js';
import { createPlan, type StrategyInput } from './strategy.js';
import { transition } from './transition.js';

/** Random histories of one deployment: each step is an event that fits the state, or any event at all. */
export const START_AT = 1_700_000_000_000;

export interface Dice {
  /** Which event, and what is in it. */
  readonly event: number;
  readonly choice: number;
  readonly afterMs: number;
  /** Whether the event is made to fit the state. */
  readonly fits: boolean;
}

export interface Step {
  readonly before: RolloutState;
  readonly event: RolloutEvent;
  readonly after: RolloutState;
  readonly at: number;
}

const dice: fc.Arbitrary<Dice> = fc.record({
  event: fc.nat(1000),
  choice: fc.nat(1000),
  afterMs: fc.constantFrom(0, 1, 900, 5_000, 40_000, 4_000_000),
  // Mostly fitting, or hardly any walk would come far.
  fits: fc.nat(5).map((eye) => eye > 0),
});

const strategies: readonly StrategyInput[] = [
  'AllAtOnce',
  'adaptive',
  {
    type: 'steps',
    steps: [
      { weight: 10, bake: 5 },
      { weight: 50, bake: 5, gates: ['analysis', 'approval'] },
    ],
  },
  { type: 'steps', steps: [{ weight: 5, bake: 1, gates: ['approval'] }] },
  { type: 'linear', stepPercent: 25, bake: 3, gates: ['analysis'] },
];

export function firstStates(): RolloutState[] {
  const queued = strategies.flatMap((strategy) =>
    (['rollback', 'hold'] as const).map((onInconclusive) => {
      const deadlines = { prepareSeconds: 600, analysisSeconds: 30, personSeconds: 600 };
      const result = createPlan(strategy, { onInconclusive, deadlines });
      if (!result.ok) throw new Error(result.problem.message);
      return queuedState(result.plan, START_AT);
    }),
  );
  const probes = { payloads: 2, compare: 'outcome', timeoutSeconds: 5, deadlineSeconds: 60 } as const;
  const probed = queued.slice(0, 2).map((state, index): RolloutState => {
    const onInconclusive = index % 2 === 0 ? 'fail' : 'continue';
    return { ...state, plan: { ...state.plan, probes: { ...probes, onInconclusive } } };
  });
  return [...queued, ...probed, beginRestore('1', undefined, START_AT)];
}

export const walks: fc.Arbitrary<Step[]> = fc
  .tuple(fc.constantFrom(...firstStates()), fc.array(dice, { minLength: 5, maxLength: 60 }))
  .map(([first, throws]) => walk(first, throws));

function walk(first: RolloutState, throws: readonly Dice[]): Step[] {
  const steps: Step[] = [];
  let state = first;
  let at = START_AT;
  for (const thrown of throws) {
    at += thrown.afterMs;
    const event = thrown.fits ? fitting(state, thrown, at) : anyEvent(state, thrown, at);
    const next = transition(state, event);
    if (next.kind !== 'moved') continue;
    steps.push({ before: state, event, after: next.state, at });
    state = next.state;
    // Now and then a restore takes over what is in flight.
    if (thrown.choice % 97 === 0) state = beginRestore('1', state, at);
  }
  return steps;
}

/** One event of every type, as they might come to this state. */
export function everyEvent(state: RolloutState, at: number, offset = 0): RolloutEvent[] {
  return makers.map((make, index) =>
    make(state, { event: index, choice: index + offset, afterMs: 0, fits: false }, at),
  );
}

function anyEvent(state: RolloutState, thrown: Dice, at: number): RolloutEvent {
  const make = makers[thrown.event % makers.length] as Maker;
  return make(state, thrown, at);
}

/** What the worker would report for the command that the state asks for. */
function fitting(state: RolloutState, thrown: Dice, at: number): RolloutEvent {
  const command = nextCommand(state);
  const token = `t${thrown.choice}`;
  const unlucky = thrown.event % 7 === 0;
  switch (command?.type) {
    case 'Start':
      return { type: 'Started', at };
    case 'CaptureRollbackPoint':
      return capturedEvent(thrown, at);
    case 'CaptureAlias':
      return { type: 'AliasCaptured', at, value: { version: '2' }, revisionId: token };
    case 'UpdateConfiguration':
    case 'UpdateCode':
    case 'PublishVersion':
      return { type: 'ClaimTaken', at, command: command.type, token: command.token };
    case 'ShiftWeight':
    case 'Promote':
    case 'Restore':
      return { type: 'ClaimTaken', at, command: command.type, token: command.token, wanted: command.wanted };
    case 'AwaitLatestSettled':
      return { type: 'LatestSettled', at, revisionId: token, codeIsOurs: thrown.choice % 2 === 0 };
    case 'AwaitVersionActive':
      return unlucky ? failure(at) : { type: 'VersionActivated', at, firstWeightPercent: 2 };
    case 'Probe':
      return thrown.choice % 3 === 0 ? { type: 'ProbesBegun', at, round: command.round } : probed(thrown, at);
    case 'ResolvePublish':
      return unlucky ? { type: 'LatestUnchanged', at } : { type: 'VersionPublished', at, version: '2' };
    case 'ResolveAlias':
      return resolved(state, thrown, at, unlucky);
    case 'Watch':
      return unlucky ? actOf(state, thrown, at) : watched(thrown, at);
    default:
      return actOf(state, thrown, at);
  }
}

function resolved(state: RolloutState, thrown: Dice, at: number, unlucky: boolean): RolloutEvent {
  if (!isMoving(state)) return failure(at);
  const wanted = state.claim?.wanted ?? state.value;
  const seen: AliasSeen = { value: unlucky ? state.value : wanted, revisionId: `t${thrown.choice}` };
  return interpretAlias(state, seen, at) ?? { type: 'AliasConfirmed', at, ...seen };
}

type Maker = (state: RolloutState, thrown: Dice, at: number) => RolloutEvent;

const aliasValues: readonly AliasValue[] = [
  { version: '1' },
  { version: '2' },
  { version: '1', canary: { version: '2', weightPercent: 10 } },
  { version: '9', canary: { version: '8', weightPercent: 33 } },
];

const value = (thrown: Dice) => aliasValues[thrown.choice % aliasValues.length] as AliasValue;
const seen = (thrown: Dice) => ({ value: value(thrown), revisionId: `t${thrown.choice % 5}` });
const reason = { code: 'write_refused', sentence: 'No.' } as const;
const failure = (at: number): Fact => ({ type: 'PreparationFailed', at, reason });

function capturedEvent(thrown: Dice, at: number): Fact {
  const captured: Captured = {
    point: { version: '1' },
    aliasRevisionId: 't0',
    latestRevisionId: 'l0',
    codeSha256: 'code',
    needsCode: thrown.choice % 3 !== 0,
    highestVersion: 1,
  };
  const needsConfiguration = thrown.choice % 2 === 0;
  return { type: 'RollbackPointCaptured', at, captured, needsConfiguration, nothingToDo: thrown.choice % 11 === 0 };
}

function watched({ choice }: Dice, at: number): Fact {
  const verdict = ([null, 'continue', 'pass', 'inconclusive', 'fail'] as const)[choice % 5] ?? null;
  const ramps = ['stay', 'promote', 'rollback', 'hold'] as const;
  const ramp =
    choice % 2 === 0
      ? { kind: ramps[choice % 4] ?? 'stay' }
      : { kind: 'shift' as const, weightPercent: 1 + (choice % 50) };
  return { type: 'Watched', at, verdict, sentence: 'So it looks.', ramp };
}

function probed({ choice }: Dice, at: number): Fact {
  const verdict = (['pass', 'pass', 'inconclusive', 'fail'] as const)[choice % 4] ?? 'pass';
  const counts = { succeeded: 2, failed: 0 };
  return {
    type: 'Probed',
    at,
    verdict,
    sentence: 'So they went.',
    payloads: 2,
    stable: counts,
    canary: counts,
    failed: [],
  };
}

const acts: readonly ((at: number, choice: number) => Act)[] = [
  (at, choice) => ({ type: 'PromoteRequested', at, by: 'ann', onlyStep: choice % 2 === 0 }),
  (at) => ({ type: 'PauseRequested', at, by: 'ann' }),
  (at) => ({ type: 'ResumeRequested', at, by: 'ann' }),
  (at) => ({ type: 'AbortRequested', at, by: 'ann' }),
  (at) => ({ type: 'CancelRequested', at, by: 'ann' }),
  (at) => ({ type: 'ApproveRequested', at, by: 'ann' }),
  (at) => ({ type: 'AcceptAsIsRequested', at, by: 'ann' }),
  (at) => ({ type: 'RestoreRequested', at, by: 'ann' }),
  (at) => ({ type: 'AbandonRequested', at, by: 'ann' }),
  (at) => ({ type: 'SupersedeRequested', at, by: 'ann', deploymentId: 'other', why: 'A newer one.' }),
];

function actOf(_state: RolloutState, { event, choice }: Dice, at: number): RolloutEvent {
  return (acts[(event + choice) % acts.length] as (typeof acts)[number])(at, choice);
}

const claimed: Maker = (state, _thrown, at) => {
  const moving = isMoving(state) ? state : undefined;
  const wanted = moving ? stepValue(moving, moving.step) : undefined;
  const token = moving?.revisionId ?? 'l0';
  return {
    type: 'ClaimTaken',
    at,
    command: moving ? 'ShiftWeight' : 'UpdateCode',
    token,
    ...(wanted ? { wanted } : {}),
  };
};

const makers: readonly Maker[] = [
  (_state, _thrown, at) => ({ type: 'Started', at }),
  claimed,
  (_state, thrown, at) => capturedEvent(thrown, at),
  (_state, thrown, at) => ({ type: 'AliasCaptured', at, ...seen(thrown) }),
  (_state, _thrown, at) => ({ type: 'ConfigurationUpdated', at }),
  (_state, thrown, at) => ({ type: 'LatestSettled', at, revisionId: 'l1', codeIsOurs: thrown.choice % 2 === 0 }),
  (_state, _thrown, at) => ({ type: 'LatestUnchanged', at }),
  (_state, _thrown, at) => ({ type: 'VersionPublished', at, version: '2' }),
  (_state, _thrown, at) => ({ type: 'VersionActivated', at }),
  (_state, thrown, at) => ({ type: 'ProbesBegun', at, round: 1 + (thrown.choice % 3) }),
  (_state, thrown, at) => probed(thrown, at),
  (_state, _thrown, at) => failure(at),
  (_state, thrown, at) => ({ type: 'WeightShifted', at, ...seen(thrown) }),
  (_state, thrown, at) => ({ type: 'Promoted', at, ...seen(thrown) }),
  (_state, thrown, at) => ({ type: 'Restored', at, ...seen(thrown) }),
  (_state, _thrown, at) => ({ type: 'OutcomeUnknown', at, sentence: 'No answer.' }),
  (_state, _thrown, at) => ({ type: 'WriteRefused', at, reason }),
  (_state, _thrown, at) => ({ type: 'WriteDeferred', at, sentence: 'Not now.' }),
  (_state, thrown, at) => ({ type: 'AliasConfirmed', at, ...seen(thrown) }),
  (_state, thrown, at) => ({
    type: 'AliasDrifted',
    at,
    expected: { version: '1' },
    observed: value(thrown),
    observedRevisionId: `t${thrown.choice}`,
  }),
  (_state, _thrown, at) => ({ type: 'TargetVanished', at, reason: { code: 'target_gone', sentence: 'Gone.' } }),
  (_state, thrown, at) => watched(thrown, at),
  (_state, _thrown, at) => ({ type: 'Outcome', at, of: 'Promote', sentence: 'Too late.' }),
  ...acts.map(
    (act): Maker =>
      (_state, thrown, at) =>
        act(at, thrown.choice),
  ),
];

/** `from > to` for every edge that any event, soon or much later, makes from any state of these histories. */
export function edgesOf(steps: readonly Step[]): string[] {
  const edges: string[] = [];
  for (const { after, at } of steps) {
    for (const event of [...everyEvent(after, at), ...everyEvent(after, at + 90_000_000, 1)]) {
      const next = transition(after, event);
      if (next.kind === 'moved') edges.push(edge(after.phase, next.state.phase));
    }
  }
  return [...edges, ...steps.map(({ before, after }) => edge(before.phase, after.phase))];
}

export function edge(from: Phase, to: Phase): string {
  return `${from} > ${to}`;
}
