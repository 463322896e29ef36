import type { FunctionAddress, LambdaControl } from '#aws';
import type { TargetRow } from '#store';
import { describeLambda } from './lambda.contract.js';
import { MemoryDatabase } from './memory-database.js';
import { MemoryLambda } from './memory-lambda.js';
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
        overdue: async (graceMs, limit) => database.overdue(graceMs, limit),
        rollbacks: async (limit) => database.rollbacks(limit),
        takeForReconciling: async (ageMs, limit) => database.takeForReconciling(ageMs, limit),
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
