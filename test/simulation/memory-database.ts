import {
  beginRestore,
  endPhases,
  isEnd,
  nextWakeAt,
  queuedState,
  type RolloutEvent,
  type RolloutState,
  transition,
} from '#rollout';
import type {
  AcceptInput,
  AcceptResult,
  ArtifactRow,
  DeploymentRow,
  Due,
  DueCursor,
  EvidenceRecord,
  Overdue,
  Recorded,
  RecordOptions,
  RestoreInput,
  StartResult,
  TargetRow,
} from '#store';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Kept extends Writable<Omit<DeploymentRow, 'readAt' | 'target'>> {
  readonly target: TargetRow;
  readonly order: number;
  reconciledAt: number | undefined;
}

export interface KeptEvent {
  readonly seq: number;
  readonly type: string;
  readonly data: RolloutEvent | { readonly type: 'Accepted'; readonly at: number; readonly by: string };
  readonly actor: string;
  readonly hash: string;
}

/** As long as a statement may take to arrive in fair weather. */
const SOON_MS = 5;

interface FunctionKey {
  readonly accountId: string;
  readonly region: string;
  readonly functionName: string;
}

export interface MemoryDatabaseOptions {
  /** Database time, milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
  readonly hash: (previous: string, seq: number, event: object) => string;
  /** What a column of type jsonb does to a value, or nothing where speed matters more. */
  readonly stored: <T>(value: T) => T;
}

/**
 * The deployments of one Sluice, with the meaning of the store's SQL statements: each method is one statement (or one
 * transaction) and therefore all or nothing. A contract suite holds it and the real store to the same promises.
 */
export class MemoryDatabase {
  readonly rows = new Map<string, Kept>();
  readonly events = new Map<string, KeptEvent[]>();
  /** Function → the deployment that may change `$LATEST`. */
  readonly locks = new Map<string, string>();
  /** Function → version → who introduced it. */
  readonly versions = new Map<string, Map<string, { readonly deploymentId: string; readonly origin: string }>>();
  readonly targets = new Map<string, TargetRow>();
  readonly payloads = new Map<string, unknown[]>();
  readonly artifacts = new Map<string, ArtifactRow & { readonly bytes: Uint8Array }>();
  private readonly keys = new Map<string, { readonly requestHash: string; readonly deploymentId: string }>();
  private readonly listeners = new Set<(deploymentId: string) => void>();
  private order = 0;

  constructor(private readonly options: MemoryDatabaseOptions) {}

  /** Rollbacks only: they are told of with their write. Any other notice comes after its write, and nothing may need it. */
  subscribe(listener: (deploymentId: string) => void): void {
    this.listeners.add(listener);
  }

  load(id: string): DeploymentRow | undefined {
    const row = this.rows.get(id);
    if (!row) return undefined;
    const { order: _order, reconciledAt: _reconciledAt, ...rest } = row;
    return { readAt: this.options.now(), ...rest };
  }

  record(
    row: Pick<DeploymentRow, 'id' | 'sequence' | 'lastHash'>,
    event: RolloutEvent,
    next: RolloutState,
    options: RecordOptions,
  ): Recorded | { readonly kind: 'lost' } {
    const now = this.options.now();
    const kept = this.rows.get(row.id);
    if (!kept || kept.sequence !== row.sequence) return { kind: 'lost' };
    const { leaseMs } = options;
    if (leaseMs !== undefined && kept.leaseUntil !== undefined && kept.leaseUntil > now) return { kind: 'lost' };
    this.refuseSecondActive(kept, next.phase);
    const ended = isEnd(next);
    const keepsLease = leaseMs === undefined && 'claim' in next && next.claim !== undefined && !next.claim.unresolved;
    kept.nextAt = leaseMs === undefined ? options.nextAt : now + leaseMs;
    if (!keepsLease) kept.leaseUntil = leaseMs === undefined ? undefined : now + leaseMs;
    if (options.evidence) kept.evidence = this.options.stored(options.evidence);
    kept.endedAt = ended ? (kept.endedAt ?? now) : undefined;
    this.moveOn(kept, row.lastHash, event, next, options.actor);
    const freed = ended || event.type === 'VersionPublished' ? this.unlock(row.id) : [];
    this.keepVersion(kept, event);
    if (ended || event.type === 'Probed') this.payloads.delete(row.id);
    return { kind: 'recorded', sequence: kept.sequence, lastHash: kept.lastHash, woken: this.wake(kept, ended, freed) };
  }

