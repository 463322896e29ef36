import {
  type AliasValue,
  describeAliasValue,
  endPhases,
  isEnd,
  isMoving,
  isWatched,
  type RolloutEvent,
  type RolloutState,
  sameAliasValue,
  type WriteName,
  weightOf,
} from '#rollout';
import type { RecordOptions } from '../../libs/store/deployments/record.js';
import { Histories } from './histories.js';
import type { MemoryAlias } from './memory-lambda.js';
import type { Actor } from './scheduler.js';
import type { World } from './world.js';

export interface RecordedClaim {
  readonly deploymentId: string;
  readonly actor: string;
  readonly command: WriteName;
  readonly token: string;
  readonly wanted: AliasValue | undefined;
}

interface Story {
  aborted: boolean;
  landedAfterAbort: number;
  restoreLanded: boolean;
  readonly made: Set<string>;
  uploads: number;
  weightLandedAt: number;
  /** Who may act on the present claim, and until when nobody else may. */
  holder: { readonly actor: string; readonly until: number } | undefined;
}

/** Sees everything that is recorded and everything that lands, and says which invariant it breaks. */
export class Watch {
  readonly claims: RecordedClaim[] = [];
  /** Aliases somebody outside Sluice has ever touched, and those whose last change was not ours. */
  readonly touched = new Set<string>();
  readonly foreign = new Set<string>();
  /** Somebody outside Sluice changed `$LATEST`, or a write of an ended deployment may have. */
  latestTouched = false;
  /** Somebody outside Sluice deleted a version: publishing again makes another of the same content. */
  versionsDeleted = false;
  private readonly touchedAt = new Map<string, number>();
  private readonly lastWriter = new Map<string, string>();
  private readonly stories = new Map<string, Story>();
  private readonly histories: Histories;

  constructor(private readonly world: World) {
    this.histories = new Histories(world);
  }

  story(id: string): Story {
    let story = this.stories.get(id);
    if (!story) {
      story = {
        aborted: false,
        landedAfterAbort: 0,
        restoreLanded: false,
        made: new Set(),
        uploads: 0,
        weightLandedAt: 0,
        holder: undefined,
      };
      this.stories.set(id, story);
    }
    return story;
  }

  recorded(id: string, before: RolloutState, event: RolloutEvent, after: RolloutState, options: RecordOptions): void {
    const story = this.story(id);
    const { actor } = options;
    this.lease(id, event, options, story);
    this.histories.recorded(id, before, event, after);
    if (event.type === 'ClaimTaken') {
      const { command, token, wanted } = event;
      this.claims.push({ deploymentId: id, actor, command, token, wanted });
      if (command === 'ShiftWeight' || command === 'Promote') this.probedBefore(id, before);
      if (story.aborted && (command === 'ShiftWeight' || command === 'Promote')) {
        this.world.violate('I6', `${id} claimed ${command} after an abort was accepted.`);
      }
    }
    if (event.type === 'Outcome') this.remarked(id, event.of, actor);
    if (event.type === 'AbortRequested' && isMoving(before)) story.aborted = true;
    if (event.type === 'RestoreRequested') story.aborted = true;
    if (event.type === 'AliasDrifted' && !this.touched.has(this.world.aliasOf(id))) {
      this.world.violate('I14', `${id} took its own write for somebody else's: ${JSON.stringify(event)}`);
    }
    this.dated(id, event, story);
    const stops = this.world.processes.some(
      ({ actor: { name, stopping } }) => name === actor && stopping.signal.aborted,
    );
    if (event.type === 'Probed' && event.verdict === 'inconclusive' && stops) {
      this.world.violate('Probes', `${id} is told that its probes prove nothing by ${actor}, which was told to stop.`);
    }
    if (event.type === 'Probed') this.probed(id, before, event);
    if (event.type === 'Watched') this.watched(id, before, event, after, story);
    if (isEnd(after) && !isEnd(before)) this.ended(id, before, after, story);
    this.oneActive(id);
  }

  /** Only a write that was announced can have come too late: a remark moves the row under whoever reads it by now. */
  private remarked(id: string, of: WriteName, by: string): void {
    const announced = this.claims.some(
      ({ deploymentId, command, actor }) => deploymentId === id && command === of && actor === by,
    );
    if (!announced) this.world.violate('Facts', `${by} remarks on a ${of} of ${id} that it never announced.`);
  }

