import type { CodeSource } from '#aws';
import type { Captured, RolloutEvent, WriteCommand } from '#rollout';
import { findCode, uploadBytes } from './code.js';
import { type Change, prepareChange } from './commands/change-function.js';
import { backoffMs, failed } from './faults.js';
import { keepingArmed } from './keep-armed.js';
import { LEAST_CALL_MS, leaseFor } from './lease.js';
import { LARGEST_PACKAGE_BYTES } from './package-room.js';
import { takeSlot } from './readings.js';
import { type Answer, happened, type Turn, wait } from './turn.js';

/** Everything a write needs, gathered before its claim: inside a lease only the one call is made. */
export interface Prepared {
  readonly leaseMs: number;
  readonly timeoutMs: number;
  readonly change?: Change;
  readonly code?: CodeSource;
  /** To be called when the write has ended: the package is let go of. */
  readonly leave?: () => void;
}

/** Gathers what the write needs; an `Answer` when that shows that the write cannot or need not be made. */
export async function prepareWrite(turn: Turn<WriteCommand>): Promise<Prepared | Answer> {
  const { state, command } = turn;
  if (command.type !== 'UpdateCode' && command.type !== 'UpdateConfiguration') return leaseFor(0);
  const captured = capturedOf(turn);
  const change = await prepareChange(turn, captured.point.version);
  if ('kind' in change) return change;
  if (command.type === 'UpdateConfiguration') return { change, ...leaseFor(0) };
  const leave = turn.parts.packages?.enter(packageBytes(change));
  if (turn.parts.packages && !leave) return wait(backoffMs({}));
  const found = await keepingArmed(turn, (signal) =>
    findCode(turn.parts, change.artifact, change.stable, signal),
  ).catch((error: unknown) => {
    leave?.();
    throw error;
  });
  if (found.ok) return { change, code: found.code, ...leaseFor(uploadBytes(found.code)), ...(leave ? { leave } : {}) };
  leave?.();
  if (found.again) return wait(backoffMs({}));
  return failed(
    turn.at(),
    state.kind === 'rollout' && change.artifact ? 'artifact_missing' : 'write_refused',
    found.sentence,
  );
}

/** What the code to send will take of memory: nothing where Lambda fetches it by itself. */
function packageBytes({ artifact, stable }: Change): number {
  if (artifact) return artifact.kind === 'zip' && artifact.storage['key'] === undefined ? (artifact.sizeBytes ?? 0) : 0;
  return stable.packageType === 'Image' ? 0 : LARGEST_PACKAGE_BYTES;
}

/** The intent, as the history keeps it. */
export function claimEvent(command: WriteCommand, at: number): RolloutEvent {
  const wanted = 'wanted' in command ? { wanted: command.wanted } : {};
  return { type: 'ClaimTaken', at, command: command.type, token: command.token, ...wanted };
}

/** A claim that took longer than this has missed its slot: the calls of a second that it stood still would leave as one. */
const LATE_CLAIM_MS = 100;
const HELD_UP = 'The database held the claim up; the write is claimed anew.';

/**
 * What may be done under a claim whose slot came at `slotAt`: the call with what is left of the lease, after another slot
 * where the claim has missed the first; or nothing, and the claim is given back. A rollback is late by then, and waits for
 * no other slot; but beyond its lease it does not go out either.
 */
export async function afterLateClaim(
  turn: Turn<WriteCommand>,
  prepared: Prepared,
  slotAt: number,
  lane: 'ordinary' | 'rollback',
): Promise<Prepared | Answer> {
  const { clock } = turn.parts;
  if (clock.monotonic() - slotAt <= LATE_CLAIM_MS) return prepared;
  const slot = lane === 'ordinary' ? await takeSlot(turn, lane) : undefined;
  const timeoutMs = prepared.timeoutMs - (clock.monotonic() - slotAt);
  if (!slot && timeoutMs >= LEAST_CALL_MS) return { ...prepared, timeoutMs };
  const delayMs = slot?.kind === 'wait' ? slot.delayMs : 0;
  return happened({ type: 'WriteDeferred', at: turn.at(), sentence: HELD_UP }, delayMs);
}

/** What preparing captured; commands that need it exist only in states that have it. */
export function capturedOf({ state }: Turn): Captured {
  if (state.phase !== 'preparing' || !state.captured)
    throw new Error(`There is nothing captured while ${state.phase}.`);
  return state.captured;
}
