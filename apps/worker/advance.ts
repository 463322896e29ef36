import {
  type Command,
  isWrite,
  nextCommand,
  nextWakeAt,
  type RolloutEvent,
  transition,
  type WriteCommand,
} from '#rollout';
import { traced } from '#runtime';
import type { DeploymentRow, EvidenceRecord, Recorded } from '#store';
import { afterLateClaim, claimEvent, prepareWrite } from './claim.js';
import { type ProbeTurn, prepareProbes, probe } from './commands/probe.js';
import { runCommand } from './commands/run-command.js';
import { start } from './commands/start.js';
import { failed } from './faults.js';
import { LeaseHold } from './hold-lease.js';
import { LEASE_MS } from './lease.js';
import type { WorkerParts } from './parts.js';
import { takeSlot } from './readings.js';
import type { Answer, Seen, Turn } from './turn.js';

/** When to look at this deployment again; `undefined`: it has ended, waits for a person, or others look after it. */
export interface Next {
  readonly sequence: number;
  readonly delayMs: number;
}

/** Where a walk has got to, for whoever wonders whether to wait for it. */
export interface Progress {
  phase?: DeploymentRow['phase'];
  /** Of the row as this walk read or recorded it last; none while the row has not been read. */
  sequence?: number | undefined;
}

/** Turns in one go: more than any rollout needs without waiting; a loop that never ends would hold a worker. */
const MAX_TURNS = 50;

/**
 * Walks one deployment as far as it goes without waiting: load, check, claim, act, record, and again. A wake-up whose
 * sequence is not the row's does nothing; a lease that somebody holds is left alone.
 */
export async function advance(
  parts: WorkerParts,
  deploymentId: string,
  sequence: number | undefined,
  signal: AbortSignal,
  progress: Progress = {},
): Promise<Next | undefined> {
  const askedAt = parts.clock.monotonic();
  progress.sequence = undefined;
  const row = await parts.store.deployments.load(deploymentId);
  if (!row || (sequence !== undefined && row.sequence !== sequence)) return undefined;
  if (row.leaseUntil !== undefined && row.leaseUntil > row.readAt) {
    return { sequence: row.sequence, delayMs: row.leaseUntil - row.readAt + 50 };
  }
  const walk = new Walk(parts, row, signal, parts.clock.monotonic() - askedAt, progress);
  const attributes = {
    'sluice.deployment.id': row.id,
    'sluice.target': row.target.name,
    'sluice.phase': row.phase,
    'sluice.sequence': row.sequence,
    // The queue names the sequence it was told; the sweep, the rollback lane and neighbours name none.
    'sluice.woken_by': sequence === undefined ? 'look' : 'queue',
  };
  const options = { kind: 'consumer', attributes, parent: row.traceParent ?? '' } as const;
  const next = await traced('deployment walk', options, async (span) => {
    const next = await walk.run();
    if (!walk.hasMoved) span.discard();
    span.set({ 'sluice.phase.after': walk.phase });
    return next;
  });
  // A remark takes a number, and with it the wake-up of whoever moved the row is stale: this walk goes on in its place.
  return walk.hasRemarked ? advance(parts, deploymentId, undefined, signal, progress) : next;
}

class Walk {
  /** Whether anything was recorded. */
  hasMoved = false;
  /** Whether it ended with a remark on a row that somebody else had moved. */
  hasRemarked = false;
  private readonly readAt: number;
  private readonly clockAtRead: number;

  constructor(
    private readonly parts: WorkerParts,
    private row: DeploymentRow,
    private readonly signal: AbortSignal,
    /** How long the row's read took: database time is known no better than this. */
    private readonly readTookMs: number,
    private readonly progress: Progress,
  ) {
    this.progress.phase = row.phase;
    this.progress.sequence = row.sequence;
    this.readAt = row.readAt;
    this.clockAtRead = parts.clock.monotonic();
  }

  get phase(): string {
    return this.row.phase;
  }

  async run(): Promise<Next | undefined> {
    for (let turns = 0; turns < MAX_TURNS && !this.signal.aborted; turns += 1) {
      const command = nextCommand(this.row.state);
      if (!command) return undefined;
      const next = await this.take(command);
      if (next !== 'go on') return next;
    }
    return { sequence: this.row.sequence, delayMs: 0 };
  }