  /** A bake begins no sooner than its weight landed and is looked at no later than it is, whatever held a worker up. */
  private dated(id: string, event: RolloutEvent, story: Story): void {
    const { now } = this.world.scheduler;
    const tooSoon = event.type === 'WeightShifted' && event.at < story.weightLandedAt - 1;
    const tooLate = event.type === 'Watched' && event.at > now + 1;
    if (tooSoon || tooLate) this.world.violate('I20', `${id} dates ${event.type} at ${event.at}; it is ${now}.`);
  }

  /** While a lease lives, only its holder (and people) move the row. */
  private lease(id: string, event: RolloutEvent, { actor, leaseMs }: RecordOptions, story: Story): void {
    const { holder } = story;
    const { now } = this.world.scheduler;
    const byAnother = holder && holder.actor !== actor && now < holder.until;
    if (byAnother && !event.type.endsWith('Requested') && event.type !== 'Outcome') {
      this.world.violate('Lease', `${actor} recorded ${event.type} of ${id} while ${holder.actor} held its lease.`);
    }
    if (leaseMs !== undefined) story.holder = { actor, until: now + leaseMs };
    else if (event.type !== 'PauseRequested') story.holder = undefined;
  }

  leaseHeld(id: string, actor: string, leaseMs: number): void {
    this.story(id).holder = { actor, until: this.world.scheduler.now + leaseMs };
  }

  /** Where every payload is answered in time, probes come to a word. */
  private probed(id: string, before: RolloutState, { verdict }: Extract<RolloutEvent, { type: 'Probed' }>): void {
    if (before.phase !== 'preparing' || !this.world.fair || this.world.troubles.latencyMs > 100) return;
    const [stable, canary] = [before.captured?.point.version, before.published].map((version) =>
      version === undefined ? undefined : this.world.codeOf(version),
    );
    if (stable === undefined || canary === undefined || this.world.failsProbes(stable)) return;
    const word = this.world.failsProbes(canary) ? 'fail' : 'pass';
    if (verdict !== word) this.world.violate('Probes', `${id} is told "${verdict}" by probes that show "${word}".`);
  }

  /** Nobody meets a version before the probes its plan asks for, nor one that only it fails. */
  private probedBefore(id: string, before: RolloutState): void {
    if (!isMoving(before) || !before.plan.probes) return;
    const events = this.world.database.events.get(id) ?? [];
    const word = events.map(({ data }) => data).find((data) => data.type === 'Probed');
    if (!word) {
      this.world.violate('Probes', `${id} moves traffic before its probes have spoken.`);
    }
    // Who lets probes that prove nothing go on has chosen so.
    if (word?.type === 'Probed' && word.verdict === 'inconclusive') return;
    const [stable, canary] = [before.point.version, before.canary].map((version) => this.world.codeOf(version));
    if (stable === undefined || canary === undefined || this.world.failsProbes(stable)) return;
    if (this.world.failsProbes(canary)) {
      this.world.violate('Probes', `${id} moves traffic to version ${before.canary}, which fails every probe.`);
    }
  }

  private watched(
    id: string,
    before: RolloutState,
    event: Extract<RolloutEvent, { type: 'Watched' }>,
    after: RolloutState,
    story: Story,
  ): void {
    if (!isMoving(before)) return;
    if (event.verdict === 'pass' && !this.world.traffic.reported.has(before.canary)) {
      this.world.violate('I19', `${id} passed an analysis although nothing was known about version ${before.canary}.`);
    }
    if (
      after.phase !== 'shifting' &&
      after.phase !== 'promoting' &&
      !(before.phase === 'baking' && after.phase === 'gated')
    )
      return;
    const step = before.plan.steps[before.step];
    const heldMs = this.world.scheduler.now - story.weightLandedAt;
    // Times are rounded to whole milliseconds on both sides.
    if (step && heldMs < step.bakeSeconds * 1000 - 2) {
      this.world.violate('I20', `${id} left step ${before.step} after ${heldMs} ms of ${step.bakeSeconds} s.`);
    }
    const analysis = step?.gates.some((gate) => gate.kind === 'analysis');
    if (analysis && after.phase !== 'gated' && event.verdict !== 'pass') {
      this.world.violate('I19', `${id} left a step with an analysis gate on the verdict ${event.verdict}.`);
    }
  }

