import {
  type ActType,
  describeAliasValue,
  isEnd,
  isMoving,
  type MovingState,
  type Phase,
  type ReasonCode,
  type RolloutEvent,
  type RolloutState,
  sameAliasValue,
} from '#rollout';
import type { World } from './world.js';

/** What one deployment's history has told so far. */
interface Told {
  startedAt: number;
  /** Since when the phase, or the gate that is waited at, is the present one. */
  since: number;
  bakeMayEndAt: number;
  /** Weights that landed; in a plan with steps, the place in it. */
  shifts: number;
  /** Somebody chose to skip what is left of the plan. */
  skipped: boolean;
  /** Somebody let the present step go. */
  approved: boolean;
}

/** These say how an announced write ended; every other event leaves it announced. */
const TELLS_HOW_IT_ENDED = new Set<RolloutEvent['type']>([
  'WriteDeferred',
  'LatestUnchanged',
  'LatestSettled',
  'ConfigurationUpdated',
  'VersionPublished',
  'AliasConfirmed',
]);

/** After these, every value written before has landed, or is dead, or is no longer only ours. */
const SETTLES_THE_ALIAS = new Set<RolloutEvent['type']>(['WeightShifted', 'Promoted', 'Restored', 'AliasConfirmed']);

/** Where an act that was accepted leads, whatever else goes on. */
const LEADS_TO: Partial<Record<ActType, readonly Phase[]>> = {
  AbortRequested: ['cancelled', 'rolling_back'],
  CancelRequested: ['cancelled'],
  PauseRequested: ['paused', 'shifting'],
  ResumeRequested: ['baking', 'gated'],
  RestoreRequested: ['rolling_back'],
  AcceptAsIsRequested: ['cancelled'],
  AbandonRequested: ['cancelled'],
  SupersedeRequested: ['superseded'],
};

/** A pause stops going on: by itself it only turns back, or stops for good. */
const FROM_A_PAUSE: readonly Phase[] = ['paused', 'rolling_back', 'drifted', 'target_gone', 'superseded'];

/** Whether each history makes sense by itself: nothing announced is forgotten, no step is skipped, and reasons are true. */
export class Histories {
  private readonly told = new Map<string, Told>();

  constructor(private readonly world: World) {}

  recorded(id: string, before: RolloutState, event: RolloutEvent, after: RolloutState): void {
    // A late remark changes nothing, and is written where everything may have gone on.
    if (event.type === 'Outcome') return;
    const told = this.of(id);
    this.claims(id, before, event, after);
    if (isMoving(before) && isMoving(after)) this.keepsItsFacts(id, before, event, after);
    if (event.type === 'ClaimTaken') this.keepsToThePlan(id, before, event, told);
    const leads = LEADS_TO[event.type as ActType];
    if (leads && !leads.includes(after.phase)) this.world.violate('Act', `${id}: ${event.type} led to ${after.phase}.`);
    const pauses = before.phase === 'paused' || (before.phase === 'shifting' && before.pauseAsked !== undefined);
    if (pauses && !event.type.endsWith('Requested')) this.staysPaused(id, before, event, after);
    this.times(id, before, event, after, told);
    this.reasons(id, before, event, after, told);
    remember(told, before, event, after);
  }

  private of(id: string): Told {
    let told = this.told.get(id);
    if (!told) {
      told = {
        startedAt: this.world.database.rows.get(id)?.createdAt ?? 0,
        since: 0,
        bakeMayEndAt: 0,
        shifts: 0,
        skipped: false,
        approved: false,
      };
      this.told.set(id, told);
    }
    return told;
  }

  /** A write is announced before it leaves, and stays announced until an event says how it ended. */
  private claims(id: string, before: RolloutState, event: RolloutEvent, after: RolloutState): void {
    const had = 'claim' in before ? before.claim : undefined;
    const has = 'claim' in after ? after.claim : undefined;
    if (event.type === 'ClaimTaken') {
      if (had) this.world.violate('Claim', `${id} announced ${event.command} while ${had.command} was under way.`);
      if (has?.command !== event.command || has.token !== event.token || has.unresolved)
        this.world.violate('Claim', `${id} announced ${event.command} and the row does not say so.`);
      return;
    }
    if (event.type === 'OutcomeUnknown' && !has?.unresolved)
      this.world.violate('Claim', `${id} does not know how its write ended, and the row does not say so.`);
    if (!had) return;
    if (after.phase === before.phase && !has && !TELLS_HOW_IT_ENDED.has(event.type))
      this.world.violate('Claim', `${id} forgot its ${had.command} at ${event.type}.`);
    const { wanted } = had;
    if (!wanted || !isMoving(after) || SETTLES_THE_ALIAS.has(event.type)) return;
    if (!after.intents.some((intent) => sameAliasValue(intent, wanted)))
      this.world.violate(
        'Claim',
        `${id} forgot at ${event.type} that it may have written ${describeAliasValue(wanted)}.`,
      );
  }

