import { systemClock } from '#runtime';
import { claimQueueRedis } from '../world/queue-engine.js';
import { EngineWorld, handlerCode } from './engine-world.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.open(claimQueueRedis());
});
afterAll(() => world.close());

test('a deployment that is accepted while the one before it is ending begins within seconds', async () => {
  const target = await world.target();
  const first = await world.deploy(target, { code: handlerCode('v2') });
  const holder = await world.store.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM deployments WHERE id = $1 FOR UPDATE', [first]);
  const ending = world.act(first, ({ readAt: at }) => ({ type: 'AbortRequested', at, by: 'ann' }));
  while ((await world.store.pool.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount === 0)
    await systemClock.sleep(10);
  // The end sees the line as it was when it began, so what comes now is not in it.
  const second = await world.deploy(target, { code: handlerCode('v3') });
  await world.startWorker();
  const toldToWait = async () => ((await world.row(second)).nextAt ?? 0) > (await world.row(second)).readAt;
  while (!(await toldToWait())) await systemClock.sleep(10);
  await holder.query('COMMIT');
  holder.release();
  await ending;
  await world.until(second, ({ phase }) => phase !== 'queued', 6_000);
}, 60_000);
