import { isHeld } from './acts.js';
import type { VerdictKind } from './event.js';
import { isEnd, type RolloutState } from './state.js';
import { mayLandUntil } from './unanswered.js';

/** What a person can ask of a deployment. */
export const actions = [
  'promote',
  'pause',
  'resume',
  'abort',
  'cancel',
  'approve',
  'accept-as-is',
  'restore',
  'abandon',
] as const;
export type Action = (typeof actions)[number];

export type GuardCode =
  | 'deployment_ended'
  | 'not_queued'
  | 'not_pausable'
  | 'not_paused'
  | 'not_promotable'
  | 'canary_failing'
  | 'nothing_to_approve'
  | 'not_held'
  | 'write_may_land'
  | 'sequence_stale';

export interface GuardContext {
  /** The judge's last word on the live canary. */
  readonly verdict?: VerdictKind | null;
  /** The row's sequence, and the one the person saw; promote and approve must name it. */
  readonly sequence?: number;
  readonly seenSequence?: number;
  /** Now, in milliseconds of database time; without it a write that was given up counts as still under way. */
  readonly at?: number;
}

/** May this be done now? The API asks to answer early, the worker and the buttons ask the same. `undefined` = yes. */
export function guard(state: RolloutState, action: Action, context: GuardContext = {}): GuardCode | undefined {
  if (isEnd(state)) return 'deployment_ended';
  switch (action) {
    case 'abort':
      return undefined;
    case 'cancel':
      return state.phase === 'queued' ? undefined : 'not_queued';
    case 'pause':
      return ['shifting', 'baking', 'gated', 'paused'].includes(state.phase) ? undefined : 'not_pausable';
    case 'resume':
      return state.phase === 'paused' ? undefined : 'not_paused';
    case 'promote':
      return guardPromote(state, context);
    case 'approve':
      if (state.phase !== 'gated' || state.gate !== 'approval') return 'nothing_to_approve';
      return isStale(context) ? 'sequence_stale' : undefined;
    case 'restore':
      return isHeld(state) ? undefined : 'not_held';
    case 'accept-as-is':
    case 'abandon':
      if (!isHeld(state)) return 'not_held';
      return mayLandUntil(state, context.at ?? 0) === undefined ? undefined : 'write_may_land';
  }
}

function guardPromote(state: RolloutState, context: GuardContext): GuardCode | undefined {
  if (!['baking', 'gated', 'paused'].includes(state.phase)) return 'not_promotable';
  if (context.verdict === 'fail') return 'canary_failing';
  return isStale(context) ? 'sequence_stale' : undefined;
}

function isStale({ sequence, seenSequence }: GuardContext): boolean {
  return seenSequence !== undefined && seenSequence !== sequence;
}

/** The actions open right now, in the order a person would look for them. */
export function allowedActions(state: RolloutState, context: Omit<GuardContext, 'seenSequence'> = {}): Action[] {
  return actions.filter((action) => guard(state, action, context) === undefined);
}
