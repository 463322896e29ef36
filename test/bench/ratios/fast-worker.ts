import type { LambdaControl } from '#aws';
import { sameAliasValue } from '#rollout';
import { readConfig, silentLogger, systemClock } from '#runtime';
import { createStore } from '#store';
import { startWorker } from '../../../apps/worker/start.js';
import { MemoryLambda } from '../../simulation/memory-lambda.js';
import type { WeightedAlias } from '../../world/rollouts.js';

/**
 * The real worker as a process of its own, with a Lambda inside that answers at once: what is left is Sluice's own
 * work. Settings come as JSON in the first argument; questions come over the channel to its parent.
 */
export interface FastWorkerSettings {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  /** `function-0` … exist, each with version 1 behind the alias `live`. */
  readonly functions: number;
  /** The last this many of them already have version 2 at 10 %, and it fails half of its invocations. */
  readonly bad: number;
  /** The call budget, a second and account. */
  readonly ordinaryPerSecond: number;
}

/** Alias writes that put a rollback point back, by function: milliseconds since the epoch. */
export type RestoreTimes = Record<string, number>;

/** The alias's RevisionId where the story begins in the middle. */
export const SEEDED_REVISION = 'seeded';
export const SHIFTED: WeightedAlias = {
  version: '1',
  canary: { version: '2', weightPercent: 10 },
};

const REGION = 'us-east-1';

async function main(settings: FastWorkerSettings): Promise<void> {
  const lambda = new MemoryLambda({
    now: () => systemClock.now(),
    settleMs: () => 0,
    keepsTokenOnEqualContent: false,
    publishChangesLatestToken: false,
  });
  const badFrom = settings.functions - settings.bad;
  for (let index = 0; index < settings.functions; index += 1) addFunction(lambda, index, index >= badFrom);
  const restored: RestoreTimes = {};
  const { databaseUrl, redisUrl } = settings;
  const store = createStore({ databaseUrl, poolSize: 10, logger: silentLogger });
  const config = {
    ...readConfig({}),
    redisUrl,
    metricsPeriodSeconds: 1,
    callBudget: { ordinaryPerSecond: settings.ordinaryPerSecond, rollbackPerSecond: settings.ordinaryPerSecond / 4 },
  };
  await startWorker(config, {
    store,
    logger: silentLogger,
    databaseUrl,
    awsEndpointUrl: 'http://127.0.0.1:9',
    wrap: ({ sources: _none, ...parts }) => ({
      ...parts,
      lambda: asControl(lambda, restored),
      evidence: failingEvidence,
    }),
  });
  process.on('message', (question) => {
    if (question === 'restored') process.send?.(restored);
  });
  process.stdout.write('ready\n');
}

function addFunction(lambda: MemoryLambda, index: number, bad: boolean): void {
  const fn = { accountId: '', region: REGION, functionName: `function-${index}` };
  lambda.createFunction(fn.functionName, new Uint8Array([1]), {});
  const published = lambda.publishVersion(fn, {}, '');
  if (!published.ok) throw new Error('Version 1 was not published.');
  lambda.createAlias(fn, 'live', '1');
  if (!bad) return;
  lambda.updateFunctionCode(fn, { kind: 'zip', bytes: new Uint8Array([2]) }, {}, { publish: true });
  lambda.updateAlias(fn, 'live', SHIFTED, {});
  // The token that the seeded rows name.
  Object.assign(lambda.alias(fn, 'live') ?? {}, { revisionId: SEEDED_REVISION });
}

function asControl(lambda: MemoryLambda, restored: RestoreTimes): LambdaControl {
  return {
    getAlias: async (fn, alias) => lambda.getAlias(fn, alias),
    async updateAlias(fn, alias, wanted, fence) {
      const answer = lambda.updateAlias(fn, alias, wanted, fence);
      if (answer.ok && sameAliasValue(wanted, { version: '1' })) restored[fn.functionName] = systemClock.now();
      return answer;
    },
    getFunction: async (fn, qualifier) => lambda.getFunction(fn, qualifier),
    updateFunctionCode: async (fn, code, fence, options) => lambda.updateFunctionCode(fn, code, fence, options),
    updateFunctionConfiguration: async (fn, patch, fence) => lambda.updateFunctionConfiguration(fn, patch, fence),
    publishVersion: async (fn, fence, description) => lambda.publishVersion(fn, fence, description),
    listVersions: async (fn) => lambda.listVersions(fn),
    downloadCode: async (reading) => lambda.downloadCode(reading),
    close: () => undefined,
  };
}

/** Whoever is judged is bad beyond doubt at the first look. */
const failingEvidence: Parameters<NonNullable<Parameters<typeof startWorker>[1]['wrap']>>[0]['evidence'] = {
  async read({ fromMs, weightPercent }) {
    const startMs = Math.ceil(fromMs / 1000) * 1000;
    const endMs = startMs + 1000;
    const stable = { invocations: 9_000, errors: 0 };
    const canary = { invocations: 1_000, errors: 500 };
    return { ok: true, blocks: [{ startMs, endMs, weightPercent, stable, canary }], readUntilMs: endMs };
  },
};

const [settings] = process.argv.slice(2);
// Read by its neighbours for its types and constants as well: only a process that is told to work does.
if (settings?.startsWith('{')) await main(JSON.parse(settings) as FastWorkerSettings);
