import type { DeploymentView } from '#contracts';
import { stateWords } from '../outcome.js';
import { inkOf } from './deployment.js';
import { fold, ink, type Style, wrap } from './style.js';
import { table } from './table.js';
import { minuteOf } from './words.js';

const HEADER = ['WHEN (UTC)', 'VERSION', 'WHAT', 'OUTCOME', 'BACK TO', 'BY', 'ID'];
/** The table itself; a narrower terminal gets the id on the line below. */
const WIDE = 124;
const INDENT = '    ';

/** Newest first: a row each, and below it why it ended so and what its author said. */
export function historyLines(style: Style, target: string, deployments: readonly DeploymentView[]): string[] {
  if (deployments.length === 0) return [`Nothing was ever deployed to ${target}.`];
  const isNarrow = style.columns !== undefined && style.columns < WIDE;
  const header = isNarrow ? HEADER.slice(0, -1) : HEADER;
  const rows = deployments.map((deployment) => rowOf(style, deployment).slice(0, header.length));
  const [title = '', ...lines] = table(style, header, rows);
  return [
    title,
    ...deployments.flatMap((deployment, index) => [lines[index] ?? '', ...detailLines(style, deployment, isNarrow)]),
  ];
}

function rowOf(style: Style, deployment: DeploymentView): string[] {
  return [
    minuteOf(deployment.createdAt),
    versionsOf(style, deployment),
    whatOf(deployment),
    ink(style, inkOf(deployment.phase), stateWords(deployment)),
    // A restore goes to its version; there is nothing it would go back to.
    deployment.kind === 'restore' ? '-' : (deployment.rollbackPoint?.version ?? '-'),
    deployment.requestedBy,
    deployment.id,
  ];
}

function versionsOf(style: Style, { kind, stableVersion, canaryVersion, alias }: DeploymentView): string {
  const introduced = kind === 'restore' ? (canaryVersion ?? alias?.version) : canaryVersion;
  if (!introduced) return stableVersion ?? '-';
  return stableVersion && stableVersion !== introduced
    ? `${stableVersion} ${style.unicode ? '→' : '->'} ${introduced}`
    : introduced;
}

function whatOf(deployment: DeploymentView): string {
  if (deployment.kind === 'restore') return 'rollback';
  const { artifact, configurationChanges, strategy } = deployment;
  const what = artifact ? (configurationChanges.length > 0 ? 'code+configuration' : 'code') : 'configuration';
  return `${what}, ${strategy}`;
}

function detailLines(style: Style, deployment: DeploymentView, isNarrow: boolean): string[] {
  const { reason, message, commit } = deployment;
  const sentences = [
    ...(message
      ? [`"${fold(style, message)}"${commit ? ` (${commit.slice(0, 12)})` : ''}`]
      : commit
        ? [`commit ${commit.slice(0, 12)}`]
        : []),
    ...(reason ? [fold(style, reason.sentence)] : []),
    ...(isNarrow ? [ink(style, 'dim', deployment.id)] : []),
  ];
  const columns = style.columns && style.columns - INDENT.length;
  return sentences.flatMap((sentence) => wrap(sentence, columns).map((line) => `${INDENT}${line}`));
}
