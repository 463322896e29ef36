import type { Executor } from '../../libs/store/database.js';

/** What one statement touched: pages of 8 KB found in memory or read from disk, those of its triggers included. */
export interface StatementCost {
  readonly pages: number;
  readonly milliseconds: number;
  /** Tables that were read from end to end. */
  readonly scanned: readonly string[];
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

interface Explained {
  readonly Plan: PlanNode;
  readonly 'Execution Time': number;
}

interface Client {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}

/**
 * Runs `work` on an executor that explains every statement before it is run for real: the product's own statements
 * with its own values, not copies of them. The explained run is undone.
 */
export async function explainAll(
  client: Client,
  work: (executor: Executor) => Promise<unknown>,
): Promise<StatementCost> {
  const costs: StatementCost[] = [];
  const explaining = {
    async query(first: string | { text: string; values?: unknown[] }, second?: unknown[]) {
      const { text, values } = typeof first === 'string' ? { text: first, values: second } : first;
      if (/^\s*(WITH|SELECT|UPDATE|INSERT|DELETE)/i.test(text)) costs.push(await explain(client, text, values ?? []));
      return client.query(text, values ?? []);
    },
  };
  await work(explaining as unknown as Executor);
  return {
    pages: costs.reduce((sum, cost) => sum + cost.pages, 0),
    milliseconds: costs.reduce((sum, cost) => sum + cost.milliseconds, 0),
    scanned: [...new Set(costs.flatMap((cost) => cost.scanned))],
  };
}

/** The second of two runs: the first one on a connection reads the catalogue as well. */
async function explain(client: Client, text: string, values: unknown[]): Promise<StatementCost> {
  await explainOnce(client, text, values);
  return explainOnce(client, text, values);
}

async function explainOnce(client: Client, text: string, values: unknown[]): Promise<StatementCost> {
  await client.query('BEGIN');
  try {
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
    const [explained] = (rows[0]?.['QUERY PLAN'] ?? []) as Explained[];
    if (!explained) throw new Error('Postgres explained nothing.');
    return {
      pages: explained.Plan['Shared Hit Blocks'] + explained.Plan['Shared Read Blocks'],
      milliseconds: explained['Execution Time'],
      scanned: nodesOf(explained.Plan).flatMap((node) =>
        node['Node Type'] === 'Seq Scan' && node['Relation Name'] ? [node['Relation Name']] : [],
      ),
    };
  } finally {
    await client.query('ROLLBACK');
  }
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}
