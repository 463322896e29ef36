import type { Phase, Plan, RolloutEvent, RolloutState } from '#rollout';

/** The rows as the rest of the house sees them. All times are milliseconds since the Unix epoch, in database time. */
export interface TargetRow {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly accountId: string;
  readonly region: string;
  readonly functionName: string;
  readonly aliasName: string;
  readonly policy: QueuePolicy;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What happens to a deployment whose target is busy. */
export type QueuePolicy = 'queue' | 'supersede' | 'refuse';

export interface DeploymentRow {
  readonly id: string;
  readonly projectId: string;
  readonly target: TargetRow;
  readonly artifactId: string | undefined;
  readonly kind: 'rollout' | 'restore';
  readonly phase: Phase;
  readonly sequence: number;
  readonly state: RolloutState;
  readonly request: DeploymentRequest;
  readonly requestedBy: string;
  /** W3C trace context of the request that asked for it; absent while tracing is off. */
  readonly traceParent?: string;
  readonly nextAt: number | undefined;
  readonly leaseUntil: number | undefined;
  readonly evidence: EvidenceRecord | undefined;
  readonly lastHash: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | undefined;
  /** Database time when the row was read. */
  readonly readAt: number;
  /** Present while it cannot be advanced for a reason of its own. */
  readonly stuck?: { readonly since: number; readonly why: string } | undefined;
}

/** A deployment whose state this release cannot read: what the columns say of it, and what is wrong with the rest. */
export interface UnreadableDeployment extends Omit<DeploymentRow, 'state' | 'evidence' | 'phase'> {
  readonly state: undefined;
  /** As it is stored: another release may know more phases. */
  readonly phase: string;
  readonly problem: string;
  readonly stableVersion: string | undefined;
  readonly canaryVersion: string | undefined;
  readonly rollbackVersion: string | undefined;
  readonly weightPercent: number;
}

/** What was asked for, as far as it is not the plan: stored as it came through the contract. */
export interface DeploymentRequest {
  /** Changes on top of the stable version's configuration. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly commit?: string;
  /** Goes on although an alarm of the target is red before anything has moved. */
  readonly despiteAlarms?: true;
  /** For a restore: the version put back. */
  readonly restoreTo?: string;
  /** The values of `configuration.environment`, sealed; what stands there is blank then. See `RequestSeal`. */
  readonly sealed?: string;
}

/** The judge's last look; updated without an event while nothing changes. */
export interface EvidenceRecord {
  readonly verdict: 'pass' | 'fail' | 'continue' | 'inconclusive';
  readonly sentence: string;
  /** The verdict's numbers, as `libs/analysis` gives them. */
  readonly numbers: Readonly<Record<string, unknown>>;
  /** The judge's resumable state. */
  readonly judge: unknown;
  readonly at: number;
}

export interface EventRow {
  readonly deploymentId: string;
  readonly seq: number;
  readonly type: string;
  readonly data: RolloutEvent | { readonly type: 'Accepted'; readonly at: number; readonly by: string };
  readonly actor: string;
  readonly hash: string;
  readonly at: number;
}

export interface ArtifactRow {
  readonly id: string;
  readonly projectId: string;
  readonly kind: 'zip' | 's3' | 'image';
  /** Hex SHA-256 of the bytes; for references, where known. */
  readonly sha256: string | undefined;
  readonly sizeBytes: number;
  readonly storage: Readonly<Record<string, unknown>>;
  readonly completedAt: number | undefined;
  readonly createdAt: number;
}

export interface ApiKeyRow {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly prefix: string;
  readonly secretHash: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
}

export interface AcceptInput {
  readonly projectId: string;
  readonly targetId: string;
  readonly policy: QueuePolicy;
  readonly artifactId: string | undefined;
  readonly plan: Plan;
  readonly request: DeploymentRequest;
  /** Payloads to invoke on both versions; kept apart from the row and forgotten once they have been sent. */
  readonly probePayloads?: readonly unknown[] | undefined;
  readonly requestedBy: string;
  /** W3C trace context of the request. */
  readonly traceParent?: string | undefined;
  readonly idempotency: { readonly key: string; readonly requestHash: string } | undefined;
  /** Database time of a look of the same request; absent: the database is asked. */
  readonly at?: number;
}

/** What a request to deploy names; see `AcceptFacts`. */
export interface AcceptQuestion {
  readonly projectId: string;
  readonly target: { readonly id: string } | { readonly name: string };
  readonly artifactId: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** What a request to deploy stands on, seen in one look at the database. */
export interface AcceptFacts {
  readonly target: TargetRow | undefined;
  /** The finished artifact of this id in this project. */
  readonly artifactId: string | undefined;
  /** What the key led to before; without a row it was pruned since. */
  readonly repeated:
    | {
        readonly deploymentId: string;
        readonly requestHash: string;
        readonly row: DeploymentRow | UnreadableDeployment | undefined;
      }
    | undefined;
  /** Database time. */
  readonly at: number;
}

/** `replayed`: the same key with the same body was accepted before. */
export type AcceptResult =
  | {
      readonly kind: 'accepted';
      readonly deploymentId: string;
      readonly sequence: number;
      readonly superseded: readonly string[];
      /** As it was written, for whoever shows it at once. */
      readonly row?: Omit<DeploymentRow, 'target'>;
    }
  | { readonly kind: 'replayed'; readonly deploymentId: string }
  | { readonly kind: 'idempotency_conflict'; readonly deploymentId: string }
  | { readonly kind: 'target_busy'; readonly activeDeploymentId: string };

export interface RestoreInput {
  readonly projectId: string;
  readonly targetId: string;
  readonly version: string;
  readonly request: DeploymentRequest;
  readonly requestedBy: string;
  readonly traceParent?: string | undefined;
  readonly idempotency: AcceptInput['idempotency'];
}

export interface DeploymentFilter {
  readonly targetId?: string;
  readonly phases?: readonly Phase[];
  /** Only those neither ended nor queued. */
  readonly active?: boolean;
}

/** Keyset position: everything older than this. */
export interface PageCursor {
  readonly createdAt: number;
  readonly id: string;
}

/** A point in a target's history that a restore can go back to. */
export interface RollbackPointRow {
  readonly version: string;
  readonly deploymentId: string;
  /** `published`: this version was introduced by the deployment; `base`: it was live before it. */
  readonly origin: 'published' | 'base';
  readonly at: number;
}
