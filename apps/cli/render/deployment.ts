import type { DeploymentView } from '#contracts';
import { exitCodeOf, isHeld, stateWords } from '../outcome.js';
import { adaptiveWords } from './adaptive.js';
import { bar } from './bar.js';
import { evidenceWords } from './evidence.js';
import { nextCommands } from './next-commands.js';
import { fold, type Ink, ink, type Style, wrap } from './style.js';
import { facts } from './table.js';
import { count, duration, secondOf, weight } from './words.js';

const ENDED_WELL = new Set(['succeeded']);
const WAITING = new Set(['gated', 'paused', 'queued']);
const COUNTING_DOWN = new Set(['baking', 'gated', 'paused']);

export function inkOf(phase: DeploymentView['phase']): Ink {
  if (ENDED_WELL.has(phase)) return 'green';
  if (WAITING.has(phase)) return 'yellow';
  if (phase === 'rolling_back' || exitCodeOf(phase) !== 0) return 'red';
  return 'cyan';
}

/** Everything there is to know about one deployment, for `sluice status`. `elapsedMs`: since the answer was read. */
export function statusLines(style: Style, deployment: DeploymentView, elapsedMs = 0): string[] {
  const lines = [
    ...headingLines(style, deployment),
    '',
    ...trafficLines(style, deployment),
    ...facts(style, [...progressFacts(style, deployment, elapsedMs), ...originFacts(style, deployment)]),
    ...nextCommands(style, deployment),
  ];
  if (deployment.restoreCommand) {
    const version = deployment.rollbackPoint?.version ?? 'the rollback point';
    lines.push(
      '',
      `If Sluice itself is down, this gives ${versionWord(version)} all traffic back:`,
      `  ${deployment.restoreCommand}`,
    );
  }
  return lines;
}

/** What changes while somebody looks on: the block that `sluice watch` redraws. */
export function liveLines(style: Style, deployment: DeploymentView, elapsedMs: number): string[] {
  return [
    ...headingLines(style, deployment),
    ...trafficLines(style, deployment),
    ...facts(style, progressFacts(style, deployment, elapsedMs)),
  ];
}

export function headingLines(style: Style, deployment: DeploymentView): string[] {
  const state = ink(style, inkOf(deployment.phase), stateWords(deployment));
  const title = `${ink(style, 'bold', deployment.target.name)}: ${state}`;
  // In these phases the headline counts down, and only the step below it knows how long ago it was read.
  if (COUNTING_DOWN.has(deployment.phase) && stepWords(deployment, 0)) return [title];
  return [
    title,
    ...wrap(fold(style, deployment.headline), style.columns && style.columns - 3).map((line) => `  ${line}`),
  ];
}

/** The two versions with their shares as bars; before the alias is known there is nothing to draw. */
export function trafficLines(style: Style, deployment: DeploymentView): string[] {
  const { stableVersion, canaryVersion } = deployment;
  // After drift, what was found is what callers get; the last value of ours is history.
  const alias = deployment.drift?.observed ?? deployment.alias;
  if (!alias) return [];
  const rows = [{ version: alias.version, share: 100 - (alias.canary?.weightPercent ?? 0) }];
  if (alias.canary) rows.push({ version: alias.canary.version, share: alias.canary.weightPercent });
  else if (!deployment.ended && canaryVersion && canaryVersion !== alias.version)
    rows.push({ version: canaryVersion, share: 0 });
  const width = Math.max(...rows.map((row) => row.version.length));
  return rows.map(({ version, share }) => {
    const role =
      !deployment.ended && version === canaryVersion ? 'canary' : version === stableVersion ? 'stable' : 'live';
    const label = deployment.ended && !alias.canary ? 'live' : role;
    const colour = label === 'canary' ? 'yellow' : 'green';
    return `  ${label.padEnd(6)}  version ${version.padEnd(width)}  ${bar(style, share, colour)} ${weight(share).padStart(6)}`;
  });
}

type Fact = readonly [label: string, value: string | undefined];

function progressFacts(style: Style, deployment: DeploymentView, elapsedMs: number): Fact[] {
  const { evidence, drift, reason, trouble } = deployment;
  // The headline already says the drift and the reason in most cases; repeating a sentence helps nobody.
  const said = (sentence: string | undefined) =>
    sentence && (COUNTING_DOWN.has(deployment.phase) || !deployment.headline.includes(sentence))
      ? fold(style, sentence)
      : undefined;
  return [
    ['Step', stepWords(deployment, elapsedMs)],
    ['Evidence', evidence ? evidenceWords(evidence.numbers) : undefined],
    ['Judge', deployment.ended || drift ? undefined : said(evidence?.sentence)],
    ['Expected', drift ? aliasWords(drift.expected) : undefined],
    ['Why', drift ? undefined : said(reason?.sentence)],
    ['Trouble', trouble ? `since ${secondOf(trouble.since)}: ${fold(style, trouble.sentence)}` : undefined],
    ['Remedy', trouble ? fold(style, trouble.remedy) : undefined],
    ['Asked by', reason?.by && reason.by !== deployment.requestedBy ? reason.by : undefined],
    ['What to do', reason?.remedy && (deployment.ended || isHeld(deployment)) ? fold(style, reason.remedy) : undefined],
  ];
}

