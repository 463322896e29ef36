import type { LambdaControl } from '#aws';
import { systemClock } from '#runtime';
import type { Store } from '#store';
import type { WorkerOptions } from '../../apps/worker/assemble.js';
import { claimQueueRedis } from '../world/queue-engine.js';
import { moved } from '../world/rollouts.js';
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

  it('is walked by whoever remarks on a write that came too late, though nobody hears of the abort', async () => {
    const { store } = world;
    const deaf: Store = {
      ...store,
      changes: { ...store.changes, subscribe: async () => () => undefined },
      deployments: { ...store.deployments, rollbacks: async () => [] },
    };
    let abortedAt = 0;
    const abortBeforeTheRecord = async () => {
      const [row] = await store.deployments.list('default', {}, 1);
      if (!row?.state) throw new Error('There is no deployment that can be read.');
      const event = { type: 'AbortRequested', at: systemClock.now(), by: 'test' } as const;
      const options = { actor: 'test', nextAt: event.at };
      await store.deployments.record(await world.row(row.id), event, moved(row.state, event), options);
      abortedAt = systemClock.monotonic();
    };
    const wrap: WorkerOptions['wrap'] = (parts) => ({
      ...parts,
      lambda: Object.assign(Object.create(parts.lambda) as LambdaControl, {
        async updateAlias(...request: Parameters<LambdaControl['updateAlias']>) {
          const answer = await parts.lambda.updateAlias(...request);
          if (abortedAt === 0) await abortBeforeTheRecord();
          return answer;
        },
      }),
    });
    await world.startWorker({ sweepSeconds: 30 }, { wrap, store: deaf });
    const target = await world.target();
    const strategy = { type: 'canary', weightPercent: 10, bake: '1h' } as const;
    const id = await world.deploy(target, { code: handlerCode('v2'), strategy });
    await world.until(id, (state) => state.phase === 'rolled_back');
    expect(systemClock.monotonic() - abortedAt).toBeLessThan(AT_ONCE_MS);
    expect(await world.alias(target)).toEqual({ version: '1', weights: {} });
    const events = await store.events.after(id, 0, 100);
    expect(events.map(({ type }) => type)).toContain('Outcome');
  });

  async function abort(id: string): Promise<number> {
    await world.act(id, (row) => ({ type: 'AbortRequested', at: row.readAt, by: 'test' }));
    const start = systemClock.monotonic();
    await world.until(id, (state) => state.phase === 'rolled_back');
    return systemClock.monotonic() - start;
  }
});
