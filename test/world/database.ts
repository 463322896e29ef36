import { randomBytes } from 'node:crypto';
import { patiently } from './patiently.js';

/** An empty database in the test run's Postgres; each test file takes its own, so that files can run side by side. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export async function createDatabase(server = process.env['SLUICE_TEST_DATABASE_URL']): Promise<TestDatabase> {
  if (!server) throw new Error('There is no test Postgres: this test must be named *.int.test.ts or *.e2e.test.ts.');
  const name = `test_${randomBytes(8).toString('hex')}`;
  // FILE_COPY without a checkpoint to wait for is slower than the default on this tiny template, so the default stays.
  await runOn(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runOn(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function runOn(url: string, statement: string): Promise<void> {
  await patiently(url, (client) => client.query(statement));
}
