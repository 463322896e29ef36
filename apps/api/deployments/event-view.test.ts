import type { RolloutEvent } from '#rollout';
import type { EventRow } from '#store';
import { eventView } from './event-view.js';

const value = { version: '4', canary: { version: '5', weightPercent: 10 } };
const reason = { code: 'write_refused', sentence: 'Lambda said no.' } as const;
const at = 0;
const by = 'ada';

/** One of each kind; the type makes a missing one a compile error. */
const events: { readonly [K in RolloutEvent['type']]: Extract<RolloutEvent, { type: K }> } = {
  Started: { type: 'Started', at },
  ClaimTaken: { type: 'ClaimTaken', at, command: 'ShiftWeight', token: 'secret-token', wanted: value },
  RollbackPointCaptured: {
    type: 'RollbackPointCaptured',
    at,
    needsConfiguration: false,
    nothingToDo: false,
    captured: {
      point: { version: '4' },
      aliasRevisionId: 'secret-token',
      latestRevisionId: 'secret-token',
      codeSha256: 'c2hh',
      needsCode: true,
      highestVersion: 4,
    },
  },
  AliasCaptured: { type: 'AliasCaptured', at, value, revisionId: 'secret-token' },
  ConfigurationUpdated: { type: 'ConfigurationUpdated', at },
  LatestSettled: { type: 'LatestSettled', at, revisionId: 'secret-token', codeIsOurs: true },
  LatestUnchanged: { type: 'LatestUnchanged', at },
  VersionPublished: { type: 'VersionPublished', at, version: '5' },
  VersionActivated: { type: 'VersionActivated', at },
  ProbesBegun: {
    type: 'ProbesBegun',
    at,
    round: 2,
    fromLog: { payloads: 3, by: 'ann', at: '2026-01-02T03:04:05.000Z' },
  },
  Probed: {
    type: 'Probed',
    at,
    verdict: 'fail',
    sentence: 'Version 5 fails 1 of 2 probes.',
    payloads: 2,
    stable: { succeeded: 4, failed: 0 },
    canary: { succeeded: 1, failed: 3 },
    failed: [{ payload: 2, errorType: 'TypeError' }],
  },
  PreparationFailed: { type: 'PreparationFailed', at, reason },
  WeightShifted: { type: 'WeightShifted', at, value, revisionId: 'secret-token' },
  Promoted: { type: 'Promoted', at, value: { version: '5' }, revisionId: 'secret-token' },
  Restored: { type: 'Restored', at, value: { version: '4' }, revisionId: 'secret-token' },
  OutcomeUnknown: { type: 'OutcomeUnknown', at, sentence: 'No answer came.' },
  WriteRefused: { type: 'WriteRefused', at, reason },
  WriteDeferred: { type: 'WriteDeferred', at, sentence: 'Throttled.' },
  AliasConfirmed: { type: 'AliasConfirmed', at, value, revisionId: 'secret-token' },
  AliasDrifted: {
    type: 'AliasDrifted',
    at,
    expected: value,
    observed: { version: '9' },
    observedRevisionId: 'secret-token',
  },
  TargetVanished: { type: 'TargetVanished', at, reason },
  Watched: { type: 'Watched', at, verdict: 'pass', sentence: 'No worse.', ramp: { kind: 'shift', weightPercent: 20 } },
  Outcome: { type: 'Outcome', at, of: 'ShiftWeight', sentence: 'It had landed.' },
  PromoteRequested: { type: 'PromoteRequested', at, by, onlyStep: false },
  PauseRequested: { type: 'PauseRequested', at, by },
  ResumeRequested: { type: 'ResumeRequested', at, by },
  AbortRequested: { type: 'AbortRequested', at, by, why: 'it smells' },
  CancelRequested: { type: 'CancelRequested', at, by },
  ApproveRequested: { type: 'ApproveRequested', at, by },
  AcceptAsIsRequested: { type: 'AcceptAsIsRequested', at, by },
  RestoreRequested: { type: 'RestoreRequested', at, by },
  AbandonRequested: { type: 'AbandonRequested', at, by },
  SupersedeRequested: {
    type: 'SupersedeRequested',
    at,
    by,
    deploymentId: 'd',
    why: 'A newer deployment took its place.',
  },
};

const show = (data: EventRow['data']) =>
  eventView({ deploymentId: 'd', seq: 1, type: data.type, data, actor: 'worker', hash: 'secret-hash', at });

test.each(Object.values(events))('$type is told in a sentence, and without its tokens', (event) => {
  const view = show(event);
  expect(view.sentence).toMatch(/^(\p{Lu}|ada ).*[.s]$/u);
  expect(view.sentence).not.toBe(event.type);
  expect(JSON.stringify(view)).not.toContain('secret-');
});

test('facts keep their names and people their words', () => {
  expect(show(events.WeightShifted)).toMatchObject({ data: { value } });
  expect(show(events.AliasDrifted)).toMatchObject({ data: { expected: value, observed: { version: '9' } } });
  expect(show(events.RollbackPointCaptured)).toMatchObject({ data: { rollbackPoint: { version: '4' } } });
  expect(show(events.Watched)).toMatchObject({ data: { verdict: 'pass', ramp: { weightPercent: 20 } } });
  expect(show(events.AbortRequested).sentence).toBe('ada aborted it: it smells');
  expect(show({ type: 'Accepted', at, by: 'ci' }).sentence).toBe('ci asked for it.');
});

test('probes from the log say who allowed them, also where there were none', () => {
  const begun = (payloads: number) =>
    show({ type: 'ProbesBegun', at, round: 1, fromLog: { payloads, by: 'ann', at: '2026-01-02T03:04:05.000Z' } })
      .sentence;
  expect(begun(3)).toBe(
    'Probes are being sent to both versions: 3 from the function’s log, as ann allowed on 2026-01-02.',
  );
  expect(begun(0)).toBe('The function’s log was looked at for payloads, as ann allowed on 2026-01-02.');
});

test('an event of a newer release is shown by its name', () => {
  expect(show({ type: 'Teleported', at } as never)).toMatchObject({ type: 'Teleported', sentence: 'Teleported' });
});
