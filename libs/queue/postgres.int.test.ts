import pg from 'pg';
import { silentLogger } from '#runtime';
import { createDatabase, type TestDatabase } from '../../test/world/database.js';
import { startWakeWorker } from './contract.module.js';
import { describeWakeQueue, Mailbox, until, untilConnected } from './wake-queue.contract.js';
import { createWakeQueue } from './wake-queue.js';

describe('wake-ups on Postgres', () => {
  let database: TestDatabase;
  let round = 0;

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  describeWakeQueue(async () => {
    round += 1;
    return { databaseUrl: database.url, prefix: `contract_${round}` };
  });

  it('lets many processes start at once, each bringing the tables up to date', async () => {
    const options = { databaseUrl: database.url, prefix: 'together', logger: silentLogger };
    const queues = await Promise.all([1, 2, 3, 4].map(() => createWakeQueue(options)));
    await Promise.all(queues.map(untilConnected));
    await Promise.all(queues.map((queue) => queue.close()));
  });

  it('goes on after the database has ended every connection', async () => {
    const options = { databaseUrl: database.url, prefix: 'ended', logger: silentLogger };
    const queue = await createWakeQueue(options);
    await untilConnected(queue);
    const seen = new Mailbox<number>();
    const worker = await startWakeWorker({
      ...options,
      concurrency: 2,
      handle: async (wake) => seen.put(wake.sequence),
    });
    await queue.add({ deploymentId: 'before', sequence: 1, delayMs: 0 });
    expect(await seen.next()).toBe(1);
    await endConnections(database.url);
    await until(() => armed(queue.add({ deploymentId: 'after', sequence: 2, delayMs: 0 })));
    expect(await seen.next()).toBe(2);
    await worker.close();
    await queue.close();
  });
});

const armed = (adding: Promise<void>) =>
  adding.then(
    () => true,
    () => false,
  );

async function endConnections(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  await client.end();
}
