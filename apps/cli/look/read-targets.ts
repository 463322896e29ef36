import type { Client, TargetView } from '#contracts';

const PAGE = 100;

export async function readTargets(client: Client): Promise<TargetView[]> {
  const found: TargetView[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listTargets({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}
