import type { AliasReading, FunctionAddress, FunctionReading, LambdaControl, Outcome } from '#aws';
import { type AliasValue, describeAliasValue, type RolloutEvent, type RolloutState, type WriteName } from '#rollout';
import {
  type AcceptInput,
  type AcceptResult,
  type DeploymentRow,
  type DueCursor,
  type Overdue,
  type RecordOptions,
  type RestoreInput,
  type TargetRow,
  UnreadableRow,
} from '#store';
import { failed, succeeded } from '../../libs/aws/faults.js';
import type { Bug } from './bugs.js';
import { CallSlots } from './call-slots.js';
import { functionKey, MemoryDatabase, type MemoryDatabaseOptions } from './memory-database.js';
import { type MemoryAlias, MemoryLambda, sha256 } from './memory-lambda.js';
import { MemoryQueue } from './memory-queue.js';
import { checkNeglect } from './neglect.js';
import { Random } from './random.js';
import { recordWithBugs } from './record-with-bugs.js';
import { Actor, Scheduler } from './scheduler.js';
import { tell, tellAlias } from './tell.js';
import { Traffic, type TrafficMood } from './traffic.js';
import { CHAOS_MS, calmTroubles, drawTroubles, isFair, type Troubles } from './troubles.js';
import { Watch } from './watch.js';
import { WorkerProcess } from './worker-process.js';

export interface Violation {
  readonly invariant: string;
  readonly sentence: string;
}

export interface WorldOptions {
  readonly bug: Bug | undefined;
  readonly trace: string[] | undefined;
  readonly storage: Pick<MemoryDatabaseOptions, 'hash' | 'stored'>;
}

export const FN: FunctionAddress = { accountId: '000000000000', region: 'us-east-1', functionName: 'shop' };
export const PROJECT = 'default';

const BROKEN_CODE = sha256(Uint8Array.of(3));

/** One simulated house: the outside world, the processes in it, and the watch over both. */
export class World {
  readonly random: Random;
  readonly scheduler = new Scheduler();
  readonly database: MemoryDatabase;
  readonly lambda: MemoryLambda;
  readonly queue: MemoryQueue;
  readonly traffic: Traffic;
  readonly watch: Watch;
  readonly slots: CallSlots;
  readonly processes: WorkerProcess[] = [];
  /** As in production. */
  readonly sweepMs = 5_000;
  readonly calmAt: number;
  /** Who accepted what: none of these may ever be missing. */
  readonly accepted = new Set<string>();
  violation: Violation | undefined;
  /** Writes on the wire that have not landed. */
  onTheWire = 0;
  poison: string | undefined;
  /** Whether Lambda ever said no for good. */
  denied = false;
  /** Nothing breaks in this schedule, though people and other tools do what they like. */
  fair: boolean;
  private readonly storms: Troubles;
  private readonly calm: Troubles;
  private generations = 0;
  private thawedAt = 0;

  constructor(
    seed: number,
    readonly options: WorldOptions,
  ) {
    this.random = new Random(seed);
    const { random, scheduler } = this;
    this.calmAt = scheduler.now + CHAOS_MS;
    this.storms = drawTroubles(random, this.calmAt);
    this.calm = calmTroubles(this.storms.latencyMs);
    this.fair = isFair(this.storms);
    const now = () => scheduler.now;
    let ids = 0;
    this.database = new MemoryDatabase({ now, newId: () => `d${++ids}`, ...options.storage });
    this.lambda = new MemoryLambda({
      now,
      settleMs: () => random.delay(400, 3_000),
      keepsTokenOnEqualContent: random.chance(0.3),
      publishChangesLatestToken: random.chance(0.3),
    });
    const mood = random.pick<TrafficMood>(['good', 'good', 'bad', 'silent', 'unreadable', 'flapping']);
    this.traffic = new Traffic(random, mood, this.has('silence of metrics is health'));
    this.queue = new MemoryQueue(
      scheduler,
      random,
      () => this.processes,
      () => this.troubles.queue,
      true,
    );
    this.watch = new Watch(this);
    this.slots = new CallSlots(this);
    this.database.subscribe((id) => this.notifyOfRollback(id));
  }

