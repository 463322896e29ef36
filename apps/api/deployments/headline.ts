import {
  type Baking,
  describeAliasValue,
  describeDrift,
  type EndState,
  formatDuration,
  formatWeight,
  type Gated,
  isEnd,
  type MovingState,
  mayLandUntil,
  type Paused,
  type Preparing,
  stepValue,
  weightOf,
} from '#rollout';
import type { DeploymentRow, EvidenceRecord } from '#store';

/** One plain sentence: what is going on, and why. */
export function headline(row: Pick<DeploymentRow, 'state' | 'evidence' | 'readAt' | 'kind'>): string {
  const { state } = row;
  if (isEnd(state)) return endHeadline(state);
  if (state.phase === 'queued') return 'Waiting in line for its target.';
  if (state.phase === 'preparing') return prepareHeadline(state, row.evidence);
  return movingHeadline(state, row.evidence, row.readAt);
}

function prepareHeadline(state: Preparing, evidence: EvidenceRecord | undefined): string {
  if (state.kind === 'restore') return `Looking at the alias before version ${state.restoreTo} is put back.`;
  if (!state.captured) return 'Looking at the alias and the function; nothing has changed yet.';
  switch (state.stage) {
    case 'configure':
      return 'Updating the function’s configuration; no traffic has moved.';
    case 'settle':
      return 'Waiting for Lambda to apply the configuration; no traffic has moved.';
    case 'update_code':
      return 'Uploading the code; no traffic has moved.';
    case 'activate':
      if (evidence) return `${evidence.sentence}; no traffic has moved.`;
      return `Waiting for version ${state.published} to become active; no traffic has moved.`;
    case 'probe':
      return `Probing version ${state.published} with ${howMany(state.plan.probes)}; no traffic has moved.`;
    default:
      return 'Publishing a version; no traffic has moved.';
  }
}

function howMany(probes: Preparing['plan']['probes']): string {
  return probes?.fromLog ? `up to ${probes.payloads} payloads from its log` : `${probes?.payloads} payloads`;
}

function movingHeadline(state: MovingState, evidence: EvidenceRecord | undefined, now: number): string {
  switch (state.phase) {
    case 'shifting':
      return `Shifting to ${describeAliasValue(stepValue(state, state.step))}${state.pauseAsked ? ', then pausing' : ''}.`;
    case 'baking':
      if (state.plan.adaptive) return `${share(state)}, going as far as the evidence allows${compared(evidence)}.`;
      return `${share(state)}, baking, ${timeLeft(state.bakeUntil, now)}${compared(evidence)}.`;
    case 'gated':
      return gatedHeadline(state, evidence, now);
    case 'paused':
      return `${share(state)}, paused by ${state.by}; unless resumed, it goes back in ${left(state.deadlineAt, now)}${compared(evidence)}.`;
    case 'promoting':
      return `Promoting: version ${state.canary} gets all traffic.`;
    case 'rolling_back':
      return `Putting version ${state.point.version} back: ${state.reason.sentence}`;
    case 'drifted':
      return `Somebody else moved the alias: ${describeDrift(state.expected, state.observed)}. Nothing was overwritten; a person must choose.`;
    case 'needs_human':
      return `Version ${state.point.version} could not be put back, a person is needed: ${state.reason.sentence}${stillOut(state, now)}`;
  }
}

/** Whoever decides now should know that the alias may yet move by itself. */
function stillOut(state: MovingState, now: number): string {
  const until = mayLandUntil(state, now);
  if (until === undefined) return '';
  return ` An earlier write was never answered and may still move the alias for ${left(until, now)}.`;
}

function gatedHeadline(state: Gated, evidence: EvidenceRecord | undefined, now: number): string {
  if (state.gate === 'approval') {
    return `${share(state)}, waiting for an approval, ${timeLeft(state.deadlineAt, now)}${compared(evidence)}.`;
  }
  const waits = state.held ? 'held until a person decides' : 'waiting for a verdict';
  return `${share(state)}, ${waits}, ${timeLeft(state.deadlineAt, now)}${compared(evidence)}.`;
}

function endHeadline(state: EndState): string {
  switch (state.phase) {
    case 'succeeded':
      return successHeadline(state);
    case 'rolled_back':
      return `Rolled back to version ${state.point.version}: ${state.reason.sentence}`;
    case 'failed':
      return `Failed before any traffic moved: ${state.reason.sentence}`;
    case 'cancelled':
      return `Cancelled: ${state.reason.sentence}`;
    case 'superseded':
      return `Superseded: ${state.reason.sentence}`;
    case 'target_gone':
      return `The target is gone: ${state.reason.sentence}`;
  }
}

function successHeadline(state: Extract<EndState, { phase: 'succeeded' }>): string {
  const version = state.value?.version ?? state.canary ?? state.point?.version;
  switch (state.result) {
    case 'promoted':
      return `Promoted: version ${version} has all traffic.`;
    case 'restored':
      return `Put back: version ${version} has all traffic.`;
    case 'nothing_to_do':
      return state.kind === 'restore'
        ? `Nothing to do: version ${version} had all traffic already.`
        : `Nothing to do: version ${version} already has this code and configuration.`;
  }
}

/** "10 % on version 5" */
function share(state: Baking | Gated | Paused): string {
  return `${formatWeight(weightOf(state.value, state.canary))} % on version ${state.canary}`;
}

function timeLeft(until: number, now: number): string {
  return until > now ? `${left(until, now)} left` : 'time is up';
}

function left(until: number, now: number): string {
  const seconds = Math.ceil(Math.max(0, until - now) / 1000);
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds);
}

/** "; errors 0.2 % vs 0.1 %": the canary's against the stable version's, once both have been seen. */
function compared(evidence: EvidenceRecord | undefined): string {
  const canary = errorRate(evidence?.numbers['canary']);
  const stable = errorRate(evidence?.numbers['stable']);
  if (canary === undefined) return '';
  return `; errors ${percent(canary)}${stable === undefined ? '' : ` vs ${percent(stable)}`}`;
}

function errorRate(version: unknown): number | undefined {
  const rate = (version as { errorRate?: unknown } | undefined)?.errorRate;
  return typeof rate === 'number' && Number.isFinite(rate) ? rate : undefined;
}

function percent(rate: number): string {
  const value = rate * 100;
  return `${Number(value.toPrecision(value >= 10 ? 3 : 2))} %`;
}