  private ended(id: string, before: RolloutState, after: RolloutState, story: Story): void {
    const alias = this.world.aliasOf(id);
    const now = this.world.aliasValue(alias);
    const isRestored = after.phase === 'rolled_back' || (after.phase === 'succeeded' && after.result === 'restored');
    if (isRestored && !this.foreign.has(alias) && isMoving(before) && now) {
      if (!sameAliasValue(now, before.point)) {
        this.world.violate('I3', `${id} is ${after.phase}, the alias has ${describeAliasValue(now)}.`);
      }
    }
    const isPromoted = after.phase === 'succeeded' && after.result === 'promoted';
    if (isPromoted && !this.foreign.has(alias) && isMoving(before) && now) {
      if (!sameAliasValue(now, { version: before.canary })) {
        this.world.violate('I3', `${id} is promoted, the alias has ${describeAliasValue(now)}.`);
      }
    }
    if (story.aborted && isPromoted) {
      this.world.violate('I6', `${id} was promoted after an abort was accepted.`);
    }
    const blamed = after.phase === 'failed' && after.reason.code === 'latest_changed';
    if (blamed && !this.latestTouched) {
      this.world.violate('F19', `${id} blames somebody else for its own write: ${after.reason.sentence}`);
    }
    const refused = 'reason' in after && after.reason?.code === 'write_refused';
    if (refused && !this.world.denied && !this.latestTouched) {
      this.world.violate('F19', `${id} ended as ${after.phase} for a refusal that Lambda never gave.`);
    }
    if (before.phase === 'preparing' && before.claim) this.latestTouched = true;
  }

  private oneActive(id: string): void {
    const target = this.world.database.rows.get(id)?.target.id;
    let active = 0;
    for (const row of this.world.database.rows.values()) {
      if (row.target.id === target && row.phase !== 'queued' && !isEndPhase(row.phase)) active += 1;
    }
    if (active > 1) this.world.violate('I1', `${active} deployments are active on one target.`);
  }

  /** The claim a write stands on; without one, the write names something nobody recorded. */
  claimFor(
    actor: Actor,
    command: WriteName | 'alias',
    token: string | undefined,
    wanted?: AliasValue,
  ): RecordedClaim | undefined {
    for (let index = this.claims.length - 1; index >= 0; index -= 1) {
      const claim = this.claims[index] as RecordedClaim;
      if (claim.actor !== actor.name || claim.token !== token) continue;
      if (
        command !== 'alias' ? claim.command === command : claim.wanted && wanted && sameAliasValue(claim.wanted, wanted)
      )
        return claim;
    }
    this.world.violate('I18', `${actor.name} sent ${command} under ${token}, which no claim of its names.`);
    return undefined;
  }

  /** Somebody outside Sluice changed or deleted an alias. */
  touchedBySomebody(alias: string): void {
    this.touched.add(alias);
    this.foreign.add(alias);
    this.touchedAt.set(alias, this.world.scheduler.now);
  }

  /** What somebody else did to an alias whose canary is watched is seen within this time. */
  checkForeign(unseenMs: number): void {
    const { now } = this.world.scheduler;
    for (const { id, state, phase, target } of this.world.database.rows.values()) {
      if (phase !== 'baking' && phase !== 'gated' && phase !== 'paused') continue;
      const since = this.touchedAt.get(target.aliasName);
      if (!isWatched(state) || since === undefined || !this.foreign.has(target.aliasName)) continue;
      const unseen = now - Math.max(since, 'since' in state ? state.since : state.bakeStartedAt);
      const value = this.world.aliasValue(target.aliasName);
      if (unseen > unseenMs && !(value && sameAliasValue(value, state.value)))
        this.world.violate(
          'I14',
          `${id} is ${phase} and has not seen for ${unseen} ms what somebody did to its alias.`,
        );
    }
  }

  /** A write to an alias took effect. */
  landed(claim: RecordedClaim, alias: string, before: MemoryAlias, after: MemoryAlias): void {
    const { deploymentId: id } = claim;
    const row = this.world.database.rows.get(id);
    if (!row) return;
    const story = this.story(id);
    this.validValue(id, after.value);
    if (this.foreign.has(alias) && !this.hasSeen(id, before.value)) {
      this.world.violate(
        'I14',
        `${id} overwrote ${describeAliasValue(before.value)}, which it never recorded having seen.`,
      );
    }
    const canary = row.state.phase === 'queued' || row.state.phase === 'preparing' ? undefined : row.state.canary;
    const rises = canary !== undefined && weightOf(after.value, canary) > weightOf(before.value, canary);
    if (rises && story.restoreLanded && row.kind === 'rollout')
      this.world.violate('I4', `${id} raised the weight again after its restore landed.`);
    if (story.aborted && claim.command !== 'Restore') {
      story.landedAfterAbort += 1;
      if (story.landedAfterAbort > 1) this.world.violate('I6', `${id}: a second write landed after the abort.`);
    }
    if (isEndPhase(row.phase) && !this.isTakenOver(row.target.id)) {
      this.world.violate('I7', `${id} ended as ${row.phase}, and its ${claim.command} landed afterwards.`);
    }
    if (claim.command === 'Restore' && before.revisionId !== after.revisionId) story.restoreLanded = true;
    if (claim.command === 'ShiftWeight') story.weightLandedAt = this.world.scheduler.now;
    this.foreign.delete(alias);
    this.lastWriter.set(alias, id);
  }

