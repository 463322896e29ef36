import { setTimeout as sleep } from 'node:timers/promises';
import type { DeploymentView } from '#contracts';
import { asOnAws, type Coming, onOurData, publishedAtOnce, type Replayed, replayCodeDeploy } from './code-deploy.js';
import type { House } from './house.js';
import { OUTAGE } from './outage.js';
import { createOracle, type ReleaseName } from './release-code.js';
import { OrderStream, type Served, Shoppers } from './shoppers.js';

export interface Scenario {
  readonly name: 'bad' | 'slow' | 'good' | 'incident';
  readonly release: ReleaseName;
  readonly seed: number;
  readonly requestsPerSecond: number;
}

export interface Figures {
  readonly scenario: Scenario;
  readonly end: DeploymentView['phase'];
  readonly sentence: string;
  /** From the first weight until it ended, seconds. */
  readonly seconds: number;
  readonly canaryRequests: number;
  /** Canary requests that failed, by the emulator's own answers. */
  readonly harmed: number;
  readonly stableRequests: number;
  /** Requests that were not sent because too many hung: a run with any is not to be trusted. */
  readonly dropped: number;
  /** Canary requests whose outcome differed from what the replay would have said of them; a replay needs none. */
  readonly mispredicted: number;
  /** The fixed strategy on the same stream, by how its alarm gets its data; for `bad` only. */
  readonly fixed?: { readonly aws: Replayed; readonly atOnce: Replayed; readonly sameData: Replayed };
}

/** Long enough for a baseline of whole minutes. */
const WARM_UP_MS = 80_000;
/** Until then a deployment that a person would have to decide about counts as undecided, which is no rollback. */
const PATIENCE_MS = 480_000;
const LOOK_MS = 500;

export async function runRollout(house: House, scenario: Scenario): Promise<Figures> {
  const { name, release, seed, requestsPerSecond } = scenario;
  const functionName = `${name}-${seed}`;
  await house.addTarget(functionName);
  const startedAtMs = Date.now();
  const shoppers = new Shoppers({ endpoint: house.emulatorUrl, functionName, seed, requestsPerSecond });
  try {
    await sleep(WARM_UP_MS);
    const id = await house.deploy(functionName, release);
    const shiftedAtMs = await firstShift(house, id);
    if (name === 'incident') await outage(house, id, shoppers);
    const ended = await lastLook(house, id);
    const seconds = (Date.now() - shiftedAtMs) / 1000;
    const canary = shoppers.served.filter(({ version }) => version === '2');
    const fixed = name === 'bad' ? await replay(scenario, startedAtMs, shiftedAtMs) : undefined;
    return {
      scenario,
      end: ended.phase,
      sentence: ended.headline,
      seconds,
      canaryRequests: canary.length,
      harmed: canary.filter(({ failed }) => failed).length,
      stableRequests: shoppers.served.length - canary.length,
      dropped: shoppers.dropped,
      mispredicted: await mispredicted(release, canary),
      ...(fixed ? { fixed } : {}),
    };
  } finally {
    await shoppers.close();
  }
}

async function firstShift(house: House, id: string): Promise<number> {
  for (;;) {
    const { weightPercent, ended, headline } = await house.look(id);
    if (weightPercent > 0) return Date.now();
    if (ended) throw new Error(`It ended before any traffic: ${headline}`);
    await sleep(100);
  }
}

async function outage(house: House, id: string, shoppers: Shoppers): Promise<void> {
  for (
    let now = await house.look(id);
    now.weightPercent < OUTAGE.fromWeightPercent && !now.ended;
    now = await house.look(id)
  )
    await sleep(LOOK_MS);
  shoppers.outage = OUTAGE.share;
  await sleep(OUTAGE.seconds * 1000);
  shoppers.outage = 0;
}

async function lastLook(house: House, id: string): Promise<DeploymentView> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const now = await house.look(id);
    if (now.ended || Date.now() > deadline) return now;
    await sleep(LOOK_MS);
  }
}

async function mispredicted(release: ReleaseName, served: readonly Served[]): Promise<number> {
  const answers = createOracle(release);
  const said = await Promise.all(served.map(({ order }) => answers(order)));
  return served.filter(({ failed }, index) => failed !== (said[index] === 'failed')).length;
}

/** Longer than CodeDeploy's canary, so that a promotion would show. */
const REPLAYED_MS = 420_000;

async function replay(
  scenario: Scenario,
  startedAtMs: number,
  shiftedAtMs: number,
): Promise<NonNullable<Figures['fixed']>> {
  const orders = new OrderStream(scenario.seed, scenario.requestsPerSecond);
  const answers = createOracle(scenario.release);
  const stream: Coming[] = [];
  for (let atMs = startedAtMs; atMs < shiftedAtMs + REPLAYED_MS; ) {
    const { afterMs, order } = orders.next();
    atMs += afterMs;
    if (atMs >= shiftedAtMs) stream.push({ atMs, failsOnCanary: (await answers(order)) === 'failed' });
  }
  const under = (alarm: typeof asOnAws) => replayCodeDeploy(stream, shiftedAtMs, alarm, scenario.seed);
  return { aws: under(asOnAws), atOnce: under(publishedAtOnce), sameData: under(onOurData) };
}
