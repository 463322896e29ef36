import type { FunctionAddress, LambdaControl } from '#aws';
import type { TargetRow } from '#store';
import { describeLambda } from './lambda.contract.js';
import { MemoryDatabase } from './memory-database.js';
import { MemoryLambda } from './memory-lambda.js';
import { MemoryQueue, type Taker } from './memory-queue.js';
import { describeQueue } from './queue.contract.js';
import { Random } from './random.js';
import { Actor, Scheduler } from './scheduler.js';
import { thorough } from './storage.js';
import { describeStore, type StoreUnderTest } from './store.contract.js';

describe('the simulated store', () => {
  describeStore(async (): Promise<StoreUnderTest> => {
    let now = 1_700_000_000_000;
    let ids = 0;
    const database = new MemoryDatabase({ now: () => now, newId: () => `d${++ids}`, ...thorough });
    return {
      deployments: {
        accept: async (input) => database.accept(input),
        acceptRestore: async (input) => database.acceptRestore(input),
        load: async (id) => database.load(id),
        record: async (row, event, next, options) => database.record(row, event, next, options),
        start: async (row, event, next, actor) => database.start(row, event, next, actor),
        rearm: async (row, nextAt, evidence) => database.rearm(row, nextAt, evidence),
        extendLease: async (row, leaseMs) => database.extendLease(row, leaseMs),
        probePayloads: async (id) => database.payloads.get(id),
        overdue: async (graceMs, limit, after) => database.overdue(graceMs, limit, after),
        rollbacks: async (limit) => database.rollbacks(limit),
        abandoned: async (limit) => database.abandoned(limit),
        takeForReconciling: async (ageMs, limit, _spacingMs, except) =>
          database.takeForReconciling(ageMs, limit, except),
      },
      highestVersion: async (fn) => database.highestVersion(fn),
      events: {
        after: async (deploymentId, seq) =>
          (database.events.get(deploymentId) ?? [])
            .filter((event) => event.seq > seq)
            .map((event) => ({ ...event, deploymentId, at: 0 })),
      },
      target: async (functionName, aliasName) => {
        const id = `${functionName}:${aliasName}`;
        const address = { accountId: '000000000000', region: 'us-east-1', functionName, aliasName };
        const target: TargetRow = {
          ...address,
          id,
          name: id,
          projectId: 'default',
          policy: 'queue',
          settings: {},
          createdAt: now,
          updatedAt: now,
        };
        database.targets.set(id, target);
        return target;
      },
      elapse: async (milliseconds) => {
        now += milliseconds;
      },
    };
  });
});

describe('the simulated Lambda', () => {
  describeLambda(async () => {
    let now = 1_700_000_000_000;
    let made = 0;
    const world = new MemoryLambda({
      now: () => now,
      settleMs: () => 300,
      keepsTokenOnEqualContent: true,
      publishChangesLatestToken: true,
    });
    return {
      lambda: promising(world),
      createFunction: async () => {
        const fn: FunctionAddress = { accountId: '000000000000', region: 'us-east-1', functionName: `fn-${++made}` };
        world.createFunction(fn.functionName, Uint8Array.of(made, 0), { COLOR: 'blue' });
        world.publishVersion(fn, {}, '');
        world.createAlias(fn, 'live', '1');
        return fn;
      },
      newCode: () => Uint8Array.of(++made, 1),
      settle: async () => {
        now += 300;
      },
    };
  });
});

describe('the simulated queue', () => {
  describeQueue(async () => {
    const scheduler = new Scheduler();
    const takers: Taker[] = [];
    const none = { lost: 0, doubled: 0, lateMs: 0 };
    const queue = new MemoryQueue(
      scheduler,
      new Random(1),
      () => takers,
      () => none,
      true,
    );
    const elapse = async (milliseconds: number) => {
      let over = false;
      scheduler.after(milliseconds, () => {
        over = true;
      });
      await scheduler.run(() => over);
    };
    return {
      queue: { add: async (wake) => queue.add(wake) },
      take: async (handle) => {
        takers.push({ actor: new Actor('w', 0), handle });
      },
      until: async (holds) => {
        for (let tries = 0; tries < 1_000 && !holds(); tries += 1) await elapse(10);
        expect(holds()).toBe(true);
      },
      elapse,
    };
  });
});

function promising(world: MemoryLambda): LambdaControl {
  return {
    getAlias: async (fn, alias) => world.getAlias(fn, alias),
    updateAlias: async (fn, alias, wanted, fence) => world.updateAlias(fn, alias, wanted, fence),
    getFunction: async (fn, qualifier) => world.getFunction(fn, qualifier),
    updateFunctionCode: async (fn, code, fence, options) => world.updateFunctionCode(fn, code, fence, options),
    updateFunctionConfiguration: async (fn, patch, fence) => world.updateFunctionConfiguration(fn, patch, fence),
    publishVersion: async (fn, fence, description) => world.publishVersion(fn, fence, description),
    listVersions: async (fn) => world.listVersions(fn),
    downloadCode: async (reading) => world.downloadCode(reading),
    close: () => undefined,
  };
}