function originFacts(style: Style, deployment: DeploymentView): Fact[] {
  const { target, rollbackPoint, artifact, configurationChanges } = deployment;
  const code = artifact ? `${artifact.kind}${artifact.sha256 ? ` ${artifact.sha256.slice(0, 12)}` : ''}` : undefined;
  const changed = configurationChanges.length > 0 ? `configuration: ${configurationChanges.join(', ')}` : undefined;
  return [
    ['Rollback', rollbackPoint ? `${versionWord(rollbackPoint.version)} is the rollback point` : undefined],
    ['Strategy', strategyWords(deployment)],
    ['Ships', [code, changed].filter(Boolean).join('; ') || undefined],
    [
      'Target',
      `function ${target.functionName}, alias ${target.aliasName}, ${target.region}, account ${target.accountId}`,
    ],
    ['Message', deployment.message ? fold(style, deployment.message) : undefined],
    ['Commit', deployment.commit ?? undefined],
    ['Started', `${secondOf(deployment.createdAt)} by ${deployment.requestedBy}`],
    ['Ended', deployment.endedAt ? secondOf(deployment.endedAt) : undefined],
    ['Id', deployment.id],
  ];
}

/** Where the rollout stands, how long that still takes and what comes then. */
export function stepWords(deployment: DeploymentView, elapsedMs: number): string | undefined {
  const { phase, steps, step } = deployment;
  if (deployment.ended || isHeld(deployment) || phase === 'rolling_back') return undefined;
  if (deployment.adaptive) return adaptiveWords(deployment, elapsedMs);
  if (step === null) return undefined;
  const present = steps[step];
  if (!present) return steps.length > 0 ? `all ${count(steps.length, 'step')} passed, promoting` : undefined;
  const place = `${step + 1} of ${steps.length}: ${weight(present.weightPercent)}`;
  const left = (until: string | null) =>
    until ? duration(Date.parse(until) - Date.parse(deployment.readAt) - elapsedMs) : undefined;
  const after = afterBake(present.gates, step + 1 < steps.length ? steps[step + 1]?.weightPercent : undefined);
  switch (phase) {
    case 'shifting':
      return `${place}, shifting`;
    case 'baking':
      return `${place} for ${duration(present.bakeSeconds * 1000)}, ${left(deployment.bakeUntil)} left, then ${after}`;
    case 'gated':
      return deployment.gate === 'approval'
        ? `${place}, waiting for a person to approve; rolls back in ${left(deployment.deadlineAt)} if nobody does`
        : `${place}, bake over, gathering evidence for up to ${left(deployment.deadlineAt)}`;
    case 'paused':
      return `${place}, paused; rolls back in ${left(deployment.deadlineAt)} unless resumed`;
    default:
      return place;
  }
}

function afterBake(gates: readonly string[], nextWeight: number | undefined): string {
  const next = nextWeight === undefined ? 'promotion' : weight(nextWeight);
  const names = gates.map((gate) => (gate === 'approval' ? 'approval' : 'the verdict'));
  return [...names, next].join(', then ');
}

export function aliasWords(alias: NonNullable<DeploymentView['alias']>): string {
  if (!alias.canary) return `100 % on version ${alias.version}`;
  const { version, weightPercent } = alias.canary;
  return `${weight(100 - weightPercent)} on version ${alias.version}, ${weight(weightPercent)} on version ${version}`;
}

export function versionWord(version: string): string {
  return /^\d/.test(version) ? `version ${version}` : version;
}

function strategyWords(deployment: DeploymentView): string | undefined {
  if (deployment.kind === 'restore') return undefined;
  if (deployment.adaptive) return `${deployment.strategy}: the judge chooses the weights`;
  if (deployment.strategy === 'unknown') return undefined;
  if (deployment.steps.length === 0) return `${deployment.strategy}: everything at once`;
  const shown = deployment.steps
    .slice(0, 6)
    .map((step) => `${weight(step.weightPercent)} for ${duration(step.bakeSeconds * 1000)}`);
  const more = deployment.steps.length > 6 ? `, ${deployment.steps.length - 6} more` : '';
  return `${deployment.strategy}: ${shown.join(', ')}${more}, then promotion`;
}
