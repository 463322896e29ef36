import type { Client, DeploymentView } from '#contracts';
import { exitCodes } from '../exit-codes.js';
import { Failure } from '../failure.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What a target's name stands for when a command wants a deployment. */
export type Meaning =
  /** The active one; it is an error when nothing is under way. */
  | 'active'
  /** The one that waits in the queue. */
  | 'queued'
  /** The active one, else the newest. */
  | 'latest';

export async function findDeployment(client: Client, idOrTarget: string, meaning: Meaning): Promise<DeploymentView> {
  if (UUID.test(idOrTarget)) return client.getDeployment(idOrTarget.toLowerCase());
  const target = await client.getTarget(idOrTarget);
  if (meaning !== 'queued' && target.activeDeploymentId) return client.getDeployment(target.activeDeploymentId);
  const query = meaning === 'latest' ? {} : { phase: 'queued' as const };
  const { items } = await client.listDeployments({ target: target.id, limit: 1, ...query });
  // A deployment that was just accepted waits in the queue for a moment before it is the active one.
  if (items[0]) return items[0];
  const history = `"sluice history ${target.name}" shows what happened here.`;
  if (meaning === 'latest')
    throw refusal(`Nothing was ever deployed to ${target.name}.`, `sluice deploy ${target.name} --dir FOLDER`);
  if (meaning === 'queued') throw refusal(`Nothing waits in the queue of ${target.name}.`, history);
  throw refusal(`Nothing is being deployed to ${target.name} right now.`, history);
}

export function isDeploymentId(text: string): boolean {
  return UUID.test(text);
}

function refusal(message: string, remedy: string): Failure {
  return new Failure(message, remedy, exitCodes.refused, 'nothing_under_way');
}