  start(
    row: Pick<DeploymentRow, 'id' | 'sequence' | 'lastHash'>,
    event: RolloutEvent,
    next: RolloutState,
    actor: string,
    /** For a seeded bug: as if the unique index over active deployments were missing. */
    besideAnother = false,
  ): StartResult {
    const kept = this.rows.get(row.id);
    if (!kept || kept.sequence !== row.sequence || kept.phase !== 'queued') return { kind: 'busy' };
    if (this.line(kept.target.id).find((other) => other.phase === 'queued') !== kept) return { kind: 'busy' };
    const key = functionKey(kept.target);
    if (this.locks.has(key) || (!besideAnother && this.activeOn(kept.target.id))) return { kind: 'busy' };
    this.locks.set(key, kept.id);
    kept.nextAt = this.options.now();
    this.moveOn(kept, row.lastHash, event, next, actor);
    return { kind: 'recorded', sequence: kept.sequence, lastHash: kept.lastHash, woken: [] };
  }

  rearm(
    row: Pick<DeploymentRow, 'id' | 'sequence'>,
    nextAt: number | undefined,
    evidence: EvidenceRecord | undefined,
  ): boolean {
    const kept = this.rows.get(row.id);
    if (!kept || kept.sequence !== row.sequence) return false;
    kept.nextAt = nextAt;
    if (evidence) kept.evidence = this.options.stored(evidence);
    return true;
  }

  extendLease(row: Pick<DeploymentRow, 'id' | 'sequence'>, leaseMs: number): boolean {
    const kept = this.rows.get(row.id);
    if (!kept || kept.sequence !== row.sequence || (kept.leaseUntil ?? 0) <= this.options.now()) return false;
    kept.leaseUntil = this.options.now() + leaseMs;
    kept.nextAt = kept.leaseUntil;
    return true;
  }

  setAside(id: string, sequence: number | undefined): number | undefined {
    const kept = this.rows.get(id);
    const now = this.options.now();
    if (!kept || kept.endedAt !== undefined || (kept.nextAt ?? Number.POSITIVE_INFINITY) > now) return undefined;
    if ((kept.leaseUntil ?? 0) > now || (sequence ?? kept.sequence) !== kept.sequence) return undefined;
    kept.nextAt = now + 5_000;
    return 5_000;
  }

  /** Whether `look` could find anything that is due, now or within the next moments. */
  mayFind(look: 'overdue' | 'rollbacks' | 'abandoned', graceMs: number): boolean {
    const soon = this.options.now() + SOON_MS;
    for (const { nextAt, leaseUntil, phase } of this.rows.values()) {
      if (nextAt === undefined || nextAt > soon - graceMs) continue;
      if (leaseUntil === undefined ? look === 'abandoned' : leaseUntil > soon) continue;
      if (look !== 'rollbacks' || phase === 'rolling_back') return true;
    }
    return false;
  }

  /** Whether the turn of any canary to be compared with its alias may come within the next moments. */
  mayReconcile(ageMs: number): boolean {
    const soon = this.options.now() + SOON_MS;
    for (const { phase, reconciledAt } of this.rows.values()) {
      if (phase !== 'baking' && phase !== 'gated' && phase !== 'paused') continue;
      if (reconciledAt === undefined || reconciledAt < soon - ageMs) return true;
    }
    return false;
  }

  overdue(graceMs: number, limit: number, after?: DueCursor): Overdue[] {
    const due = this.due(graceMs, Number.POSITIVE_INFINITY, () => true).map((one) => ({
      dueAt: String(this.rows.get(one.deploymentId)?.nextAt),
      ...one,
    }));
    const start = after ? due.findIndex(({ deploymentId }) => deploymentId === after.deploymentId) + 1 : 0;
    return due.slice(start, start + limit);
  }

  rollbacks(limit: number): Due[] {
    return this.due(0, limit, (row) => row.phase === 'rolling_back');
  }

  abandoned(limit: number): Due[] {
    return this.due(0, limit, (row) => row.leaseUntil !== undefined);
  }