  /** Where it goes back to and what it introduces never change; what is known of the alias is what was last seen. */
  private keepsItsFacts(id: string, before: MovingState, event: RolloutEvent, after: MovingState): void {
    if (before.point.version !== after.point.version || before.canary !== after.canary || before.kind !== after.kind)
      this.world.violate('Facts', `${id} changed its rollback point or its canary at ${event.type}.`);
    if (event.type === 'WeightShifted' || event.type === 'AliasConfirmed') {
      if (after.revisionId !== event.revisionId)
        this.world.violate('Facts', `${id} saw the token ${event.revisionId} and goes on with ${after.revisionId}.`);
    }
    if (event.type === 'AliasConfirmed') {
      const known = [before.value, ...before.intents].some((value) => sameAliasValue(value, event.value));
      if (!known)
        this.world.violate('I14', `${id} takes ${describeAliasValue(event.value)} for its own, which it never wrote.`);
    }
    if (event.type === 'WeightShifted' && !sameAliasValue(after.value, event.value))
      this.world.violate('Facts', `${id} shifted a weight and remembers another.`);
    if (event.type !== 'AliasDrifted') return;
    const isKept =
      after.phase === 'drifted' &&
      sameAliasValue(after.observed, event.observed) &&
      sameAliasValue(after.expected, event.expected) &&
      after.observedRevisionId === event.observedRevisionId;
    if (!isKept) this.world.violate('I14', `${id} does not keep what it saw of somebody else's change.`);
  }

  /** Every step in its order and with its weight, each left by the approval it asks for. */
  private keepsToThePlan(
    id: string,
    before: RolloutState,
    { command, wanted }: Extract<RolloutEvent, { type: 'ClaimTaken' }>,
    told: Told,
  ): void {
    if (!isMoving(before) || before.kind !== 'rollout' || before.plan.adaptive) return;
    if (command !== 'ShiftWeight' && command !== 'Promote') return;
    const { steps } = before.plan;
    const left = steps[told.shifts - 1];
    if (left?.gates.some(({ kind }) => kind === 'approval') && !told.approved && !told.skipped)
      this.world.violate('Plan', `${id} left a step that nobody approved.`);
    if (told.skipped ? command === 'Promote' : command === 'Promote' && told.shifts === steps.length) return;
    const step = steps[told.shifts];
    const value = step && {
      version: before.point.version,
      canary: { version: before.canary, weightPercent: step.weightPercent },
    };
    if (command !== 'ShiftWeight' || told.skipped || !value || !wanted || !sameAliasValue(wanted, value))
      this.world.violate('Plan', `${id} claimed ${command} after ${told.shifts} of ${steps.length} steps.`);
  }

  private staysPaused(id: string, before: RolloutState, event: RolloutEvent, after: RolloutState): void {
    const underWay = before.phase === 'shifting' && after.phase === 'shifting' && after.pauseAsked !== undefined;
    if (!underWay && !FROM_A_PAUSE.includes(after.phase))
      this.world.violate('Pause', `${id} went on to ${after.phase} at ${event.type} although somebody had paused it.`);
  }