  get troubles(): Troubles {
    return this.scheduler.now < this.calmAt ? this.storms : this.calm;
  }

  has(bug: Bug): boolean {
    return this.options.bug === bug;
  }

  say(sentence: () => string): void {
    const { trace } = this.options;
    if (trace) trace.push(`${String(this.scheduler.now - this.calmAt + CHAOS_MS).padStart(7)} ms  ${sentence()}`);
  }

  violate(invariant: string, sentence: string): void {
    this.violation ??= { invariant, sentence };
    this.say(() => `VIOLATION ${invariant}: ${sentence}`);
  }

  // Processes

  startProcess(): void {
    this.generations += 1;
    const skew = this.random.chance(0.3) ? this.random.between(-600_000, 600_000) : 0;
    const actor = new Actor(`w${this.generations}`, skew);
    this.say(() => `${actor.name} starts`);
    this.processes.push(new WorkerProcess(this, actor));
  }

  /** Only workers die here; people ask again until somebody answers. */
  kill(actor: Actor): boolean {
    const index = this.processes.findIndex((process) => process.actor === actor);
    if (index < 0 || !actor.alive) return false;
    actor.alive = false;
    this.processes.splice(index, 1);
    this.say(() => `${actor.name} dies`);
    this.scheduler.after(this.random.between(100, 6_000), () => this.startProcess());
    return true;
  }

  freeze(actor: Actor, milliseconds: number): void {
    if (actor.frozenUntil > this.scheduler.now) return;
    actor.frozenUntil = this.scheduler.now + milliseconds;
    this.thawedAt = Math.max(this.thawedAt, actor.frozenUntil);
    this.say(() => `${actor.name} freezes for ${milliseconds} ms`);
  }

  /** SIGTERM: calls under way are cut short, nothing new is taken, and soon the process is gone. */
  stop(actor: Actor): void {
    this.fair = false;
    this.say(() => `${actor.name} is told to stop`);
    actor.stopping.abort();
    for (const cut of actor.calls) this.scheduler.after(0, cut, actor);
    this.scheduler.after(2_000, () => void this.kill(actor));
  }

  isQuiet(): boolean {
    return this.onTheWire === 0 && this.scheduler.now > this.thawedAt;
  }

  landLater(inMs: number, land: () => void): void {
    this.onTheWire += 1;
    this.scheduler.after(inMs, () => {
      this.onTheWire -= 1;
      land();
    });
  }

  private notifyOfRollback(id: string): void {
    for (const process of this.processes) {
      if (this.random.chance(0.3)) continue;
      this.scheduler.after(this.random.between(1, 10), () => process.rollBack(id), process.actor);
    }
  }

  // The database, as the processes reach it

  load(actor: Actor, id: string): DeploymentRow | undefined {
    if (id === this.poison) throw new UnreadableRow(id, 'of another release', this.database.rows.get(id)?.sequence);
    const row = this.database.load(id);
    return row && this.has('bake on the worker’s clock') ? { ...row, readAt: row.readAt + actor.clockSkewMs } : row;
  }

  overdue(graceMs: number, limit: number, after: DueCursor | undefined): Overdue[] {
    checkNeglect(this, this.thawedAt);
    if (this.has('no sweep')) return [];
    const due = this.database.overdue(graceMs, limit, after);
    if (this.has('poison stops the sweep') && due.some(({ deploymentId }) => deploymentId === this.poison)) return [];
    return due;
  }

  record(row: DeploymentRow, event: RolloutEvent, next: RolloutState, options: RecordOptions) {
    const kept = this.database.rows.get(row.id);
    const { state: before, sequence = 0, lastHash } = kept ?? {};
    const recorded = recordWithBugs(this, row, event, next, options);
    if (recorded.kind === 'recorded' && kept && before) {
      this.say(() => `${options.actor}: ${row.id} #${recorded.sequence} ${tell(event)} → ${next.phase}`);
      const chained = row.sequence !== sequence || row.lastHash === lastHash;
      if (recorded.sequence !== sequence + 1 || !chained)
        this.violate('I8', `${row.id}: ${event.type} is not numbered, or not chained to the event before.`);
      this.watch.recorded(row.id, before, event, kept.state, options);
    } else this.say(() => `${options.actor}: ${row.id} lost the race to record ${event.type} after #${row.sequence}`);
    return recorded;
  }

