import { createHash } from 'node:crypto';
import type { RolloutState } from '#rollout';
import { isEnd, isMoving, weightOf } from '#rollout';
import type { DeploymentRow, TargetRow, UnreadableDeployment } from '../api.js';
import { parseEvidence, parseState, UnreadableRow } from '../rollout-state.js';

/** The columns of every read of a deployment, its target included; times as milliseconds since the epoch. */
export const ROW_COLUMNS = `
  d.id, d.project_id, d.artifact_id, d.kind, d.phase, d.sequence, d.state, d.request, d.requested_by, d.trace_parent, d.evidence,
  d.last_hash, ${ms('d.next_at')} AS next_at, ${ms('d.lease_until')} AS lease_until, ${ms('d.created_at')} AS created_at,
  ${ms('d.stuck_since')} AS stuck_since, d.stuck_why, d.stable_version, d.canary_version, d.rollback_version,
  d.weight_percent::float8 AS weight_percent, ${ms('d.updated_at')} AS updated_at, ${ms('d.ended_at')} AS ended_at, ${ms('clock_timestamp()')} AS read_at,
  ${targetColumns('target_')}`;

export const ROW_SOURCE = 'deployments d JOIN targets t ON t.id = d.target_id';

/** A target's columns but for its project, of `t`, each named behind the prefix; times as milliseconds since the epoch. */
export function targetColumns(prefix: string): string {
  const plain = ['id', 'name', 'account_id', 'region', 'function_name', 'alias_name', 'policy', 'settings'];
  const times = ['created_at', 'updated_at'];
  const columns = [...plain.map((name) => [`t.${name}`, name]), ...times.map((name) => [ms(`t.${name}`), name])];
  return columns.map(([value, name]) => `${value} AS ${prefix}${name}`).join(', ');
}

/** Milliseconds since the epoch, of a time column. */
export function ms(column: string): string {
  return `round(extract(epoch FROM ${column}) * 1000)::float8`;
}

export type RawRow = Record<string, unknown>;

/** Throws `UnreadableRow` when the state is none that this release knows. */
export function readRow(raw: RawRow): DeploymentRow {
  return {
    ...readColumns(raw),
    phase: raw['phase'] as DeploymentRow['phase'],
    state: parseState(raw['state'], raw['id'] as string, raw['sequence'] as number),
    evidence: parseEvidence(raw['evidence']),
  };
}

/** For those who show rows: one that cannot be read is shown as that, and hides no other. */
export function readAnyRow(raw: RawRow): DeploymentRow | UnreadableDeployment {
  try {
    return readRow(raw);
  } catch (error) {
    if (!(error instanceof UnreadableRow)) throw error;
    return {
      ...readColumns(raw),
      phase: raw['phase'] as string,
      state: undefined,
      problem: error.message,
      stableVersion: (raw['stable_version'] as string | null) ?? undefined,
      canaryVersion: (raw['canary_version'] as string | null) ?? undefined,
      rollbackVersion: (raw['rollback_version'] as string | null) ?? undefined,
      weightPercent: raw['weight_percent'] as number,
    };
  }
}

function readColumns(raw: RawRow): Omit<DeploymentRow, 'state' | 'evidence' | 'phase'> {
  const stuckSince = raw['stuck_since'] as number | null;
  return {
    id: raw['id'] as string,
    projectId: raw['project_id'] as string,
    target: readTarget(raw, 'target_', raw['project_id'] as string),
    artifactId: (raw['artifact_id'] as string | null) ?? undefined,
    kind: raw['kind'] as DeploymentRow['kind'],
    sequence: raw['sequence'] as number,
    request: raw['request'] as DeploymentRow['request'],
    requestedBy: raw['requested_by'] as string,
    ...(raw['trace_parent'] ? { traceParent: raw['trace_parent'] as string } : {}),
    nextAt: (raw['next_at'] as number | null) ?? undefined,
    leaseUntil: (raw['lease_until'] as number | null) ?? undefined,
    lastHash: raw['last_hash'] as string,
    createdAt: raw['created_at'] as number,
    updatedAt: raw['updated_at'] as number,
    endedAt: (raw['ended_at'] as number | null) ?? undefined,
    readAt: raw['read_at'] as number,
    stuck: stuckSince === null ? undefined : { since: stuckSince, why: (raw['stuck_why'] as string | null) ?? '' },
  };
}

/** What `targetColumns` of the same prefix brought. */
export function readTarget(raw: RawRow, prefix: string, projectId: string): TargetRow {
  return {
    id: raw[`${prefix}id`] as string,
    projectId,
    name: raw[`${prefix}name`] as string,
    accountId: raw[`${prefix}account_id`] as string,
    region: raw[`${prefix}region`] as string,
    functionName: raw[`${prefix}function_name`] as string,
    aliasName: raw[`${prefix}alias_name`] as string,
    policy: raw[`${prefix}policy`] as TargetRow['policy'],
    settings: raw[`${prefix}settings`] as TargetRow['settings'],
    createdAt: raw[`${prefix}created_at`] as number,
    updatedAt: raw[`${prefix}updated_at`] as number,
  };
}

/** The typed columns that repeat what queries and fences need of a state. */
export interface Projection {
  readonly stableVersion: string | null;
  readonly canaryVersion: string | null;
  readonly rollbackVersion: string | null;
  readonly revisionId: string | null;
  readonly weightPercent: number;
}

export function project(state: RolloutState): Projection {
  if (isMoving(state)) {
    const canary = published(state.canary);
    return {
      stableVersion: state.point.version,
      canaryVersion: canary,
      rollbackVersion: state.point.version,
      revisionId: state.revisionId,
      weightPercent: canary === null || canary === state.point.version ? 0 : weightOf(state.value, canary),
    };
  }
  const point = isEnd(state) ? state.point : state.phase === 'preparing' ? state.captured?.point : undefined;
  const canary = isEnd(state) ? state.canary : state.phase === 'preparing' ? state.published : undefined;
  const value = isEnd(state) ? state.value : undefined;
  return {
    stableVersion: point?.version ?? null,
    canaryVersion: canary === undefined ? null : published(canary),
    rollbackVersion: point?.version ?? null,
    revisionId: null,
    weightPercent: value && canary && canary !== point?.version ? weightOf(value, canary) : 0,
  };
}

/** A restore may find its alias on `$LATEST`; that is no version we keep. */
function published(version: string): string | null {
  return /^[1-9]\d*$/.test(version) ? version : null;
}

/** Links an event to all before it: hex SHA-256 over the hash before, the number and the event's canonical text. */
export function chainHash(previous: string, seq: number, event: object): string {
  return createHash('sha256')
    .update(`${previous}\n${seq}\n${canonicalJson(event)}`)
    .digest('hex');
}

/** JSON with sorted keys, so that a round trip through jsonb does not change the hash. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  entries.sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
}
