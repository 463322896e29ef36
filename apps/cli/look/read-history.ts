import type { Client, DeploymentView } from '#contracts';

const PAGE = 100;

export interface History {
  readonly deployments: readonly DeploymentView[];
  /** There are older ones than these. */
  readonly hasOlder: boolean;
}

/** The newest `limit` deployments of a target, newest first. */
export async function readHistory(client: Client, target: string, limit: number): Promise<History> {
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
  return { deployments: found, hasOlder: cursor !== undefined };
}