  /**
   * Database time at the earliest: what the row said when it was read, plus what has passed here since. A bake may end
   * by this time only.
   */
  private at(): number {
    return Math.round(this.readAt + this.parts.clock.monotonic() - this.clockAtRead);
  }

  /** Database time at the latest: a bake starts no sooner, however long this process was held up while it read. */
  private latestAt(): number {
    return this.at() + Math.ceil(this.readTookMs);
  }

  private async take(command: Command): Promise<Next | undefined | 'go on'> {
    if (command.type === 'Start') return this.start();
    const answer = this.overdue() ?? (await this.trace(command));
    if (answer === 'lost') return undefined;
    if (answer.kind === 'wait') return this.rest(answer.delayMs, answer.seen);
    const recorded = await this.record(answer.event, answer.delayMs, answer.seen);
    if (recorded === 'lost' && isWrite(command) && this.hasClaimed()) await this.leaveOutcome(answer.event, command);
    if (recorded !== 'recorded') return undefined;
    if (answer.delayMs !== undefined) return { sequence: this.row.sequence, delayMs: answer.delayMs };
    const wakeAt = nextWakeAt(this.row.state, this.at());
    if (wakeAt === undefined) return undefined;
    const delayMs = wakeAt - this.at();
    return delayMs > 0 ? { sequence: this.row.sequence, delayMs } : 'go on';
  }

  private async start(): Promise<'go on' | undefined> {
    const started = await start(this.parts, this.row, this.at());
    if (started.kind === 'recorded') {
      const event = { type: 'Started', at: this.at() } as const;
      const next = transition(this.row.state, event);
      if (next.kind === 'moved') this.follow(next.state, started);
      return 'go on';
    }
    await this.parts.store.deployments.rearm(this.row, nextWakeAt(this.row.state, this.at()));
    // No job stays behind: it would have the id of the wake-up that the end of the one before sends.
    return undefined;
  }

  /** Preparing has a deadline; past it nothing more is tried, because no traffic has moved yet. */
  private overdue(): Answer | undefined {
    const { state } = this.row;
    if (state.phase !== 'preparing' || this.at() < state.deadlineAt) return undefined;
    return failed(this.at(), 'prepare_deadline', 'The new version was not ready before the deadline.');
  }

  private trace(command: Exclude<Command, { type: 'Start' }>): Promise<Answer | 'lost'> {
    const attributes = { 'sluice.deployment.id': this.row.id, 'sluice.phase': this.row.phase };
    return traced(command.type, { attributes }, async (span) => {
      const answer = await this.perform(command);
      if (answer === 'lost') span.fail('lost');
      else span.set({ 'sluice.event': answer.kind === 'event' ? answer.event.type : undefined });
      return answer;
    });
  }

  private perform(command: Exclude<Command, { type: 'Start' }>): Promise<Answer | 'lost'> {
    if (isWrite(command)) return this.write(command);
    return command.type === 'Probe' ? this.probe(command) : this.act(command);
  }

  private act(command: Exclude<Command, { type: 'Start' | 'Probe' }>): Promise<Answer> {
    return runCommand(this.turn(command), undefined);
  }

  /**
   * A slot of the budget first, then the claim, then the one call: a lease is not spent waiting for a slot, but for the
   * one that a claim took too long for.
   */
  private async write(command: WriteCommand): Promise<Answer | 'lost'> {
    const lane = command.type === 'Restore' ? 'rollback' : 'ordinary';
    const prepared = await prepareWrite(this.turn(command));
    if ('kind' in prepared) return prepared;
    try {
      const slot = await takeSlot(this.turn(command), lane);
      if (slot) return slot;
      const slotAt = this.parts.clock.monotonic();
      const event = claimEvent(command, this.at());
      if ((await this.record(event, undefined, undefined, prepared.leaseMs)) !== 'recorded') return 'lost';
      const late = await afterLateClaim(this.turn(command), prepared, slotAt, lane);
      return 'kind' in late ? late : await runCommand(this.turn(command), late);
    } finally {
      prepared.leave?.();
    }
  }

