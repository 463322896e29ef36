import type { AliasValue } from './alias-value.js';
import type { Captured, Reason, WriteName } from './state.js';

/** Every event carries the time it happened, in milliseconds of database time. */
interface Dated {
  readonly at: number;
}
interface Asked extends Dated {
  /** The person or key that asked. */
  readonly by: string;
}

/** Facts the worker reports. */
export type Fact =
  | (Dated & { readonly type: 'Started' })
  | (Dated & {
      readonly type: 'ClaimTaken';
      readonly command: WriteName;
      readonly token: string;
      readonly wanted?: AliasValue;
    })
  | (Dated & {
      readonly type: 'RollbackPointCaptured';
      readonly captured: Captured;
      readonly needsConfiguration: boolean;
      /** Code and configuration already are the stable version's. */
      readonly nothingToDo: boolean;
    })
  | (Dated & { readonly type: 'AliasCaptured'; readonly value: AliasValue; readonly revisionId: string })
  | (Dated & { readonly type: 'ConfigurationUpdated' })
  /** `$LATEST` has settled and holds what was sent; its new RevisionId. */
  | (Dated & { readonly type: 'LatestSettled'; readonly revisionId: string; readonly codeIsOurs: boolean })
  /** After an unknown write: `$LATEST` still shows the RevisionId that was used. */
  | (Dated & { readonly type: 'LatestUnchanged' })
  | (Dated & { readonly type: 'VersionPublished'; readonly version: string })
  /** `firstWeightPercent`: where an adaptive rollout begins. */
  | (Dated & { readonly type: 'VersionActivated'; readonly firstWeightPercent?: number })
  /** Probes are about to be sent; `round` above 1: whoever began them before did not come to an end. */
  | (Dated & {
      readonly type: 'ProbesBegun';
      readonly round: number;
      /** Payloads read from the function's log: how many, and who allowed it when. */
      readonly fromLog?: { readonly payloads: number; readonly by: string; readonly at: string };
    })
  | (Dated & { readonly type: 'Probed' } & ProbesSeen)
  | (Dated & { readonly type: 'PreparationFailed'; readonly reason: Reason })
  | (Dated & { readonly type: 'WeightShifted'; readonly value: AliasValue; readonly revisionId: string })
  | (Dated & { readonly type: 'Promoted'; readonly value: AliasValue; readonly revisionId: string })
  | (Dated & { readonly type: 'Restored'; readonly value: AliasValue; readonly revisionId: string })
  /** No answer, or the token was refused: only a read tells what holds. */
  | (Dated & { readonly type: 'OutcomeUnknown'; readonly sentence: string })
  /** Lambda said no for good (access denied, version gone, invalid request). */
  | (Dated & { readonly type: 'WriteRefused'; readonly reason: Reason })
  /** A definite "not now" (throttled, update in progress): nothing was done and the claim is given back. */
  | (Dated & { readonly type: 'WriteDeferred'; readonly sentence: string })
  | (Dated & { readonly type: 'AliasConfirmed'; readonly value: AliasValue; readonly revisionId: string })
  | (Dated & {
      readonly type: 'AliasDrifted';
      readonly expected: AliasValue;
      readonly observed: AliasValue;
      readonly observedRevisionId: string;
    })
  | (Dated & { readonly type: 'TargetVanished'; readonly reason: Reason })
  /** The judge's word on the evidence so far; `null` when no judge watches. */
  | (Dated & {
      readonly type: 'Watched';
      readonly verdict: VerdictKind | null;
      readonly sentence: string;
      /** Adaptive plans: what the evidence allows to do with the weight. */
      readonly ramp?: RampMove;
    })
  /** A worker came too late to record what it had done: kept for the record, changes nothing. */
  | (Dated & { readonly type: 'Outcome'; readonly of: WriteName; readonly sentence: string });

/** What the probes showed, in counts: never a payload, never an answer. */
export interface ProbesSeen {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly sentence: string;
  /** Payloads sent to both versions, and invocations by version and outcome. */
  readonly payloads: number;
  readonly stable: ProbeCounts;
  readonly canary: ProbeCounts;
  /** The payloads that convict the canary: position in the list from 1, and the error type that Lambda named. */
  readonly failed: readonly { readonly payload: number; readonly errorType: string }[];
}

export interface ProbeCounts {
  readonly succeeded: number;
  readonly failed: number;
  /** Median of the warm invocations' durations; absent without any. */
  readonly warmMs?: number;
  /** Median of the initialisations that were seen; absent without any. */
  readonly initMs?: number;
}

export type RampMove =
  | { readonly kind: 'stay' | 'promote' | 'rollback' | 'hold' }
  | { readonly kind: 'shift'; readonly weightPercent: number };

export type VerdictKind = 'pass' | 'fail' | 'continue' | 'inconclusive';

/** Acts of people. */
export type Act =
  | (Asked & { readonly type: 'PromoteRequested'; readonly onlyStep: boolean })
  | (Asked & { readonly type: 'PauseRequested' })
  | (Asked & { readonly type: 'ResumeRequested' })
  | (Asked & { readonly type: 'AbortRequested'; readonly why?: string })
  | (Asked & { readonly type: 'CancelRequested' })
  | (Asked & { readonly type: 'ApproveRequested' })
  | (Asked & { readonly type: 'AcceptAsIsRequested' })
  | (Asked & { readonly type: 'RestoreRequested' })
  | (Asked & { readonly type: 'AbandonRequested' })
  /** A newer deployment took this one's place in the queue, or a restore took over. */
  | (Asked & { readonly type: 'SupersedeRequested'; readonly deploymentId: string; readonly why: string });

export type RolloutEvent = Fact | Act;
export type ActType = Act['type'];

/** The first entry of every history; it makes the state instead of changing it. */
export interface AcceptedEvent extends Asked {
  readonly type: 'Accepted';
}
