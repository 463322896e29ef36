import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endPhases, type RolloutEvent, type RolloutState } from '#rollout';
import { verifyChain } from '../../libs/store/events.js';
import { parseState } from '../../libs/store/rollout-state.js';
import { type GoldenHead, type GoldenLine, replay, withoutPlan } from './history.js';

const FOLDER = join('test', 'golden', 'histories');

interface Golden {
  readonly head: GoldenHead;
  readonly lines: readonly GoldenLine[];
}

function readGolden(path: string): Golden {
  const [head, ...lines] = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  return { head: head as GoldenHead, lines: lines as GoldenLine[] };
}

const goldens = readdirSync(FOLDER).flatMap((release) =>
  readdirSync(join(FOLDER, release)).map((file): [string, Golden] => [
    `${release}: ${file}`,
    readGolden(join(FOLDER, release, file)),
  ]),
);

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe.each(goldens)('%s', (_file, { head, lines }) => {
  const stored = lines.map(({ state }) => ({ ...state, plan: head.plan }));

  test('every recorded state is one that this release can read', () => {
    for (const state of stored) expect(plain(parseState(state, head.story))).toEqual(state);
  });

  test('its events lead today through the same states', () => {
    const events = lines.slice(1).map(({ event }) => event as RolloutEvent);
    const states = replay(stored[0] as RolloutState, events);
    expect(plain(states.map(withoutPlan))).toEqual(lines.map(({ state }) => state));
  });

  test('its chain of hashes still holds, and would not with any event changed', () => {
    const events = lines.map(({ seq, hash, event }) => ({
      deploymentId: head.story,
      seq,
      type: event.type,
      data: event,
      actor: '',
      hash,
      at: event.at,
    }));
    expect(verifyChain(events)).toEqual({ ok: true });
    const changed = events.map((event) => (event.seq === 2 ? { ...event, data: { ...event.data, at: 1 } } : event));
    expect(verifyChain(changed)).toEqual({ ok: false, seq: 2 });
  });
});

/** Whether an event is told by some story. The compiler insists on a word for each. */
const TOLD: Record<RolloutEvent['type'] | 'Accepted', boolean> = {
  Accepted: true,
  Started: true,
  ClaimTaken: true,
  RollbackPointCaptured: true,
  AliasCaptured: true,
  ConfigurationUpdated: true,
  LatestSettled: true,
  LatestUnchanged: true,
  VersionPublished: true,
  VersionActivated: true,
  ProbesBegun: true,
  Probed: true,
  PreparationFailed: true,
  WeightShifted: true,
  Promoted: true,
  Restored: true,
  OutcomeUnknown: true,
  WriteRefused: true,
  WriteDeferred: true,
  AliasConfirmed: true,
  AliasDrifted: true,
  TargetVanished: true,
  Watched: true,
  // Only a worker that was frozen and taken over writes it; it changes no state, and the simulator plays it.
  Outcome: false,
  PromoteRequested: true,
  PauseRequested: true,
  ResumeRequested: true,
  AbortRequested: true,
  CancelRequested: true,
  ApproveRequested: true,
  AcceptAsIsRequested: true,
  RestoreRequested: true,
  AbandonRequested: true,
  SupersedeRequested: true,
};

test('every end there is, and every event, stands in some golden history', () => {
  const ends = new Set(goldens.map(([, { lines }]) => lines.at(-1)?.state.phase));
  expect([...ends].sort()).toEqual([...endPhases].sort());
  const events = new Set(goldens.flatMap(([, { lines }]) => lines.map(({ event }) => event.type)));
  const told = Object.entries(TOLD).flatMap(([type, is]) => (is ? [type] : []));
  expect([...events].sort()).toEqual(told.sort());
});
