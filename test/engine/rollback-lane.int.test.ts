import { systemClock } from '#runtime';
import type { WorkerOptions } from '../../apps/worker/assemble.js';
import { claimQueueRedis } from '../world/queue-engine.js';
import { EngineWorld, handlerCode } from './engine-world.js';

/** Generous on a busy machine, and far below what a look may wait for its metrics or a slot of the ordinary lane. */
const AT_ONCE_MS = 2_000;

describe('the rollback lane', () => {
  let world: EngineWorld;

  beforeEach(async () => {
    world = await EngineWorld.open(claimQueueRedis());
  });
  afterEach(() => world.close());

  it('does not wait for a look that waits for its metrics', async () => {
    let asked = 0;
    const wrap: WorkerOptions['wrap'] = ({ sources: _none, ...parts }) => ({
      ...parts,
      evidence: {
        async read(request) {
          if (request.weightPercent > 0) {
            asked += 1;
            await systemClock.sleep(5_000);
          }
          return { ok: true, blocks: [], readUntilMs: request.fromMs };
        },
      },
    });
    await world.startWorker({}, { wrap });
    const target = await world.target();
    const id = await world.deploy(target, {
      code: handlerCode('v2'),
      strategy: { type: 'canary', weightPercent: 10, bake: '1h' },
    });
    await world.until(id, (state) => state.phase === 'baking');
    while (asked === 0) await systemClock.sleep(10);
    const took = await abort(id);
    expect(took).toBeLessThan(AT_ONCE_MS);
    expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
  });

  async function abort(id: string): Promise<number> {
    await world.act(id, (row) => ({ type: 'AbortRequested', at: row.readAt, by: 'test' }));
    const start = systemClock.monotonic();
    await world.until(id, (state) => state.phase === 'rolled_back');
    return systemClock.monotonic() - start;
  }
});
