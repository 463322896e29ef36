import type { AliasValue } from './alias-value.js';
import type { Plan } from './plan.js';

/** `rollout` introduces a version; `restore` puts an earlier one back with one write. */
export type DeploymentKind = 'rollout' | 'restore';

/** The alias as it was before the first shift: one version with all traffic. */
export interface RollbackPoint {
  readonly version: string;
}

/** Why a deployment stopped or turned back: a code for machines, a sentence for the person on call. */
export interface Reason {
  readonly code: ReasonCode;
  readonly sentence: string;
  /** Who asked, when a person did. */
  readonly by?: string;
}

export type ReasonCode =
  | 'aborted'
  | 'cancelled'
  | 'superseded'
  | 'verdict_failed'
  | 'inconclusive'
  | 'approval_deadline'
  | 'pause_deadline'
  | 'prepare_deadline'
  | 'alias_weighted'
  | 'alias_on_latest'
  | 'alias_missing'
  | 'alias_moved'
  | 'function_missing'
  | 'latest_changed'
  | 'secrets_unreadable'
  | 'update_failed'
  | 'version_failed'
  | 'version_not_found'
  | 'probes_failed'
  | 'probes_inconclusive'
  | 'probes_refused'
  | 'alarm_red'
  | 'alarms_unreadable'
  | 'write_refused'
  | 'artifact_missing'
  | 'rollback_point_gone'
  | 'drifted'
  | 'target_gone'
  | 'restore_requested'
  | 'accepted_as_is'
  | 'abandoned';

/** A Lambda write under way: recorded before the write leaves, cleared by the event that says how it ended. */
export interface Claim {
  readonly command: WriteName;
  /** The RevisionId the write names; learned before this claim. */
  readonly token: string;
  /** For alias writes: the full value wanted. */
  readonly wanted?: AliasValue;
  /** The write's answer never came, or its token was refused: only a read tells what holds. */
  readonly unresolved?: boolean;
}

export type WriteName = 'UpdateConfiguration' | 'UpdateCode' | 'PublishVersion' | 'ShiftWeight' | 'Promote' | 'Restore';

interface Underway {
  readonly kind: DeploymentKind;
  readonly plan: Plan;
}

export interface Queued extends Underway {
  readonly phase: 'queued';
  readonly since: number;
  /** For a restore: the version wanted. */
  readonly restoreTo?: string;
}

/** What preparing learned when it captured the rollback point. */
export interface Captured {
  readonly point: RollbackPoint;
  /** The alias's RevisionId at capture: the token of the first shift. */
  readonly aliasRevisionId: string;
  /** `$LATEST`'s RevisionId, as last read. */
  readonly latestRevisionId: string;
  /** Base64 SHA-256 of the code this deployment ships. */
  readonly codeSha256: string;
  readonly needsCode: boolean;
  /** The highest version number known before anything was published: an unknown publish is looked for above it. */
  readonly highestVersion: number;
}

export type PrepareStage = 'configure' | 'settle' | 'update_code' | 'publish' | 'activate' | 'probe';

export interface Preparing extends Underway {
  readonly phase: 'preparing';
  readonly deadlineAt: number;
  readonly restoreTo?: string;
  /** Absent until the rollback point is captured. */
  readonly captured?: Captured;
  readonly stage?: PrepareStage;
  /** The canary's number once published. */
  readonly published?: string;
  /** Where an adaptive rollout will begin, once the version is active. */
  readonly firstWeightPercent?: number;
  /** How often the probes were begun: once, unless a worker ended among them. */
  readonly probeRounds?: number;
  readonly claim?: Claim;
}

/** What every phase that can move traffic has: without a rollback point there is no such state. */
export interface Moving extends Underway {
  readonly point: RollbackPoint;
  readonly canary: string;
  /** The alias's RevisionId as our last confirmed write or read returned it. */
  readonly revisionId: string;
  /** The alias as last confirmed. */
  readonly value: AliasValue;
  /** Every value this deployment may have written, the rollback point included. */
  readonly intents: readonly AliasValue[];
  /** Index of the step being entered or held; `plan.steps.length` means the promotion. Adaptive: shifts so far. */
  readonly step: number;
  /** Adaptive plans: the weight being entered or held, in percent. */
  readonly weightTarget?: number;
  readonly claim?: Claim;
  /** When the last write was given up whose answer never came, under the token above: until that dies it may land. */
  readonly unansweredAt?: number;
}

