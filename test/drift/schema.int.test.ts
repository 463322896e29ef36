import { readFile } from 'node:fs/promises';
import { migrate } from '../../libs/store/migrate.js';
import { createDatabase } from '../world/database.js';
import { patiently } from '../world/patiently.js';
import { openSchemaEngine } from './schema-engine.js';

/** What the schema language cannot say and the migrations add by hand. */
const handMadeIndexes = [
  'deployments_due',
  'deployments_ended_order',
  'deployments_held',
  'deployments_one_active',
  'deployments_queued',
  'deployments_reconcile',
  'deployments_rolling_back',
  'deployments_stuck',
  'queries_open',
];

const COLUMNS = `SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default, datetime_precision,
  numeric_precision, numeric_scale FROM information_schema.columns
  WHERE table_schema = 'public' AND table_name <> '_prisma_migrations' ORDER BY 1, 2`;
const INDEXES = `SELECT indexname, indexdef FROM pg_indexes
  WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY 1`;

async function describeDatabase(url: string): Promise<{ columns: unknown[]; indexes: { indexname: string }[] }> {
  return patiently(url, async (client) => ({
    columns: (await client.query(COLUMNS)).rows,
    indexes: (await client.query<{ indexname: string }>(INDEXES)).rows,
  }));
}

/** The schema as Prisma itself would create it, in a database of its own. */
async function createFromSchema(url: string): Promise<void> {
  const engine = await openSchemaEngine(url);
  const content = await readFile('prisma/schema.prisma', 'utf8');
  const { stdout } = await engine.diff({
    from: { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
    script: true,
    exitCode: null,
    shadowDatabaseUrl: null,
    filters: { externalTables: [], externalEnums: [] },
  } as never);
  engine.free();
  await patiently(url, (client) => client.query(stdout ?? ''));
}

test('the migrations produce exactly the schema that the code is generated from', async () => {
  const [migrated, declared] = await Promise.all([createDatabase(), createDatabase()]);
  await migrate(migrated.url, 'prisma/migrations');
  await createFromSchema(declared.url);
  const found = await describeDatabase(migrated.url);
  const wanted = await describeDatabase(declared.url);
  await Promise.all([migrated.drop(), declared.drop()]);

  expect(found.columns).toEqual(wanted.columns);
  expect(found.indexes.filter((index) => !handMadeIndexes.includes(index.indexname))).toEqual(wanted.indexes);
  expect(found.indexes.map((index) => index.indexname)).toEqual(expect.arrayContaining(handMadeIndexes));
});
