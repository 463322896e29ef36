import { type Command, isMoving, type MovingState } from '#rollout';
import { capturedOf, type Prepared } from '../claim.js';
import { leaseFor } from '../lease.js';
import type { Answer, Turn } from '../turn.js';
import { awaitLatestSettled } from './await-latest-settled.js';
import { awaitVersionActive } from './await-version-active.js';
import { captureAlias } from './capture-alias.js';
import { captureRollbackPoint } from './capture-rollback-point.js';
import { type Change, prepareChange } from './change-function.js';
import { publishVersion } from './publish-version.js';
import { resolveAlias } from './resolve-alias.js';
import { resolvePublish } from './resolve-publish.js';
import { updateCode } from './update-code.js';
import { updateConfiguration } from './update-configuration.js';
import { watch } from './watch.js';
import { writeAlias } from './write-alias.js';

/** One command, one file; `prepared` is what was gathered before a write's claim. */
export async function runCommand(
  turn: Turn<Exclude<Command, { type: 'Start' | 'Probe' }>>,
  prepared: Prepared | undefined,
): Promise<Answer> {
  const { command } = turn;
  const timeoutMs = prepared?.timeoutMs ?? leaseFor(0).timeoutMs;
  switch (command.type) {
    case 'CaptureRollbackPoint':
      return captureRollbackPoint(turn);
    case 'CaptureAlias':
      return captureAlias(turn);
    case 'UpdateConfiguration':
      return updateConfiguration({ ...turn, command }, needed(prepared?.change), timeoutMs);
    case 'AwaitLatestSettled':
      return withChange(turn, (change) => awaitLatestSettled(turn, change, capturedOf(turn)));
    case 'UpdateCode':
      return updateCode({ ...turn, command }, needed(prepared?.code), capturedOf(turn), timeoutMs);
    case 'PublishVersion':
      return publishVersion({ ...turn, command }, capturedOf(turn), timeoutMs);
    case 'AwaitVersionActive':
      return awaitVersionActive({ ...turn, command });
    case 'ResolvePublish':
      return withChange(turn, (change) => resolvePublish(turn, claimOf(turn), change, capturedOf(turn)));
    case 'ShiftWeight':
    case 'Promote':
    case 'Restore':
      return writeAlias({ ...turn, command }, timeoutMs);
    case 'ResolveAlias':
      return resolveAlias(turn, movingOf(turn));
    case 'Watch':
      return watch(turn, bakeOf(turn));
  }
}

async function withChange(turn: Turn, work: (change: Change) => Answer | Promise<Answer>): Promise<Answer> {
  const change = await prepareChange(turn, capturedOf(turn).point.version);
  return 'kind' in change ? change : work(change);
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('A write was begun before what it sends was gathered.');
  return value;
}

function claimOf({ state }: Turn) {
  if (state.phase !== 'preparing' || !state.claim) throw new Error('There is no claim to resolve.');
  return state.claim;
}

function movingOf({ state }: Turn): MovingState {
  if (!isMoving(state)) throw new Error(`No alias is moved while ${state.phase}.`);
  return state;
}

function bakeOf(turn: Turn) {
  const state = movingOf(turn);
  if (state.phase === 'baking' || state.phase === 'gated' || state.phase === 'paused') return state;
  throw new Error(`No canary is watched while ${state.phase}.`);
}