  extendLease(actor: Actor, row: Pick<DeploymentRow, 'id' | 'sequence'>, leaseMs: number): boolean {
    const held = this.database.extendLease(row, leaseMs);
    if (held) this.watch.leaseHeld(row.id, actor.name, leaseMs);
    return held;
  }

  /** For trouble that is the deployment's own: what the product made here, it can go on with. */
  setAside(id: string, sequence: number | undefined, problem: string): number | undefined {
    this.violate('I16', `${id} cannot go on: ${problem}`);
    return this.database.setAside(id, sequence);
  }

  /** Code 3 is broken for every payload. */
  failsProbes(codeSha256: string): boolean {
    return codeSha256 === BROKEN_CODE;
  }

  codeOf(version: string): string | undefined {
    const reading = this.lambda.getFunction(FN, version);
    return reading.ok ? reading.value.codeSha256 : undefined;
  }

  start(row: DeploymentRow, event: RolloutEvent, next: RolloutState, actor: string) {
    if (this.has('no function lock') || this.has('two active deployments')) this.database.locks.clear();
    const started = this.database.start(row, event, next, actor, this.has('two active deployments'));
    if (started.kind === 'recorded') {
      this.say(() => `${actor}: ${row.id} #${started.sequence} Started → ${next.phase}`);
      this.watch.recorded(row.id, row.state, event, next, { actor, nextAt: undefined });
    } else this.say(() => `${actor}: ${row.id} has to wait in line`);
    return started;
  }

  accept(input: AcceptInput): AcceptResult {
    const unkeyed = this.has('no idempotency') ? { ...input, idempotency: undefined } : input;
    const answer = this.database.accept(unkeyed);
    this.told(answer, `rollout on ${input.targetId}, ${input.plan.strategy}, code ${input.artifactId ?? 'unchanged'}`);
    if (answer.kind === 'accepted' && this.has('acknowledged before commit') && this.random.chance(0.3)) {
      this.database.rows.delete(answer.deploymentId);
    }
    return answer;
  }

  acceptRestore(input: RestoreInput): AcceptResult {
    const line = this.database.line(input.targetId);
    const answer = this.database.acceptRestore(input, this.has('restore forgets the zombie'));
    // Whoever waited for a lock of what it took over is found by the sweep.
    if (answer.kind === 'accepted' && answer.superseded.length > 0) this.fair = false;
    this.told(
      answer,
      `restore of version ${input.version} on ${input.targetId}, instead of ${line.map((row) => row.id)}`,
    );
    return answer;
  }

  private told(answer: AcceptResult, what: string): void {
    this.say(() => `accepted: ${JSON.stringify(answer)}: ${what}`);
  }

  // Lambda, as the processes reach it

  readAlias(actor: Actor, fn: FunctionAddress, name: string): Outcome<AliasReading> {
    const answer = this.lambda.getAlias(fn, name);
    this.say(() => `${actor.name} reads ${name}: ${answer.ok ? tellAlias(answer.value) : answer.fault.code}`);
    if (!answer.ok || !this.watch.touched.has(name)) return answer;
    const row = this.rowOn(name);
    const held = row && 'value' in row.state ? row.state.value : undefined;
    if (!held) return answer;
    const { canary: _canary, ...rest } = answer.value;
    const adopted = { ...rest, ...held };
    if (this.has('drift adopted')) return succeeded(adopted);
    if (this.has('drift is not recorded') && held.version === answer.value.version) return succeeded(adopted);
    return answer;
  }