  /** Probes last longer than a lease: it is held on to while they run, and without it they end at once. */
  private async probe(command: ProbeTurn['command']): Promise<Answer | 'lost'> {
    const prepared = await prepareProbes(this.turn(command));
    if ('kind' in prepared) return prepared;
    const from = prepared.fromLog ? { fromLog: prepared.fromLog } : {};
    const begun = { type: 'ProbesBegun', at: this.at(), round: command.round, ...from } as const;
    if ((await this.record(begun, undefined, undefined, LEASE_MS)) !== 'recorded') return 'lost';
    const hold = new LeaseHold(this.parts, this.row);
    try {
      const answer = await probe(this.turn(command), prepared, AbortSignal.any([this.signal, hold.lost]));
      // Told to stop among them: whoever takes over when the lease is out begins anew.
      return hold.lost.aborted || this.signal.aborted ? 'lost' : answer;
    } finally {
      hold.end();
    }
  }

  private turn<C extends Command>(command: C): Turn<C> {
    const { accountId, region, functionName } = this.row.target;
    return {
      parts: this.parts,
      row: this.row,
      state: this.row.state,
      command,
      fn: { accountId, region, functionName },
      at: () => (command.type === 'Watch' ? this.at() : this.latestAt()),
      signal: this.signal,
    };
  }

  private async record(
    event: RolloutEvent,
    delayMs?: number,
    seen?: Seen,
    leaseMs?: number,
  ): Promise<'recorded' | 'lost' | 'stale'> {
    const next = transition(this.row.state, event);
    if (next.kind !== 'moved') return 'stale';
    const at = this.at();
    const wakeAt = delayMs === undefined ? nextWakeAt(next.state, at) : at + delayMs;
    const recorded = await this.parts.store.deployments.record(this.row, event, next.state, {
      actor: this.parts.name,
      nextAt: wakeAt,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...seen,
    });
    if (recorded.kind === 'lost') return 'lost';
    this.follow(next.state, recorded, seen?.evidence);
    return 'recorded';
  }

  private hasClaimed(): boolean {
    return 'claim' in this.row.state && this.row.state.claim !== undefined;
  }

  private follow(state: DeploymentRow['state'], recorded: Recorded, evidence?: EvidenceRecord): void {
    const { sequence, lastHash, woken } = recorded;
    this.hasMoved = true;
    this.row = {
      ...this.row,
      state,
      phase: state.phase,
      sequence,
      lastHash,
      leaseUntil: undefined,
      evidence: evidence ?? this.row.evidence,
    };
    this.progress.phase = state.phase;
    this.progress.sequence = sequence;
    this.parts.logger.info(
      { deploymentId: this.row.id, target: this.row.target.name, phase: state.phase, sequence },
      'A deployment moved on.',
    );
    for (const wake of woken) this.parts.nudge(wake.deploymentId);
  }

  /**
   * Somebody moved the row while a write that we had announced was under way. What we did is left in the history for
   * whoever goes on from there; the state is theirs. A read's answer, or a write that was given up before it was announced,
   * is simply out of date: a remark about it would move the row under whoever reads by now, and two workers that read the
   * same alias would keep each other from going on.
   */
  private async leaveOutcome(event: RolloutEvent, { type: of }: WriteCommand): Promise<void> {
    for (let tries = 0; tries < 3; tries += 1) {
      const row = await this.parts.store.deployments.load(this.row.id);
      // A live lease belongs to somebody whose own record must not be overtaken by a remark.
      if (!row || (row.leaseUntil ?? 0) > row.readAt) return;
      const sentence = `${event.type} came too late: the deployment had moved on to ${row.phase}.`;
      const outcome = { type: 'Outcome', at: row.readAt, of, sentence } as const;
      const options = { actor: this.parts.name, nextAt: row.nextAt };
      const recorded = await this.parts.store.deployments.record(row, outcome, row.state, options);
      if (recorded.kind !== 'recorded') continue;
      this.hasRemarked = true;
      return;
    }
  }

  private async rest(delayMs: number, seen: Seen | undefined): Promise<Next> {
    await this.parts.store.deployments.rearm(this.row, this.at() + delayMs, seen?.evidence, seen?.blocks);
    return { sequence: this.row.sequence, delayMs };
  }
}