export interface Shifting extends Moving {
  readonly phase: 'shifting';
  /** Somebody asked for a pause while the write was under way: it takes effect once the weight is confirmed. */
  readonly pauseAsked?: { readonly by: string };
}

interface BakeFacts {
  readonly bakeStartedAt: number;
  readonly bakeUntil: number;
  /** When the alias was last seen to hold this weight. */
  readonly confirmedAt: number;
}

export interface Baking extends Moving, BakeFacts {
  readonly phase: 'baking';
}

export interface Gated extends Moving, BakeFacts {
  readonly phase: 'gated';
  readonly gate: 'analysis' | 'approval';
  readonly since: number;
  readonly deadlineAt: number;
  /** Set when the deadline passed and the policy is to hold. */
  readonly held?: boolean;
}

export interface Paused extends Moving, BakeFacts {
  readonly phase: 'paused';
  readonly by: string;
  readonly since: number;
  readonly deadlineAt: number;
  /** Where to go on: the gate that was being waited for, or none. */
  readonly gate?: Gated['gate'];
}

export interface Promoting extends Moving {
  readonly phase: 'promoting';
}

export interface RollingBack extends Moving {
  readonly phase: 'rolling_back';
  readonly reason: Reason;
  /** The alias before a restore, so that the restore itself can be undone. */
  readonly before?: AliasValue;
}

/** Somebody else moved the alias: nothing is overwritten until a person chooses. */
export interface Drifted extends Moving {
  readonly phase: 'drifted';
  readonly expected: AliasValue;
  readonly observed: AliasValue;
  readonly observedRevisionId: string;
}

/** The restore itself was refused: a person must mend what refuses it. */
export interface NeedsHuman extends Moving {
  readonly phase: 'needs_human';
  readonly reason: Reason;
}

interface Ended {
  readonly kind: DeploymentKind;
  readonly plan: Plan;
  readonly reason?: Reason;
  readonly point?: RollbackPoint;
  readonly canary?: string;
  /** The alias as this deployment left it, where it touched it. */
  readonly value?: AliasValue;
}

export interface Succeeded extends Ended {
  readonly phase: 'succeeded';
  readonly result: 'promoted' | 'nothing_to_do' | 'restored';
}
export interface RolledBack extends Ended {
  readonly phase: 'rolled_back';
  readonly reason: Reason;
  readonly point: RollbackPoint;
}
export interface Failed extends Ended {
  readonly phase: 'failed';
  readonly reason: Reason;
}
export interface Cancelled extends Ended {
  readonly phase: 'cancelled';
  readonly reason: Reason;
}
export interface Superseded extends Ended {
  readonly phase: 'superseded';
  readonly reason: Reason;
}
export interface TargetGone extends Ended {
  readonly phase: 'target_gone';
  readonly reason: Reason;
}

export type MovingState = Shifting | Baking | Gated | Paused | Promoting | RollingBack | Drifted | NeedsHuman;
export type EndState = Succeeded | RolledBack | Failed | Cancelled | Superseded | TargetGone;
export type RolloutState = Queued | Preparing | MovingState | EndState;
export type Phase = RolloutState['phase'];

export const endPhases = ['succeeded', 'rolled_back', 'failed', 'cancelled', 'superseded', 'target_gone'] as const;
export const phases: readonly Phase[] = [
  'queued',
  'preparing',
  'shifting',
  'baking',
  'gated',
  'paused',
  'promoting',
  'rolling_back',
  'drifted',
  'needs_human',
  ...endPhases,
];

export function isEnd(state: RolloutState): state is EndState {
  return (endPhases as readonly string[]).includes(state.phase);
}

export function isMoving(state: RolloutState): state is MovingState {
  return !isEnd(state) && state.phase !== 'queued' && state.phase !== 'preparing';
}

/** Phases in which the canary may be receiving traffic while nobody writes: the judge watches all of them. */
export function isWatched(state: RolloutState): state is Baking | Gated | Paused {
  return state.phase === 'baking' || state.phase === 'gated' || state.phase === 'paused';
}

/** The first state of every rollout; restores begin at `beginRestore`. */
export function queuedState(plan: Plan, at: number): Queued {
  return { phase: 'queued', kind: 'rollout', plan, since: at };
}