  /** What the write does when it lands; the claim it stands on is looked up when it is sent. */
  aliasWrite(
    actor: Actor,
    fn: FunctionAddress,
    name: string,
    wanted: AliasValue,
    fence: Parameters<LambdaControl['updateAlias']>[3],
  ): () => Outcome<AliasReading> {
    this.say(() => `${actor.name} sends ${describeAliasValue(wanted)} to ${name} under ${fence.revisionId}`);
    const claim = this.watch.claimFor(actor, 'alias', fence.revisionId, wanted);
    let { revisionId }: { revisionId?: string } = fence;
    if (this.has('token read after the claim')) revisionId = this.lambda.alias(fn, name)?.revisionId ?? revisionId;
    const used = { ...fence, revisionId } as { revisionId: string };
    if (this.has('no token on alias writes')) Object.assign(used, { revisionId: undefined });
    return () => {
      const before = this.lambda.alias(fn, name);
      const keepsWeights = this.has('promotion leaves the weights') && !wanted.canary && before?.value.canary;
      const sent =
        keepsWeights && wanted.version !== keepsWeights.version ? { ...wanted, canary: keepsWeights } : wanted;
      const answer = this.lambda.updateAlias(fn, name, sent, used);
      const after = this.lambda.alias(fn, name);
      this.say(
        () => `  ${name} ← ${describeAliasValue(wanted)}: ${answer.ok ? tellAlias(answer.value) : answer.fault.code}`,
      );
      if (answer.ok && claim && before && after) this.watch.landed(claim, name, before, after);
      return this.answerOf(answer, before, wanted);
    };
  }

  private answerOf(
    answer: Outcome<AliasReading>,
    before: MemoryAlias | undefined,
    wanted: AliasValue,
  ): Outcome<AliasReading> {
    if (answer.ok && before?.revisionId === answer.value.revisionId && this.has('same token is fine')) {
      return succeeded({ ...answer.value, revisionId: `${before.revisionId}-as-if-new` });
    }
    if (answer.ok && this.has('promotion leaves the weights')) {
      const { canary: _canary, ...rest } = answer.value;
      return succeeded({ ...rest, ...wanted });
    }
    if (!answer.ok && answer.fault.code === 'precondition_failed' && this.has('refused token sent again')) {
      return failed({ ...answer.fault, code: 'throttled', retry: 'again' });
    }
    return answer;
  }

  latestWrite(
    actor: Actor,
    command: WriteName,
    fn: FunctionAddress,
    fence: { readonly revisionId: string },
    write: (used: { readonly revisionId: string }) => Outcome<FunctionReading>,
  ): () => Outcome<FunctionReading> {
    this.say(() => `${actor.name} sends ${command} under ${fence.revisionId}`);
    const claim = this.watch.claimFor(actor, command, fence.revisionId);
    const latest = this.lambda.getFunction(fn, '$LATEST');
    const used = { ...fence };
    if (this.has('no token on code writes')) Object.assign(used, { revisionId: undefined });
    if (this.has('code resent with a fresh token') && latest.ok) used.revisionId = latest.value.revisionId;
    return () => {
      const known = new Set(this.lambda.versions(fn));
      const answer = write(used);
      this.say(() => `  ${command}: ${answer.ok ? `version ${answer.value.version}` : answer.fault.code}`);
      if (!answer.ok || !claim) return answer;
      for (const version of this.lambda.versions(fn)) {
        if (!known.has(version)) this.watch.madeVersion(claim.deploymentId, version);
      }
      this.watch.landedOnLatest(claim);
      return answer;
    };
  }

  // What the watch asks

  aliases(): string[] {
    return [...this.database.targets.values()].map((target) => target.aliasName);
  }

  aliasOf(id: string): string {
    return this.database.rows.get(id)?.target.aliasName ?? '';
  }

  aliasValue(name: string): AliasValue | undefined {
    return this.lambda.alias(FN, name)?.value;
  }

  knownVersions() {
    return this.database.versions.get(functionKey(FN));
  }

  private rowOn(aliasName: string) {
    for (const target of this.database.targets.values()) {
      if (target.aliasName === aliasName) return this.database.activeOn(target.id);
    }
    return undefined;
  }

  createTarget(aliasName: string): void {
    const target: TargetRow = {
      id: aliasName,
      projectId: PROJECT,
      name: aliasName,
      aliasName,
      policy: 'queue',
      settings: { probes: { safe: true } },
      createdAt: this.scheduler.now,
      updatedAt: this.scheduler.now,
      ...FN,
    };
    this.database.targets.set(target.id, target);
  }
}
