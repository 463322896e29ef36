import { rmSync } from 'node:fs';
import type { Act } from '#rollout';
import { silentLogger } from '#runtime';
import { type TargetRow, verifyChain } from '#store';
import { EngineWorld } from '../engine/engine-world.js';
import { claimQueueRedis } from '../world/queue-engine.js';
import { copyOfLambda, type FixtureHead, fixtureReleases, loadDatabase } from './fixture.js';
import type { Expectation } from './story.js';

const MOST_EVENTS = 1_000;

describe.each(fixtureReleases())('a database of release %s, with rollouts in flight', (release) => {
  let world: EngineWorld;
  let head: FixtureHead;
  let lambdaFolder: string;
  const lastSeqs = new Map<string, number>();

  beforeAll(async () => {
    lambdaFolder = copyOfLambda(release);
    world = await EngineWorld.open(claimQueueRedis(), silentLogger, {
      emulator: { dataDir: lambdaFolder },
      async fill(databaseUrl) {
        head = await loadDatabase(databaseUrl, release);
      },
    });
    for (const { deploymentId } of head.expectations) {
      lastSeqs.set(deploymentId, (await world.row(deploymentId)).sequence);
    }
  });
  afterAll(async () => {
    await world.close();
    rmSync(lambdaFolder, { recursive: true, force: true });
  });

  const targetOf = async ({ deploymentId }: Expectation): Promise<TargetRow> => (await world.row(deploymentId)).target;

  test('is read whole: every deployment is where it was left, its history unbroken', async () => {
    for (const { deploymentId, left } of head.expectations) {
      expect((await world.row(deploymentId)).phase).toBe(left);
      expect(verifyChain(await world.store.events.after(deploymentId, 0, MOST_EVENTS))).toEqual({ ok: true });
    }
  });

  test('goes on to the end that was meant, without another publish or a wrong write', async () => {
    await world.startWorker();
    await Promise.all(
      head.expectations.map(async (expectation) => {
        const { deploymentId, story, act, traffic, end } = expectation;
        if (act) await world.act(deploymentId, (row) => ({ type: act, at: row.readAt, by: 'ann' }) as Act);
        const calls = traffic ? world.steadyTraffic(await targetOf(expectation)) : undefined;
        const row = await world
          .until(deploymentId, (state) => state.phase === end, 150_000)
          .finally(() => calls?.stop());
        expect({ story, end: row.phase }).toEqual({ story, end });
      }),
    );
    for (const expectation of head.expectations) {
      const { story, deploymentId, alias, versions } = expectation;
      const target = await targetOf(expectation);
      const found = { story, alias: await world.alias(target), versions: await world.versions(target) };
      expect(found).toEqual({ story, alias, versions });
      expect(verifyChain(await world.store.events.after(deploymentId, 0, MOST_EVENTS))).toEqual({ ok: true });
    }
  }, 200_000);

  test('what had ended was left alone', async () => {
    for (const { deploymentId, left, end } of head.expectations) {
      if (left === end) expect((await world.row(deploymentId)).sequence).toBe(lastSeqs.get(deploymentId));
    }
  });

  test('takes new deployments on the old targets', async () => {
    const target = await targetOf(head.expectations[0] as Expectation);
    const id = await world.deploy(target, { code: 'export const handler = async () => "after the upgrade";\n' });
    const row = await world.until(id, (state) => state.phase === 'succeeded');
    expect(await world.alias(target)).toEqual({
      version: row.state.phase === 'succeeded' ? row.state.canary : '',
      weights: {},
    });
  });
});
