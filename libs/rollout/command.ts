import type { AliasValue } from './alias-value.js';
import { type Captured, isEnd, type Moving, type Preparing, type RolloutState } from './state.js';

/** What to do next. Commands that write to Lambda carry the token they must name. */
export type Command =
  | { readonly type: 'Start' }
  | { readonly type: 'CaptureRollbackPoint' }
  | { readonly type: 'CaptureAlias' }
  | { readonly type: 'UpdateConfiguration'; readonly token: string }
  | { readonly type: 'AwaitLatestSettled' }
  | { readonly type: 'UpdateCode'; readonly token: string }
  | { readonly type: 'PublishVersion'; readonly token: string }
  | { readonly type: 'AwaitVersionActive'; readonly version: string }
  /** Invoke the payloads on both versions; under a lease, and begun again when its holder is gone. */
  | { readonly type: 'Probe'; readonly canary: string; readonly round: number }
  | AliasWrite
  /** A write's outcome is unknown: read `$LATEST` (and the versions) and say what holds. */
  | { readonly type: 'ResolvePublish' }
  /** A write's outcome is unknown: read the alias and say what holds. */
  | { readonly type: 'ResolveAlias' }
  /** Judge the evidence; leave the step when bake and gates allow it. */
  | { readonly type: 'Watch' };

export interface AliasWrite {
  readonly type: 'ShiftWeight' | 'Promote' | 'Restore';
  readonly token: string;
  readonly wanted: AliasValue;
}

export type WriteCommand = Extract<Command, { readonly token: string }>;

export function isWrite(command: Command): command is WriteCommand {
  return 'token' in command;
}

/**
 * The one command that a state calls for; `undefined` for ends and for states that wait for a person.
 * A state with a claim always asks for the read that resolves it: whoever holds a live lease is still acting on it.
 */
export function nextCommand(state: RolloutState): Command | undefined {
  if (isEnd(state)) return undefined;
  if (state.phase === 'queued') return { type: 'Start' };
  if (state.phase === 'preparing') return prepareCommand(state);
  if (state.claim) return { type: 'ResolveAlias' };
  switch (state.phase) {
    case 'shifting':
      return { type: 'ShiftWeight', token: state.revisionId, wanted: stepValue(state, state.step) };
    case 'promoting':
      return { type: 'Promote', token: state.revisionId, wanted: { version: state.canary } };
    case 'rolling_back':
      return { type: 'Restore', token: state.revisionId, wanted: { version: state.point.version } };
    case 'baking':
    case 'gated':
    case 'paused':
      return { type: 'Watch' };
    case 'drifted':
    case 'needs_human':
      return undefined;
  }
}

function prepareCommand(state: Preparing): Command {
  if (state.kind === 'restore') return { type: 'CaptureAlias' };
  const { captured } = state;
  if (!captured) return { type: 'CaptureRollbackPoint' };
  if (state.claim) return { type: 'ResolvePublish' };
  return stageCommand(state, captured);
}

function stageCommand(state: Preparing, captured: Captured): Command {
  switch (state.stage) {
    case 'configure':
      return { type: 'UpdateConfiguration', token: captured.latestRevisionId };
    case 'settle':
      return { type: 'AwaitLatestSettled' };
    case 'update_code':
      return { type: 'UpdateCode', token: captured.latestRevisionId };
    case 'activate':
      return { type: 'AwaitVersionActive', version: state.published ?? '' };
    case 'probe':
      return { type: 'Probe', canary: state.published ?? '', round: (state.probeRounds ?? 0) + 1 };
    default:
      return { type: 'PublishVersion', token: captured.latestRevisionId };
  }
}

/** The alias while a step holds: stable stays primary, so that losing the routing sends everybody to stable. */
export function stepValue(state: Pick<Moving, 'plan' | 'point' | 'canary' | 'weightTarget'>, step: number): AliasValue {
  const weightPercent = state.plan.adaptive ? state.weightTarget : state.plan.steps[step]?.weightPercent;
  if (weightPercent === undefined) return { version: state.canary };
  return { version: state.point.version, canary: { version: state.canary, weightPercent } };
}