  /** A restore that took over has inherited what may still land, and overwrites it. */
  private isTakenOver(targetId: string): boolean {
    const active = this.world.database.activeOn(targetId);
    return active?.kind === 'restore';
  }

  private validValue(id: string, { version, canary }: AliasValue): void {
    const known = this.world.knownVersions();
    for (const used of [version, canary?.version]) {
      if (used === undefined) continue;
      if (used === '$LATEST') this.world.violate('I5', `${id} pointed the alias at $LATEST.`);
      else if (!known?.has(used)) this.world.violate('I2', `${id} uses version ${used}, which is not on record.`);
    }
    if (canary && (canary.weightPercent <= 0 || canary.weightPercent >= 100 || canary.version === version)) {
      this.world.violate('I5', `${id} wrote ${describeAliasValue({ version, canary })}.`);
    }
  }

  /** Whether a value that somebody else set stands in this deployment's history, or cannot be told from its own. */
  private hasSeen(id: string, value: AliasValue): boolean {
    const row = this.world.database.rows.get(id);
    if (row && 'intents' in row.state && row.state.intents.some((intent) => sameAliasValue(intent, value))) return true;
    return (this.world.database.events.get(id) ?? []).some(({ data }) => {
      if (data.type === 'AliasDrifted') return sameAliasValue(data.observed, value);
      if (data.type === 'AliasCaptured' || data.type === 'AliasConfirmed') return sameAliasValue(data.value, value);
      return data.type === 'RollbackPointCaptured' && sameAliasValue(data.captured.point, value);
    });
  }

  madeVersion(id: string, version: string): void {
    const story = this.story(id);
    story.made.add(version);
    if (story.made.size > 1 && !this.versionsDeleted)
      this.world.violate('I11', `${id} published ${[...story.made].join(' and ')}.`);
  }

  landedOnLatest({ deploymentId: id, command }: RecordedClaim): void {
    const story = this.story(id);
    // What an ended deployment still had on the wire may fail the next one, before any traffic has moved.
    if (isEndPhase(this.world.database.rows.get(id)?.phase ?? '')) this.latestTouched = true;
    if (command !== 'UpdateCode') return;
    story.uploads += 1;
    if (story.uploads > 1) this.world.violate('I11', `${id} uploaded its code twice.`);
  }

  /** When all is over: what is recorded is what is there, histories have no gap, and nothing accepted is lost. */
  atTheEnd(): void {
    for (const [id, row] of this.world.database.rows) {
      const events = this.world.database.events.get(id) ?? [];
      const gapFree = events.every((event, index) => event.seq === index + 1);
      if (!gapFree || events.length !== row.sequence) {
        this.world.violate('I8', `${id} has sequence ${row.sequence} and ${events.length} events.`);
      }
    }
    for (const alias of this.world.aliases()) {
      const writer = this.lastWriter.get(alias);
      const row = writer === undefined ? undefined : this.world.database.rows.get(writer);
      const value = this.world.aliasValue(alias);
      if (!row || !value || this.foreign.has(alias)) continue;
      const recorded = isEnd(row.state) ? row.state.value : undefined;
      if (recorded && !sameAliasValue(recorded, value)) {
        const there = describeAliasValue(value);
        this.world.violate('I12', `${row.id} recorded ${describeAliasValue(recorded)}, the alias has ${there}.`);
      }
      if (value.canary && !this.touched.has(alias) && !this.leftByDecision(alias)) {
        this.world.violate('I12', `Everything has ended and ${alias} still splits: ${describeAliasValue(value)}.`);
      }
    }
  }

  /** Whoever accepts or abandons has decided to leave the alias as it is. */
  private leftByDecision(alias: string): boolean {
    for (const { target, state } of this.world.database.rows.values()) {
      const code = isEnd(state) ? state.reason?.code : undefined;
      if (target.aliasName === alias && (code === 'accepted_as_is' || code === 'abandoned')) return true;
    }
    return false;
  }
}

function isEndPhase(phase: string): boolean {
  return (endPhases as readonly string[]).includes(phase);
}
