import type { FunctionAddress } from '#aws';
import type { Command, RolloutEvent, RolloutState } from '#rollout';
import type { DeploymentRow, EvidenceRecord } from '#store';
import type { WorkerParts } from './parts.js';

/** One look at one deployment: the row as it was read, and the time that has passed since, on database time. */
export interface Turn<C extends Command = Command, S extends RolloutState = RolloutState> {
  readonly parts: WorkerParts;
  readonly row: DeploymentRow;
  readonly state: S;
  readonly command: C;
  readonly fn: FunctionAddress;
  /** Now, in milliseconds of database time: the time the row was read plus what this process's own clock measured. */
  at(): number;
  readonly signal: AbortSignal;
}

/** What the judge has made of the evidence, and the blocks it was fed since the last look. */
export interface Seen {
  readonly evidence: EvidenceRecord;
  readonly blocks: readonly object[];
}

/**
 * What a command came to: a fact to record, or nothing yet and when to look again. Waiting is a value; no worker
 * sleeps on behalf of a deployment.
 */
export type Answer =
  | {
      readonly kind: 'event';
      readonly event: RolloutEvent;
      readonly seen?: Seen;
      readonly delayMs?: number;
    }
  | { readonly kind: 'wait'; readonly delayMs: number; readonly seen?: Seen };

export function happened(event: RolloutEvent, delayMs?: number): Answer {
  return delayMs === undefined ? { kind: 'event', event } : { kind: 'event', event, delayMs };
}

export function wait(delayMs: number): Answer {
  return { kind: 'wait', delayMs };
}

/** A read may take this long; the lease of a claim outlives every write by a second. */
export const READ_TIMEOUT_MS = 3_000;
