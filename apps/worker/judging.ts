import {
  type AdaptiveState,
  type AnalysisPolicy,
  addColdStarts,
  type BaselineHistory,
  baselineHistory,
  type ColdStarts,
  decisionOf,
  defaultPolicy,
  type JudgeState,
  judge,
  newAdaptive,
  noColdStarts,
  type Outlook,
  outlook,
  type PolicyOverrides,
  profiles,
  resolvePolicy,
  stepAdaptive,
  type Verdict,
} from '#analysis';
import type { AlarmMemory } from '#metrics';
import { formatWeight, LATEST, type Plan, type RampMove } from '#rollout';
import type { EvidenceRecord } from '#store';
import { measuringOf } from './evidence.js';
import type { Seen, Turn } from './turn.js';

/** What is kept of the judge between two looks: with the blocks since, it gives the same verdict after any crash. */
export interface Watching {
  readonly state: JudgeState | undefined;
  /** Up to when the evidence was read, milliseconds of the metrics' own time. */
  readonly readUntilMs: number;
  /** The stable version before the first shift; frozen. */
  readonly history: BaselineHistory | null;
  readonly adaptive: AdaptiveState;
  readonly alarms?: AlarmMemory;
  readonly coldStarts?: ColdStarts;
  /** Since when the source has not answered; absent while it does. */
  readonly silentSinceMs?: number;
}

export function watchingOf(evidence: EvidenceRecord | undefined): Watching {
  const kept = (evidence?.judge ?? {}) as Partial<Watching>;
  return {
    state: kept.state,
    readUntilMs: kept.readUntilMs ?? 0,
    history: kept.history ?? null,
    adaptive: kept.adaptive ?? newAdaptive,
    ...(kept.alarms ? { alarms: kept.alarms } : {}),
    ...(kept.coldStarts ? { coldStarts: kept.coldStarts } : {}),
    ...(kept.silentSinceMs === undefined ? {} : { silentSinceMs: kept.silentSinceMs }),
  };
}

/**
 * The policy of one deployment: the gate for fixed steps, or for adaptive plans the profile that fits the data's pace,
 * with the deployment's own overrides on top (`profile` among them) and the frozen history.
 */
export function policyOf(plan: Plan, metricsPeriodSeconds: number, history: BaselineHistory | null): AnalysisPolicy {
  const overrides = (plan.analysis ?? {}) as PolicyOverrides & { readonly profile?: string };
  const named = overrides.profile;
  const paced = metricsPeriodSeconds < 60 ? profiles.fast : profiles.cloudwatch;
  const base = isProfile(named) ? profiles[named] : plan.adaptive ? paced : defaultPolicy;
  return resolvePolicy(base, overrides, history ? { history } : {});
}

function isProfile(name: string | undefined): name is keyof typeof profiles {
  return name !== undefined && Object.hasOwn(profiles, name);
}

/** Feeds new blocks and says what they amount to, for the record and for the ramp. */
export function judgeBlocks(
  before: Watching,
  reading: { blocks: Parameters<typeof judge>[1]; readUntilMs: number },
  policy: AnalysisPolicy,
  now: { atMs: number; weightPercent: number; adaptive: boolean; periodMs?: number; settleMs?: number },
): Seen & { ramp: RampMove | undefined } {
  const { blocks } = reading;
  const judged = judge(before.state, blocks, policy);
  const { silentSinceMs: _heardAgain, ...heard } = before;
  const watching = { ...heard, state: judged.state, readUntilMs: reading.readUntilMs };
  if (!now.adaptive) {
    const verdict = passesAt(judged.verdict, judged.state.weightPercent, now.weightPercent);
    return { evidence: record(verdict, watching, now.atMs), blocks, ramp: undefined };
  }
  // Before the first block nothing is known, the traffic included: the weight stays where it began.
  if (judged.state.blocks === 0)
    return { evidence: record(judged.verdict, watching, now.atMs), blocks, ramp: undefined };
  const decision = decisionOf(judged.state, policy);
  const input = { decision, nowMs: now.atMs, weightPercent: now.weightPercent };
  const next = stepAdaptive(before.adaptive, input, policy);
  const after = { ...watching, adaptive: next.state };
  const evidence = record(judged.verdict, after, now.atMs);
  const numbers = { ...evidence.numbers, outlook: ahead(judged.state, after, next.move, policy, now) };
  return { evidence: { ...evidence, numbers }, blocks, ramp: next.move };
}

/** What comes next, for whoever looks on: from the weight that this look leads to. */
function ahead(
  state: JudgeState,
  { adaptive }: Watching,
  move: RampMove,
  policy: AnalysisPolicy,
  now: { atMs: number; weightPercent: number; periodMs?: number; settleMs?: number },
): Outlook {
  const { atMs: nowMs, periodMs = 60_000, settleMs = 60_000 } = now;
  const weightPercent = move.kind === 'shift' ? move.weightPercent : now.weightPercent;
  return outlook(state, adaptive, policy, { weightPercent, nowMs, periodMs, settleMs });
}

