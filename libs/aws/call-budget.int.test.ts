import pg from 'pg';
import { systemClock } from '#runtime';
import { createDatabase, type TestDatabase } from '../../test/world/database.js';
import { callBudgetRows } from '../store/call-budget.js';
import { migrate } from '../store/migrate.js';
import { type CallBudget, createCallBudget } from './call-budget.js';

const key = { accountId: '000000000000', region: 'us-east-1' };

let database: TestDatabase;
const pools: pg.Pool[] = [];

beforeAll(async () => {
  database = await createDatabase();
  await migrate(database.url, 'prisma/migrations');
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

/** A worker of its own: own connections, own waiting lines. */
function worker(): CallBudget {
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  pools.push(pool);
  return createCallBudget({
    store: callBudgetRows(pool),
    rates: { ordinaryPerSecond: 20, rollbackPerSecond: 5 },
  });
}

async function callWhenGranted(budget: CallBudget): Promise<number> {
  for (;;) {
    const answer = await budget.take(key, 'ordinary');
    if (answer.granted) return systemClock.monotonic();
    await systemClock.sleep(answer.waitMs);
  }
}

it('three workers on one database share one pace', async () => {
  const workers = [worker(), worker(), worker()];
  const calls = await Promise.all(
    Array.from({ length: 30 }, (_, index) => callWhenGranted(workers[index % 3] as CallBudget)),
  );
  calls.sort((a, b) => a - b);
  // Twenty a second: twenty-nine distances of at least 50 ms each, whichever worker made the call.
  expect((calls.at(-1) ?? 0) - (calls[0] ?? 0)).toBeGreaterThan(29 * 50 - 100);
});
