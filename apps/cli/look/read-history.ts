import type { Client, DeploymentView } from '#contracts';

const PAGE = 100;

/** The newest `limit` deployments of a target, newest first. */
export async function readHistory(client: Client, target: string, limit: number): Promise<DeploymentView[]> {
  const found: DeploymentView[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listDeployments({
      target,
      limit: Math.min(PAGE, limit - found.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && found.length < limit);
  return found;
}