/** A step is not left on what was seen at the step before: evidence is kept across weights, a pass is not. */
function passesAt<V extends Pick<Verdict, 'kind' | 'sentence' | 'numbers'>>(
  verdict: V,
  seenWeightPercent: number,
  weightPercent: number,
): V {
  if (verdict.kind !== 'pass' || seenWeightPercent === weightPercent) return verdict;
  const sentence = `${verdict.sentence}; nothing was seen at ${formatWeight(weightPercent)} % yet`;
  return { ...verdict, kind: 'continue', sentence };
}

function record(
  { kind, sentence, numbers }: Pick<Verdict, 'kind' | 'sentence' | 'numbers'>,
  watching: Watching,
  at: number,
): EvidenceRecord {
  return { verdict: kind, sentence, numbers: { ...numbers }, judge: watching, at };
}

/** How far back the baseline looks, in metrics periods: three hours of CloudWatch's minutes, ten minutes of ten seconds. */
const BASELINE_PERIODS = 180;
const BASELINE_FAST_PERIODS = 60;

/** What the source knows of the stable version before anything moves; `null`: nothing of its traffic. */
interface Baseline {
  readonly history: BaselineHistory | null;
  readonly coldStarts?: ColdStarts;
}

/**
 * The stable version before anything moves: traffic, error rate and how clumped errors come. `null` when the source has
 * nothing to tell: the judge then learns from the rollout itself.
 */
export async function readBaseline(turn: Turn, stableVersion: string): Promise<Baseline> {
  const { parts, row, fn } = turn;
  const { source, periodSeconds } = measuringOf(parts, row.target);
  const periods = periodSeconds < 60 ? BASELINE_FAST_PERIODS : BASELINE_PERIODS;
  const toMs = turn.at();
  const reading = await source.read(
    {
      alias: row.target.aliasName,
      stableVersion,
      canaryVersion: LATEST,
      fromMs: toMs - periods * periodSeconds * 1000,
      toMs,
      periodSeconds,
      weightPercent: 0,
      // Durations are only read against a threshold; this one counts them all, and the percentiles come along.
      latencyThresholdsMs: [0],
      ...fn,
    },
    turn.signal,
  );
  if (!reading.ok) return { history: null };
  const stable = reading.blocks.map((block) => block.stable);
  const firstSeen = stable.findIndex((counts) => counts.invocations > 0);
  if (firstSeen < 0) return { history: null };
  const seen = stable.slice(firstSeen);
  const history = baselineHistory(perMinute(seen, periodSeconds), thresholdsOf(stable));
  const known = history.requestsPerSecond > 0 ? history : { ...history, ...lessThanAMinute(seen, periodSeconds) };
  const lately = trafficOf(seen.slice(-Math.ceil(periods / RECENT_PART)), periodSeconds);
  const { stable: initMs } = addColdStarts(noColdStarts, reading.blocks);
  return {
    history: { ...known, requestsPerSecond: Math.max(known.requestsPerSecond, lately) },
    ...(initMs.length > 0 ? { coldStarts: { stable: initMs, canary: [] } } : {}),
  };
}

/**
 * A version that was promoted a while ago was a canary with a few percent before that, and a night has less traffic than
 * the morning after it. Taking the traffic for smaller than it is would make the first weight too large.
 */
const RECENT_PART = 6;

function trafficOf(counts: readonly StableCounts[], periodSeconds: number): number {
  return sum(counts.map((one) => one.invocations)) / (counts.length * periodSeconds);
}

/** Right after the first traffic there is no whole minute yet; how much there is of it is known all the same. */
function lessThanAMinute(counts: readonly StableCounts[], periodSeconds: number) {
  const invocations = sum(counts.map((one) => one.invocations));
  const errors = sum(counts.map((one) => one.errors + (one.throttles ?? 0)));
  return { invocations, errors, requestsPerSecond: trafficOf(counts, periodSeconds) };
}

type StableCounts = { invocations: number; errors: number; throttles?: number };

/** Blocks joined to whole minutes; a rest shorter than a minute is left out. */
function perMinute(counts: readonly StableCounts[], periodSeconds: number): { invocations: number; errors: number }[] {
  const size = Math.max(1, Math.round(60 / periodSeconds));
  const minutes: { invocations: number; errors: number }[] = [];
  for (let start = 0; start + size <= counts.length; start += size) {
    const group = counts.slice(start, start + size);
    minutes.push({
      invocations: sum(group.map(({ invocations }) => invocations)),
      errors: sum(group.map(({ errors, throttles }) => errors + (throttles ?? 0))),
    });
  }
  return minutes;
}

/** Fewer durations than this do not show where the 99th percentile lies. */
const DURATIONS_WANTED = 200;

type Durations = { count: number; p50?: number; p90?: number; p99?: number };

/** Frozen latency thresholds from the periods' own percentiles, each period weighing as much as it has samples. */
function thresholdsOf(counts: readonly { readonly durationMs?: Durations }[]): number[] {
  const known = counts.flatMap(({ durationMs }) => (durationMs && durationMs.count > 0 ? [durationMs] : []));
  const total = sum(known.map(({ count }) => count));
  if (total < DURATIONS_WANTED) return [];
  return (['p50', 'p90', 'p99'] as const).map(
    (name) => sum(known.map((period) => period.count * (period[name] ?? 0))) / total,
  );
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