  takeForReconciling(ageMs: number, limit: number, except: readonly string[] = []): string[] {
    const now = this.options.now();
    const taken: Kept[] = [];
    for (const row of this.rows.values()) {
      if (row.phase !== 'baking' && row.phase !== 'gated' && row.phase !== 'paused') continue;
      if (except.includes(`${row.id}-${row.sequence}`) || (row.nextAt ?? Infinity) <= now) continue;
      if (row.reconciledAt === undefined || row.reconciledAt < now - ageMs) taken.push(row);
    }
    taken.sort((left, right) => (left.reconciledAt ?? 0) - (right.reconciledAt ?? 0));
    for (const row of taken.slice(0, limit)) row.reconciledAt = now;
    return taken.slice(0, limit).map((row) => row.id);
  }

  accept(input: AcceptInput): AcceptResult {
    const replay = this.replayed(input);
    if (replay) return replay;
    const now = this.options.now();
    const line = this.line(input.targetId);
    if (input.policy === 'refuse' && line[0]) return { kind: 'target_busy', activeDeploymentId: line[0].id };
    const id = this.options.newId();
    this.insert(id, input, 'rollout', queuedState(input.plan, now), input.artifactId);
    if (input.probePayloads) this.payloads.set(id, [...input.probePayloads]);
    const waiting = input.policy === 'supersede' ? line.filter((row) => row.phase === 'queued') : [];
    for (const row of waiting) this.supersede(row, id, 'A newer deployment took its place.', input.requestedBy);
    return { kind: 'accepted', deploymentId: id, sequence: 1, superseded: waiting.map((row) => row.id) };
  }

  /** `forgetful` is a seeded bug: what the deployment in flight may still write is not inherited. */
  acceptRestore(input: RestoreInput, forgetful = false): AcceptResult {
    const replay = this.replayed(input);
    if (replay) return replay;
    const line = this.line(input.targetId);
    const active = line.find((row) => row.phase !== 'queued');
    const state = beginRestore(input.version, forgetful ? undefined : active?.state, this.options.now());
    const id = this.options.newId();
    for (const row of line) this.supersede(row, id, `Version ${input.version} is put back instead.`, input.requestedBy);
    this.insert(id, input, 'restore', state, undefined);
    return { kind: 'accepted', deploymentId: id, sequence: 1, superseded: line.map((row) => row.id) };
  }

  highestVersion(fn: FunctionKey): number {
    return Math.max(0, ...[...(this.versions.get(functionKey(fn))?.keys() ?? [])].map(Number));
  }

  /** Not ended, the active one first, then those in line, oldest first. */
  line(targetId: string): Kept[] {
    const live: Kept[] = [];
    for (const row of this.rows.values()) {
      if (row.target.id === targetId && row.endedAt === undefined) live.push(row);
    }
    return live.sort(
      (left, right) => Number(left.phase === 'queued') - Number(right.phase === 'queued') || left.order - right.order,
    );
  }

  activeOn(targetId: string): Kept | undefined {
    for (const row of this.rows.values()) {
      if (row.target.id === targetId && row.endedAt === undefined && row.phase !== 'queued') return row;
    }
    return undefined;
  }

  private replayed(input: Pick<AcceptInput, 'projectId' | 'idempotency'>): AcceptResult | undefined {
    const known = input.idempotency && this.keys.get(`${input.projectId} ${input.idempotency.key}`);
    if (!known) return undefined;
    const same = known.requestHash === input.idempotency?.requestHash;
    return { kind: same ? 'replayed' : 'idempotency_conflict', deploymentId: known.deploymentId };
  }

