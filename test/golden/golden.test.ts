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

test('every end there is, and every act of a person, stands in some golden history', () => {
  const ends = new Set(goldens.map(([, { lines }]) => lines.at(-1)?.state.phase));
  expect([...ends].sort()).toEqual([...endPhases].sort());
  const acts = goldens.flatMap(([, { lines }]) =>
    lines.map(({ event }) => event.type).filter((type) => type.endsWith('Requested')),
  );
  expect([...new Set(acts)].sort()).toEqual([
    'AbandonRequested',
    'AbortRequested',
    'AcceptAsIsRequested',
    'ApproveRequested',
    'CancelRequested',
    'PauseRequested',
    'PromoteRequested',
    'RestoreRequested',
    'ResumeRequested',
    'SupersedeRequested',
  ]);
});
