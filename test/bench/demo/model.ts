import {
  type AnalysisPolicy,
  decisionOf,
  type EvidenceBlock,
  firstWeight,
  type JudgeState,
  newAdaptive,
  newJudge,
  profiles,
  resolvePolicy,
  stepAdaptive,
  stepJudge,
} from '#analysis';
import { DEMO_ANALYSIS } from '../../../apps/standalone/demo/start-demo.js';
import { Random } from '../judge/random.js';
import { short, table } from '../judge/table.js';
import { OUTAGE } from './outage.js';

/**
 * How long the demo's good versions take, without the demo: the judge and the ramp on drawn counts, period by period as
 * the worker reads them (ten seconds, five to settle, the period of a change of weight left out). A rollout takes
 * milliseconds, so that the slow ones among thousands are seen.
 */
interface Story {
  readonly name: string;
  readonly policy: 'demo' | 'default';
  readonly outage: boolean;
}

interface End {
  readonly how: 'promoted' | 'rolled back' | 'left to a person';
  /** Since the first weight. */
  readonly seconds: number;
}

const PERIOD = 10;
const SETTLE = 5;
/** What the examples' payment provider does while nothing is wrong. */
const USUAL_RATE = 0.002;
/** Seconds of warm traffic before a deployment, of which one whole minute is the baseline. */
const WARM_SECONDS = 70;
const SHARES_ABOVE = [0.5, 0.1, 0.01];
const HOUR = 3600;

function policyFrom(random: Random, story: Story, rps: number): AnalysisPolicy {
  const invocations = random.poisson(rps * 60);
  const history = {
    invocations,
    errors: random.binomial(invocations, USUAL_RATE),
    requestsPerSecond: invocations / 60,
    dispersion: 1,
    latencyThresholdsMs: [5, 8, 9],
  };
  const { bake, ...demo } = DEMO_ANALYSIS;
  // The time until the canary has most of the traffic is what is asked for, so both have the demo's short holdback.
  return resolvePolicy(profiles.fast, story.policy === 'demo' ? demo : {}, { bake, history });
}

/** Thresholds are quantiles of a sample, so what really lies above them is off by its error. */
function sharesAbove(random: Random, rps: number): number[] {
  return SHARES_ABOVE.map((share) => {
    const deviation = Math.sqrt((share * (1 - share)) / (rps * WARM_SECONDS));
    return Math.min(0.99, Math.max(0.001, share + deviation * random.normal()));
  });
}

function counts(random: Random, mean: number, rate: number, above: readonly number[]) {
  const invocations = random.poisson(mean);
  let [left, from] = [invocations, 1];
  const slow = above.map((share) => {
    left = random.binomial(left, Math.min(1, share / from));
    from = share;
    return left;
  });
  return { invocations, errors: random.binomial(invocations, rate), durationMs: { count: invocations, above: slow } };
}

/** One good version, from its first weight to its end. */
function rollout(seed: number, story: Story, rps: number): End {
  const random = new Random(seed);
  const policy = policyFrom(random, story, rps);
  const above = sharesAbove(random, rps);
  let [state, adaptive]: [JudgeState, typeof newAdaptive] = [newJudge, newAdaptive];
  let weight = firstWeight(policy.ramp, policy.history?.requestsPerSecond ?? rps);
  let [shiftedAt, outageFrom] = [-random.next() * PERIOD, Number.POSITIVE_INFINITY];
  for (let at = 0; at < HOUR; at += PERIOD) {
    if (story.outage && weight >= OUTAGE.fromWeightPercent) outageFrom = Math.min(outageFrom, at);
    if (shiftedAt > at) continue;
    const rate = at >= outageFrom && at < outageFrom + OUTAGE.seconds ? OUTAGE.share : USUAL_RATE;
    const version = (share: number) => counts(random, rps * PERIOD * share, rate, above);
    const block: EvidenceBlock = {
      startMs: at * 1000,
      endMs: (at + PERIOD) * 1000,
      weightPercent: weight,
      stable: version(1 - weight / 100),
      canary: version(weight / 100),
    };
    state = stepJudge(state, block, policy);
    const now = at + PERIOD + SETTLE;
    const input = { decision: decisionOf(state, policy), nowMs: now * 1000, weightPercent: weight };
    const { state: next, move } = stepAdaptive(adaptive, input, policy);
    adaptive = next;
    if (move.kind === 'promote') return { how: 'promoted', seconds: now };
    if (move.kind === 'rollback') return { how: 'rolled back', seconds: now };
    if (move.kind === 'hold') return { how: 'left to a person', seconds: now };
    if (move.kind === 'shift') [weight, shiftedAt] = [move.weightPercent, now];
  }
  return { how: 'left to a person', seconds: HOUR };
}

const STORIES: readonly Story[] = [
  { name: 'demo, good', policy: 'demo', outage: false },
  { name: 'demo, shared incident', policy: 'demo', outage: true },
  { name: 'default, good', policy: 'default', outage: false },
  { name: 'default, shared incident', policy: 'default', outage: true },
];

/** Times until a good version has all traffic, over so many seeds. */
export function modelTable(seeds: number, rps: number): string {
  const rows = STORIES.map((story) => {
    const ends = Array.from({ length: seeds }, (_, index) => rollout(index + 1, story, rps));
    const times = ends.map(({ how, seconds }) => (how === 'promoted' ? seconds : Number.POSITIVE_INFINITY));
    times.sort((a, b) => a - b);
    const quantile = (share: number) => short(times[Math.ceil(share * seeds) - 1] ?? Number.NaN);
    const later = (seconds: number) => percent(times.filter((time) => time > seconds).length / seeds);
    const ended = (how: End['how']) => percent(ends.filter((end) => end.how === how).length / seeds);
    const [late, never] = [[480, 900, 1800].map(later), [ended('rolled back'), ended('left to a person')]];
    return [story.name, ...[0.5, 0.9, 0.99, 0.995].map(quantile), ...late, ...never];
  });
  const header = ['all traffic after, s', 'median', 'p90', 'p99', 'p99.5', '> 480 s', '> 900 s', '> 1800 s'];
  const title = `Good versions at ${rps} requests a second, ${seeds} seeds, by the model (nothing is run)`;
  return `${title}\n\n${table([...header, 'rolled back', 'to a person'], rows)}`;
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
