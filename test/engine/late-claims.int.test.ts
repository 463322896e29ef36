import { systemClock } from '#runtime';
import { claimQueueRedis } from '../world/queue-engine.js';
import { EngineWorld, handlerCode } from './engine-world.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.open(claimQueueRedis());
});
afterAll(() => world.close());

const RATES = { ordinaryPerSecond: 12, rollbackPerSecond: 3 };
const MANY = 26;
/** What Lambda allows in a second: the rate, and room for claims that were only just in time. */
const LAMBDA_ALLOWS = 15;

/** The most calls that came within one second. */
function busiestSecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 1_000).length));
}

test('claims that the database held up do not send their calls all at once', async () => {
  await world.startWorker();
  const ids = await Promise.all(
    Array.from({ length: MANY }, async (_, nth) => {
      const target = await world.target();
      const strategy = { type: 'canary', weightPercent: 10, bake: '1h' } as const;
      return world.deploy(target, { code: handlerCode(`new ${nth}`), strategy, options: { analysis: null } });
    }),
  );
  await Promise.all(ids.map((id) => world.until(id, ({ phase }) => phase === 'baking')));
  await world.stopWorkers();
  await world.forgetCalls();
  let granted = 0;
  await world.startWorker(
    { callBudget: RATES },
    {
      wrap: (parts) => ({
        ...parts,
        budget: {
          async take(...asked) {
            const answer = await parts.budget.take(...asked);
            if (answer.granted) granted += 1;
            return answer;
          },
        },
      }),
    },
  );
  // As when somebody adds an index to the table of events.
  const holder = await world.store.pool.connect();
  await world.store.pool.query(
    `CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END';
     CREATE TRIGGER held_up BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.type = 'ClaimTaken') EXECUTE FUNCTION hold_up()`,
  );
  await holder.query('SELECT pg_advisory_lock(1)');
  await Promise.all(
    ids.map((id) => world.act(id, ({ readAt: at }) => ({ type: 'PromoteRequested', at, by: 'ann', onlyStep: false }))),
  );
  while (granted < MANY) await systemClock.sleep(10);
  await holder.query('SELECT pg_advisory_unlock(1)');
  holder.release();
  await Promise.all(ids.map((id) => world.until(id, ({ phase }) => phase === 'succeeded')));
  expect(busiestSecond(await world.callTimes('UpdateAlias'))).toBeLessThanOrEqual(LAMBDA_ALLOWS);
}, 90_000);
