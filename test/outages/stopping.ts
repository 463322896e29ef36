import { systemClock } from '#runtime';
import { BOTH, type Outage, outage, type QueueEngine } from './outage.js';
import { type OutageWorld, SWEEP_SECONDS } from './world.js';

/** A kind of step, made to take longer than the worker is given, and how the story ends all the same. */
interface Step {
  readonly name: string;
  readonly operation: string;
  /** Calls of this operation that are let through first. */
  readonly skip?: number;
  readonly end: 'succeeded' | 'rolled_back';
}

const STEPS: readonly Step[] = [
  { name: 'looking at the alias', operation: 'GetAlias', end: 'succeeded' },
  { name: 'uploading code', operation: 'UpdateFunctionCode', end: 'succeeded' },
  { name: 'shifting', operation: 'UpdateAlias', end: 'succeeded' },
  { name: 'promoting', operation: 'UpdateAlias', skip: 1, end: 'succeeded' },
  { name: 'putting back', operation: 'UpdateAlias', skip: 1, end: 'rolled_back' },
];

/** Longer than any write's own time-out: the effect comes, its answer does not. */
const HANGS_MS = 6_000;

/** SIGTERM in the middle of the step; another worker then ends the story. Returns how long the process took to end. */
async function stopDuring(world: OutageWorld, step: Step): Promise<number> {
  const worker = await world.startWorker();
  const target = await world.target();
  const { operation, skip = 0, end } = step;
  await world.lambda.fault({ kind: 'delay-after', operation, function: target, skip, count: 1, delayMs: HANGS_MS });
  const bake = end === 'rolled_back' ? '1h' : '1s';
  const { id } = await world.deploy(target, { more: { strategy: { type: 'canary', weightPercent: 10, bake } } });
  if (end === 'rolled_back') {
    await world.untilPhase(id, 'baking');
    await world.post(`/v1/deployments/${id}/abort`, {});
  }
  await world.until(`the worker is ${step.name}`, 30_000, async () => (await struck(world)) > 0);
  const took = await worker.terminate();
  await world.lambda.clearFaults();
  const next = await world.startWorker();
  await world.untilPhase(id, end, 60_000);
  await next.kill();
  return took;
}

async function struck(world: OutageWorld): Promise<number> {
  const rules = (await (await fetch(`${world.lambda.url}/_emulator/faults`)).json()) as { hits: number }[];
  return rules.reduce((sum, { hits }) => sum + hits, 0);
}

const MOST = { most: 10_000, unit: 'ms' } as const;

function duringEachStep(title: string, steps: readonly Step[], sample: QueueEngine | undefined): Outage {
  return outage({
    fault: 'F32',
    title,
    mustHold: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7', 'I8', 'I9', 'I11', 'I12', 'I13', 'I17', 'I18'],
    bounds: Object.fromEntries(steps.map(({ name }) => [`until it is gone, ${name}`, MOST])),
    engines: BOTH,
    ...(sample ? { sample } : {}),
    async run(world) {
      await world.startApi();
      const figures: Record<string, number> = {};
      for (const step of steps) figures[`until it is gone, ${step.name}`] = await stopDuring(world, step);
      return figures;
    },
  });
}

const silentDatabase = outage({
  fault: 'F32',
  title: 'SIGTERM while the database does not answer',
  mustHold: ['I1', 'I8', 'I9', 'I12', 'I13', 'I17'],
  bounds: {
    'until the worker is gone': MOST,
    'until the API is gone': MOST,
    'another worker goes on': { most: (SWEEP_SECONDS + 10) * 1000, unit: 'ms' },
  },
  engines: BOTH,
  async run(world) {
    const proxy = await world.proxyTo(world.postgres.port);
    const through = { databaseUrl: proxy.through(world.database.url) };
    const { api, worker } = await world.startBoth(through);
    const target = await world.target();
    const { id } = await world.deploy(target, {
      more: { strategy: { type: 'canary', weightPercent: 10, bake: '1s' } },
    });
    await world.untilPhase(id, 'baking');
    proxy.silent = true;
    // Statements are on their way by then and wait for answers that do not come.
    const asked = world.ask('GET', '/v1/deployments');
    await systemClock.sleep(1_500);
    const [workerTook, apiTook] = await Promise.all([worker.terminate(), api.terminate()]);
    await asked;
    proxy.silent = false;
    await world.startBoth();
    return {
      'until the worker is gone': workerTook,
      'until the API is gone': apiTook,
      'another worker goes on': await world.untilPhase(id, 'succeeded', 60_000),
    };
  },
});

const [, , shifting] = STEPS;

export const stoppingOutages: readonly Outage[] = [
  duringEachStep('SIGTERM while each kind of step hangs', STEPS, undefined),
  duringEachStep('SIGTERM while a weight is being shifted', shifting ? [shifting] : [], 'postgres'),
  silentDatabase,
];
