import type { Client, DeploymentView, TargetView } from '#contracts';
import { stateWords } from '../outcome.js';
import { aliasWords, inkOf } from '../render/deployment.js';
import { ink, type Style } from '../render/style.js';
import { table } from '../render/table.js';
import { minuteOf } from '../render/words.js';
import { readTargets } from './read-targets.js';

export interface TargetNow {
  readonly target: TargetView;
  /** The active deployment, else the newest; `null` when there never was one. */
  readonly deployment: DeploymentView | null;
}

/** How many targets are asked about at once: enough to be quick, few enough to be polite. */
const AT_ONCE = 8;

export async function readOverview(client: Client): Promise<TargetNow[]> {
  const targets = await readTargets(client);
  const overview: TargetNow[] = [];
  for (let index = 0; index < targets.length; index += AT_ONCE) {
    overview.push(
      ...(await Promise.all(targets.slice(index, index + AT_ONCE).map((target) => readTarget(client, target)))),
    );
  }
  return overview;
}

async function readTarget(client: Client, target: TargetView): Promise<TargetNow> {
  if (target.activeDeploymentId) return { target, deployment: await client.getDeployment(target.activeDeploymentId) };
  const { items } = await client.listDeployments({ target: target.id, limit: 1 });
  return { target, deployment: items[0] ?? null };
}

export function overviewLines(style: Style, overview: readonly TargetNow[]): string[] {
  if (overview.length === 0) {
    return [
      'There are no targets yet.',
      'Make one: sluice targets create NAME --function F --alias A --region R --account ID',
    ];
  }
  const rows = overview.map(({ target, deployment }) => [
    target.name,
    deployment?.alias ? aliasWords(deployment.alias) : 'not known yet',
    deployment ? ink(style, inkOf(deployment.phase), stateWords(deployment)) : 'never deployed',
    deployment ? minuteOf(deployment.updatedAt) : '',
  ]);
  return table(style, ['TARGET', 'LIVE', 'LATEST', 'SINCE (UTC)'], rows);
}