  private insert(
    id: string,
    input: AcceptInput | RestoreInput,
    kind: DeploymentRow['kind'],
    state: RolloutState,
    artifactId: string | undefined,
  ): void {
    const now = this.options.now();
    const target = this.targets.get(input.targetId);
    if (!target) throw new Error('There is no such target.');
    const { projectId, requestedBy, idempotency } = input;
    const event = { type: 'Accepted', at: now, by: requestedBy } as const;
    const lastHash = this.options.hash('', 1, event);
    const kept: Kept = {
      id,
      projectId,
      target,
      artifactId,
      kind,
      phase: 'queued',
      sequence: 1,
      state: this.options.stored(state),
      request: this.options.stored(input.request),
      requestedBy,
      nextAt: now,
      leaseUntil: undefined,
      evidence: undefined,
      lastHash,
      createdAt: now,
      updatedAt: now,
      endedAt: undefined,
      order: this.order++,
      reconciledAt: undefined,
    };
    this.refuseSecondActive(kept, state.phase);
    kept.phase = state.phase;
    this.rows.set(id, kept);
    this.events.set(id, [{ seq: 1, type: 'Accepted', data: event, actor: requestedBy, hash: lastHash }]);
    if (idempotency) {
      this.keys.set(`${projectId} ${idempotency.key}`, { requestHash: idempotency.requestHash, deploymentId: id });
    }
  }

  private supersede(row: Kept, deploymentId: string, why: string, by: string): void {
    const at = this.options.now();
    const event = { type: 'SupersedeRequested' as const, at, by, deploymentId, why };
    const next = transition(row.state, event);
    if (next.kind === 'moved') {
      this.record(row, event, next.state, { actor: by, nextAt: nextWakeAt(next.state, at) });
    }
  }

  private moveOn(kept: Kept, before: string, event: RolloutEvent, next: RolloutState, actor: string): void {
    kept.sequence += 1;
    kept.phase = next.phase;
    kept.state = this.options.stored(next);
    kept.lastHash = this.options.hash(before, kept.sequence, event);
    kept.updatedAt = this.options.now();
    const data = this.options.stored(event);
    this.events.get(kept.id)?.push({ seq: kept.sequence, type: event.type, data, actor, hash: kept.lastHash });
    if (next.phase === 'rolling_back') for (const listener of this.listeners) listener(kept.id);
  }

  /** The partial unique index. */
  private refuseSecondActive(row: Kept, phase: RolloutState['phase']): void {
    if (phase === 'queued' || (endPhases as readonly string[]).includes(phase)) return;
    const active = this.activeOn(row.target.id);
    if (active && active.id !== row.id) throw new Error('deployments_one_active');
  }

  private unlock(id: string): string[] {
    const freed = [...this.locks].filter(([, holder]) => holder === id).map(([key]) => key);
    for (const key of freed) this.locks.delete(key);
    return freed;
  }

  private wake(kept: Kept, ended: boolean, freed: readonly string[]): Recorded['woken'] {
    if (!ended && freed.length === 0) return [];
    const woken: { deploymentId: string; sequence: number }[] = [];
    for (const target of this.targets.values()) {
      if (!(ended && target.id === kept.target.id) && !freed.includes(functionKey(target))) continue;
      const first = this.line(target.id).find((row) => row.phase === 'queued' && row.id !== kept.id);
      if (!first) continue;
      first.nextAt = this.options.now();
      woken.push({ deploymentId: first.id, sequence: first.sequence });
    }
    return woken;
  }

  private keepVersion(kept: Kept, event: RolloutEvent): void {
    const found =
      event.type === 'VersionPublished'
        ? { version: event.version, origin: 'published' }
        : event.type === 'RollbackPointCaptured'
          ? { version: event.captured.point.version, origin: 'base' }
          : undefined;
    if (!found) return;
    const key = functionKey(kept.target);
    const known = this.versions.get(key) ?? new Map();
    this.versions.set(key, known);
    if (!known.has(found.version)) known.set(found.version, { deploymentId: kept.id, origin: found.origin });
  }

  private due(graceMs: number, limit: number, wanted: (row: Kept) => boolean): Due[] {
    const now = this.options.now();
    const due: Kept[] = [];
    for (const row of this.rows.values()) {
      if (row.nextAt === undefined || row.nextAt > now - graceMs || !wanted(row)) continue;
      if (row.leaseUntil === undefined || row.leaseUntil <= now) due.push(row);
    }
    due.sort((left, right) => (left.nextAt ?? 0) - (right.nextAt ?? 0) || (left.id < right.id ? -1 : 1));
    return due.slice(0, limit).map(({ id, sequence, phase }) => ({ deploymentId: id, sequence, phase }));
  }
}

export function functionKey(fn: FunctionKey): string {
  return `${fn.accountId}/${fn.region}/${fn.functionName}`;
}
