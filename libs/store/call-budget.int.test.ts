import pg from 'pg';
import { createDatabase, type TestDatabase } from '../../test/world/database.js';
import { type CallBudgetLane, callBudgetRows } from './call-budget.js';
import { migrate } from './migrate.js';

const key = { accountId: '000000000000', region: 'us-east-1' };
const ordinary: CallBudgetLane = { lane: 'ordinary', spacingMs: 100 };
const rollback: CallBudgetLane = { lane: 'rollback', spacingMs: 300 };

let database: TestDatabase;
let pool: pg.Pool;
let budget: ReturnType<typeof callBudgetRows>;

beforeAll(async () => {
  database = await createDatabase();
  await migrate(database.url, 'prisma/migrations');
  pool = new pg.Pool({ connectionString: database.url, max: 20 });
  budget = callBudgetRows(pool);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

beforeEach(() => pool.query('TRUNCATE call_budgets'));

/** Moves a lane's first free slot, as if calls had been reserved. */
const move = (lane: string, milliseconds: number) =>
  pool.query(
    `INSERT INTO call_budgets VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4::float8 / 1000))
     ON CONFLICT (account_id, region, lane) DO UPDATE SET next_slot = excluded.next_slot`,
    [key.accountId, key.region, lane, milliseconds],
  );

const nextSlot = async (lane: string): Promise<number> => {
  const { rows } = await pool.query(
    'SELECT extract(epoch FROM next_slot)::float8 * 1000 AS at FROM call_budgets WHERE lane = $1',
    [lane],
  );
  return rows[0].at as number;
};

const startInMs = (answer: Awaited<ReturnType<typeof budget.reserve>>): number => {
  if (!answer.granted) throw new Error('A slot should have been granted.');
  return answer.startMs - answer.nowMs;
};

describe('the call budget in Postgres', () => {
  it('says the time of the database in milliseconds since 1970', async () => {
    const answer = await budget.reserve(key, [ordinary], 1, 60_000);
    const { rows } = await pool.query('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now');
    if (!answer.granted) throw new Error('A slot should have been granted.');
    expect(rows[0].now - answer.nowMs).toBeGreaterThanOrEqual(0);
    expect(rows[0].now - answer.nowMs).toBeLessThan(10_000);
    await move('ordinary', 0);
  });

  it('gives the first call of an account its slot at once', async () => {
    const answer = await budget.reserve(key, [ordinary], 1, 0);
    expect(answer).toMatchObject({ granted: true, count: 1, spacingMs: 100 });
    expect(startInMs(answer)).toBe(0);
  });

  it('gives every slot to one caller only, however many ask at the same moment', async () => {
    await move('ordinary', 0);
    const before = await nextSlot('ordinary');
    const answers = await Promise.all(Array.from({ length: 100 }, () => budget.reserve(key, [ordinary], 2, 60_000)));
    expect(answers.every((answer) => answer.granted && answer.count === 2)).toBe(true);
    const span = (await nextSlot('ordinary')) - before;
    // Two hundred slots of 100 ms; the first one may have begun a little after the lane was moved.
    expect(span).toBeGreaterThanOrEqual(20_000);
    expect(span).toBeLessThan(21_000);
  });

  it('grants what fits below the horizon and refuses beyond it, saying when to come back', async () => {
    expect(await budget.reserve(key, [ordinary], 6, 250)).toMatchObject({ granted: true, count: 3 });
    await move('ordinary', 1_000);
    const refused = await budget.reserve(key, [ordinary], 1, 250);
    if (refused.granted) throw new Error('Nothing should have been granted.');
    expect(refused.waitMs).toBeGreaterThan(600);
    expect(refused.waitMs).toBeLessThanOrEqual(750);
  });

  it('a refusal takes nothing', async () => {
    await move('ordinary', 5_000);
    const before = await nextSlot('ordinary');
    await budget.reserve(key, [ordinary], 4, 250);
    expect(await nextSlot('ordinary')).toBe(before);
  });

  it('gives a rollback the earlier of its two lanes, its own one first', async () => {
    for (const spacingMs of [300, 100]) {
      const answer = await budget.reserve(key, [rollback, ordinary], 1, 5_000);
      expect(answer).toMatchObject({ spacingMs });
      expect(startInMs(answer)).toBe(0);
    }
    await move('ordinary', 10_000);
    await move('rollback', 200);
    expect(await budget.reserve(key, [rollback, ordinary], 1, 5_000)).toMatchObject({ granted: true, spacingMs: 300 });
  });

  it('keeps accounts and regions apart', async () => {
    await move('ordinary', 60_000);
    expect(await budget.reserve({ ...key, region: 'eu-west-1' }, [ordinary], 1, 0)).toMatchObject({ granted: true });
  });

  it('does not deadlock when rollbacks and ordinary calls meet', async () => {
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        budget.reserve(key, index % 2 ? [ordinary] : [rollback, ordinary], 1, 60_000),
      ),
    );
  });
});