  /** Bakes last as long as the plan says, from the moment the weight landed; people and gates get the time they were promised. */
  private times(id: string, before: RolloutState, event: RolloutEvent, after: RolloutState, told: Told): void {
    if (after.phase !== 'baking' && after.phase !== 'gated' && after.phase !== 'paused') return;
    if (event.type === 'WeightShifted' || event.type === 'AliasConfirmed') told.bakeMayEndAt = after.bakeUntil;
    if (event.type === 'WeightShifted') {
      const bakeSeconds = after.plan.steps[after.step]?.bakeSeconds ?? 0;
      if (after.bakeStartedAt !== event.at || after.bakeUntil !== event.at + bakeSeconds * 1000)
        this.world.violate(
          'I20',
          `${id} landed a weight at ${event.at} and bakes from another time or for another one.`,
        );
    } else if (after.bakeUntil !== told.bakeMayEndAt)
      this.world.violate('I20', `${id} moved the end of its bake at ${event.type}.`);
    if (after.phase === 'baking') return;
    const isEntered =
      before.phase !== after.phase ||
      (before.phase === 'gated' && after.phase === 'gated' && before.gate !== after.gate);
    const { analysisSeconds, personSeconds } = after.plan.deadlines;
    const byPerson = after.phase === 'paused' || after.gate === 'approval' || after.held;
    const dueAt = (isEntered ? event.at : told.since) + (byPerson ? personSeconds : analysisSeconds) * 1000;
    if (after.deadlineAt !== dueAt)
      this.world.violate('Deadline', `${id} is ${after.phase} until ${after.deadlineAt} and not ${dueAt}.`);
  }

  /** A reason is given when it becomes true: nothing ends for a deadline that has not passed or an abort nobody asked for. */
  private reasons(id: string, before: RolloutState, event: RolloutEvent, after: RolloutState, told: Told): void {
    if (after.phase !== 'rolling_back' && after.phase !== 'needs_human' && !isEnd(after)) return;
    const { reason } = after;
    const goesOn = 'reason' in before && before.reason !== undefined;
    if (!reason || goesOn) {
      if (!reason && goesOn) this.world.violate('Reason', `${id} lost its reason at ${event.type}.`);
      return;
    }
    const { deadlines, onInconclusive, adaptive } = before.plan;
    const passed = (since: number, seconds: number) => event.at >= since + seconds * 1000;
    const { code } = reason;
    const isTrue =
      (code !== 'prepare_deadline' || passed(told.startedAt, deadlines.prepareSeconds)) &&
      (code !== 'pause_deadline' || (before.phase === 'paused' && passed(told.since, deadlines.personSeconds))) &&
      (code !== 'approval_deadline' || (before.phase === 'gated' && passed(told.since, deadlines.personSeconds))) &&
      (code !== 'verdict_failed' || (event.type === 'Watched' && event.verdict === 'fail')) &&
      (code !== 'aborted' || event.type === 'AbortRequested') &&
      (code !== 'superseded' || event.type === 'SupersedeRequested') &&
      (code !== 'inconclusive' ||
        adaptive === true ||
        passed(told.since, onInconclusive === 'hold' ? deadlines.personSeconds : deadlines.analysisSeconds)) &&
      this.isSoOutside(id, before, code);
    if (!isTrue) this.world.violate('Reason', `${id} is ${after.phase} for "${code}", which is not so.`);
  }

  /** What a reason says of the world outside: "not found" is said of what is not there, and not of what did not answer. */
  private isSoOutside(id: string, before: RolloutState, code: ReasonCode): boolean {
    const { world } = this;
    const isThere = (version: string) => world.codeOf(version) !== undefined;
    switch (code) {
      case 'function_missing':
        return !isThere('$LATEST');
      case 'alias_missing':
      case 'target_gone':
        return world.aliasValue(world.aliasOf(id)) === undefined;
      case 'alias_weighted': {
        const alias = world.aliasOf(id);
        return world.watch.touched.has(alias) || world.aliasValue(alias)?.canary !== undefined;
      }
      case 'rollback_point_gone':
        return !isMoving(before) || !isThere(before.point.version);
      case 'version_not_found':
        return !isMoving(before) || !isThere(before.canary) || !isThere(before.point.version);
      case 'artifact_missing':
      case 'secrets_unreadable':
      case 'alarm_red':
      case 'alarms_unreadable':
        return false;
      default:
        return true;
    }
  }
}

function remember(told: Told, before: RolloutState, event: RolloutEvent, after: RolloutState): void {
  const gateOf = (state: RolloutState) => (state.phase === 'gated' ? state.gate : undefined);
  if (before.phase !== after.phase || gateOf(before) !== gateOf(after)) told.since = event.at;
  if (event.type === 'Started') told.startedAt = event.at;
  if (event.type === 'WeightShifted') {
    told.shifts += 1;
    told.approved = false;
  }
  if (event.type === 'ApproveRequested') told.approved = true;
  if (event.type !== 'PromoteRequested') return;
  if (event.onlyStep) told.approved = true;
  else told.skipped = true;
}
