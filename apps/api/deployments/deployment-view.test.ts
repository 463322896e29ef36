import { type DeploymentView, deploymentView as schema } from '#contracts';
import { beginRestore, queuedState, type RolloutEvent, type RolloutState, type StrategyInput } from '#rollout';
import type { DeploymentRow, EvidenceRecord } from '#store';
import { after, planOf } from '../../../test/world/rollouts.js';
import { deploymentView } from './deployment-view.js';

const START = Date.parse('2026-01-31T12:00:00Z');
const id = '6f1e0c1e-5a1b-4d2f-9a55-0f6d8a8f3c11';

const row = (state: RolloutState, more: Partial<DeploymentRow> = {}): DeploymentRow => ({
  id,
  projectId: 'default',
  target: {
    id,
    projectId: 'default',
    name: 'checkout',
    accountId: '000000000000',
    region: 'us-east-1',
    functionName: 'checkout-fn',
    aliasName: 'live',
    policy: 'queue',
    settings: {},
    createdAt: START,
    updatedAt: START,
  },
  artifactId: undefined,
  kind: state.kind,
  phase: state.phase,
  sequence: 5,
  state,
  request: {},
  requestedBy: 'ci',
  nextAt: undefined,
  leaseUntil: undefined,
  evidence: undefined,
  lastHash: '',
  createdAt: START,
  updatedAt: START,
  endedAt: undefined,
  readAt: START,
  ...more,
});

const show = (state: RolloutState, more: Partial<DeploymentRow> = {}): DeploymentView =>
  schema.parse(deploymentView(row(state, more), undefined));

const at = START;
const captured: RolloutEvent = {
  type: 'RollbackPointCaptured',
  at,
  needsConfiguration: false,
  nothingToDo: false,
  captured: {
    point: { version: '4' },
    aliasRevisionId: 'token-a',
    latestRevisionId: 'token-l',
    codeSha256: 'c2hh',
    needsCode: true,
    highestVersion: 4,
  },
};
const preparing = (strategy: StrategyInput = 'canary') =>
  after(queuedState(planOf(strategy), at), { type: 'Started', at }, captured);
const active = (strategy: StrategyInput = 'canary') =>
  after(preparing(strategy), { type: 'VersionPublished', at, version: '5' }, { type: 'VersionActivated', at });
const value = { version: '4', canary: { version: '5', weightPercent: 10 } };
const baking = (strategy: StrategyInput = 'canary') =>
  after(active(strategy), { type: 'WeightShifted', at, value, revisionId: 'token-b' });
const evidence = (numbers: object, verdict: EvidenceRecord['verdict'] = 'continue'): EvidenceRecord => ({
  verdict,
  sentence: 'Looking.',
  numbers: numbers as EvidenceRecord['numbers'],
  judge: { secret: 'judge-state' },
  at,
});

describe('the headline says what is going on and why', () => {
  const cases: [string, () => DeploymentView, string | RegExp][] = [
    ['in line', () => show(queuedState(planOf('canary'), at)), 'Waiting in line for its target.'],
    ['uploading', () => show(preparing()), 'Uploading the code; no traffic has moved.'],
    ['shifting', () => show(active()), 'Shifting to 90 % on version 4, 10 % on version 5.'],
    ['baking', () => show(baking(), { readAt: START + 286_000 }), '10 % on version 5, baking, 14 s left.'],
    ['baking for minutes', () => show(baking()), '10 % on version 5, baking, 5m left.'],
    [
      'with evidence',
      () =>
        show(baking(), {
          readAt: START + 286_000,
          evidence: evidence({ canary: { errorRate: 0.002 }, stable: { errorRate: 0.001 } }),
        }),
      '10 % on version 5, baking, 14 s left; errors 0.2 % vs 0.1 %.',
    ],
    [
      'with evidence of the canary alone',
      () => show(baking(), { evidence: evidence({ canary: { errorRate: 0.25 }, stable: { errorRate: null } }) }),
      '10 % on version 5, baking, 5m left; errors 25 %.',
    ],
    ['adaptive', () => show(baking('adaptive')), '10 % on version 5, going as far as the evidence allows.'],
    [
      'paused',
      () => show(after(baking(), { type: 'PauseRequested', at, by: 'ada' })),
      '10 % on version 5, paused by ada; unless resumed, it goes back in 1d.',
    ],
    [
      'rolling back',
      () => show(after(baking(), { type: 'AbortRequested', at, by: 'ada', why: 'smells' })),
      'Putting version 4 back: smells',
    ],
    [
      'drifted',
      () => show(drifted()),
      'Somebody else moved the alias: expected 90 % on version 4, 10 % on version 5; found 100 % on version 9. Nothing was overwritten; a person must choose.',
    ],
    ['restoring', () => show(beginRestore('3', undefined, at)), 'Looking at the alias before version 3 is put back.'],
  ];
  test.each(cases)('%s', (_, make, sentence) => {
    expect(make().headline).toEqual(sentence);
  });
});

function drifted(): RolloutState {
  return after(baking(), {
    type: 'AliasDrifted',
    at,
    expected: value,
    observed: { version: '9' },
    observedRevisionId: 'token-x',
  });
}

test('a live canary shows where it is, what it can be put back to, and how to do that without Sluice', () => {
  expect(show(baking())).toMatchObject({
    step: 0,
    steps: [{ weightPercent: 10, bakeSeconds: 300, gates: ['analysis'] }],
    stableVersion: '4',
    canaryVersion: '5',
    weightPercent: 10,
    alias: value,
    bakeStartedAt: '2026-01-31T12:00:00.000Z',
    bakeUntil: '2026-01-31T12:05:00.000Z',
    rollbackPoint: { version: '4' },
    restoreCommand:
      'aws lambda update-alias --function-name checkout-fn --name live --function-version 4 --routing-config \'{"AdditionalVersionWeights":{}}\' --region us-east-1',
    allowedActions: ['promote', 'pause', 'abort'],
  });
});

test('before the rollback point is known there is nothing to put back', () => {
  const view = show(queuedState(planOf('canary'), at));
  expect(view).toMatchObject({ rollbackPoint: null, restoreCommand: null, step: null, weightPercent: 0, alias: null });
});

test('drift shows what was expected, what was found, and what can be chosen', () => {
  expect(show(drifted())).toMatchObject({
    drift: { expected: value, observed: { version: '9' } },
    reason: { code: 'drifted', remedy: expect.stringContaining('sluice resolve') },
    allowedActions: ['abort', 'accept-as-is', 'restore', 'abandon'],
  });
});

test('a remedy names the target it is for', () => {
  const reason = { code: 'alias_weighted', sentence: 'The alias splits its traffic.' } as const;
  const view = show(
    after(queuedState(planOf('canary'), at), { type: 'Started', at }, { type: 'PreparationFailed', at, reason }),
  );
  expect(view).toMatchObject({ phase: 'failed', ended: true });
  expect(view.reason?.remedy).toContain('sluice settle checkout --to <version>');
});

test('tokens, claims and the judge’s state never leave', () => {
  const claimed = after(active(), { type: 'ClaimTaken', at, command: 'ShiftWeight', token: 'token-a', wanted: value });
  const text = JSON.stringify(show(claimed, { evidence: evidence({}) }));
  expect(text).not.toMatch(/token-|judge-state|claim|intents|revisionId|lastHash/);
});

test('a canary that fails by the last verdict cannot be promoted', () => {
  const view = show(baking(), { evidence: evidence({}, 'fail') });
  expect(view.allowedActions).toEqual(['pause', 'abort']);
});
