import { sameAliasValue } from './alias-value.js';
import type { Fact } from './event.js';
import { CAUTIOUS_FIRST_WEIGHT_PERCENT } from './plan.js';
import type { Captured, PrepareStage, Preparing, RolloutState, WriteName } from './state.js';

type FactOf<T extends Fact['type']> = Extract<Fact, { readonly type: T }>;

/** Everything before the first shift. A definite failure here ends the deployment: no traffic has moved. */
export function applyPreparingFact(state: Preparing, event: Fact): RolloutState | undefined {
  switch (event.type) {
    case 'PreparationFailed':
      return { phase: 'failed', ...ending(state), reason: event.reason };
    case 'TargetVanished':
      return { phase: 'target_gone', ...ending(state), reason: event.reason };
    case 'AliasCaptured':
      return onAliasCaptured(state, event);
    case 'RollbackPointCaptured':
      return onCaptured(state, event);
    default:
      return state.captured ? applyChangeFact(state, state.captured, event) : undefined;
  }
}

function onCaptured(state: Preparing, event: FactOf<'RollbackPointCaptured'>): RolloutState | undefined {
  if (state.captured || state.kind !== 'rollout') return undefined;
  const { captured } = event;
  if (event.nothingToDo) {
    return {
      phase: 'succeeded',
      ...ending(state),
      result: 'nothing_to_do',
      value: { version: captured.point.version },
    };
  }
  const stage = event.needsConfiguration ? 'configure' : captured.needsCode ? 'update_code' : 'publish';
  const { captured: _none, ...rest } = state;
  return { captured, ...rest, stage };
}

/** A restore knows where it goes; the alias as it is now is what it can be undone to. */
function onAliasCaptured(state: Preparing, event: FactOf<'AliasCaptured'>): RolloutState | undefined {
  if (state.kind !== 'restore' || state.restoreTo === undefined) return undefined;
  const point = { version: state.restoreTo };
  if (sameAliasValue(event.value, point)) {
    return { phase: 'succeeded', ...ending(state), result: 'nothing_to_do', point, value: event.value };
  }
  return {
    phase: 'rolling_back',
    kind: 'restore',
    plan: state.plan,
    point,
    canary: event.value.canary?.version ?? event.value.version,
    revisionId: event.revisionId,
    value: event.value,
    intents: [event.value],
    step: 0,
    before: event.value,
    reason: { code: 'restore_requested', sentence: `Version ${point.version} was asked for.` },
  };
}

const CLAIMED_AT: Partial<Record<PrepareStage, WriteName>> = {
  configure: 'UpdateConfiguration',
  update_code: 'UpdateCode',
  publish: 'PublishVersion',
};

function applyChangeFact(state: Preparing, captured: Captured, event: Fact): RolloutState | undefined {
  const { claim, ...unclaimed } = state;
  switch (event.type) {
    case 'ClaimTaken':
      if (claim || event.command !== CLAIMED_AT[state.stage ?? 'publish']) return undefined;
      return { ...state, claim: { command: event.command, token: event.token } };
    case 'OutcomeUnknown':
      return claim && !claim.unresolved ? { ...state, claim: { ...claim, unresolved: true } } : undefined;
    case 'WriteDeferred':
    case 'LatestUnchanged':
      return claim ? unclaimed : undefined;
    case 'WriteRefused':
      return { phase: 'failed', ...ending(state), reason: event.reason };
    case 'ConfigurationUpdated':
      return state.stage === 'configure' ? { ...unclaimed, stage: 'settle' } : undefined;
    case 'LatestSettled':
      return onSettled(state, captured, event);
    case 'VersionPublished': {
      if (state.stage === 'activate') return undefined;
      const { published: _none, ...rest } = unclaimed;
      return { published: event.version, ...rest, stage: 'activate' };
    }
    case 'VersionActivated':
      return onActivated(state, captured, event.firstWeightPercent);
    case 'ProbesBegun':
      // Two workers that begin the same round are told apart by the row's sequence; a round that is over is stale.
      if (state.stage !== 'probe' || event.round !== (state.probeRounds ?? 0) + 1) return undefined;
      return { ...state, probeRounds: event.round };
    case 'Probed':
      return state.stage === 'probe' ? onProbed(state, captured, event) : undefined;
    default:
      return undefined;
  }
}

/** The token of `$LATEST` changes by itself when an update settles, so the one read afterwards is the one to name. */
function onSettled(state: Preparing, captured: Captured, event: FactOf<'LatestSettled'>): RolloutState | undefined {
  if (state.stage === 'activate') return undefined;
  const { claim: _resolved, ...unclaimed } = state;
  const needsCode = captured.needsCode && !event.codeIsOurs;
  return {
    ...unclaimed,
    captured: { ...captured, latestRevisionId: event.revisionId, needsCode },
    stage: needsCode ? 'update_code' : 'publish',
  };
}

function onActivated(
  state: Preparing,
  captured: Captured,
  firstWeightPercent: number | undefined,
): RolloutState | undefined {
  if (state.stage !== 'activate') return undefined;
  if (!state.plan.probes) return beginShifting(state, captured, firstWeightPercent);
  return { ...state, stage: 'probe', ...(firstWeightPercent === undefined ? {} : { firstWeightPercent }) };
}

/** Probes that only the canary fails end the deployment here: nobody has met the new version. */
function onProbed(state: Preparing, captured: Captured, event: FactOf<'Probed'>): RolloutState | undefined {
  const proceeds =
    event.verdict === 'pass' || (event.verdict === 'inconclusive' && state.plan.probes?.onInconclusive === 'continue');
  if (proceeds) return beginShifting(state, captured, state.firstWeightPercent);
  const code = event.verdict === 'fail' ? 'probes_failed' : 'probes_inconclusive';
  return { phase: 'failed', ...ending(state), reason: { code, sentence: event.sentence } };
}

function beginShifting(
  state: Preparing,
  captured: Captured,
  firstWeightPercent: number | undefined,
): RolloutState | undefined {
  if (state.published === undefined) return undefined;
  const point = captured.point;
  const value = { version: point.version };
  const moving = {
    kind: state.kind,
    plan: state.plan,
    point,
    canary: state.published,
    revisionId: captured.aliasRevisionId,
    value,
    intents: [value],
    step: 0,
  };
  if (state.plan.adaptive) {
    return { phase: 'shifting', ...moving, weightTarget: firstWeightPercent ?? CAUTIOUS_FIRST_WEIGHT_PERCENT };
  }
  return { phase: state.plan.steps.length === 0 ? 'promoting' : 'shifting', ...moving };
}

function ending(state: Preparing) {
  return {
    kind: state.kind,
    plan: state.plan,
    ...(state.captured ? { point: state.captured.point } : {}),
    ...(state.published ? { canary: state.published } : {}),
  };
}
