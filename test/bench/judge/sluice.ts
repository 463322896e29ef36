import {
  type AnalysisPolicy,
  decisionOf,
  type EvidenceBlock,
  firstWeight,
  type JudgeState,
  judgeProbes,
  newAdaptive,
  newJudge,
  resolvePolicy,
  stepAdaptive,
  stepJudge,
} from '#analysis';
import { type Policy, type PolicyContext, type Rollout, tickSeconds, type Wish, type World } from './world.js';

/** Our own judge and ramp in the simulation: the library itself, fed as the worker feeds it. */
export interface SluiceOptions {
  /** Length of a period and how long after its end it is settled, seconds. */
  readonly periodSeconds: number;
  readonly lagSeconds: number;
  readonly probes?: number;
}

const week = 7 * 86_400;
/** Named in verdicts only: the simulation draws the counts above them. */
const thresholdsMs = [100, 190, 320];

export function sluice(code: string, name: string, base: AnalysisPolicy, options: SluiceOptions): Policy {
  return { code, name, begin: (context) => new SluiceRollout(base, options, context) };
}

class SluiceRollout implements Rollout {
  readonly #policy: AnalysisPolicy;
  readonly #options: SluiceOptions;
  readonly #context: PolicyContext;
  #state: JudgeState = newJudge;
  #adaptive = newAdaptive;
  #weightPercent: number;
  /** Weight changes as [seconds, weight percent]; blocks are cut at each. */
  readonly #weights: [number, number][];
  #fedUntil = 0;

  constructor(base: AnalysisPolicy, options: SluiceOptions, context: PolicyContext) {
    const invocations = Math.round(context.rps * week);
    this.#policy = resolvePolicy(base, {
      history: {
        invocations,
        errors: Math.round(invocations * context.historyRate),
        requestsPerSecond: context.rps,
        dispersion: context.dispersion,
        latencyThresholdsMs: context.latency ? thresholdsMs : [],
      },
    });
    this.#options = options;
    this.#context = context;
    this.#weightPercent = firstWeight(this.#policy.ramp, context.rps);
    this.#weights = [[0, this.#weightPercent]];
  }

  at(seconds: number, world: World): Wish {
    if (seconds === 0 && this.#probesReject()) return 'rollback';
    if (!this.#feed(seconds, world)) return { weight: this.#weightPercent / 100 };
    const decision = decisionOf(this.#state, this.#policy);
    const { state, move } = stepAdaptive(
      this.#adaptive,
      {
        decision,
        nowMs: seconds * 1000,
        weightPercent: this.#weightPercent,
      },
      this.#policy,
    );
    this.#adaptive = state;
    if (move.kind === 'rollback' || move.kind === 'promote') return move.kind;
    if (move.kind === 'shift' && move.weightPercent !== this.#weightPercent) {
      this.#weightPercent = move.weightPercent;
      this.#weights.push([seconds, this.#weightPercent]);
    }
    return { weight: this.#weightPercent / 100 };
  }

  /** Feeds every period that has settled since; true when there was one. */
  #feed(seconds: number, world: World): boolean {
    const { periodSeconds, lagSeconds } = this.#options;
    const settled = seconds - lagSeconds;
    const phase = periodSeconds > tickSeconds ? world.phase : 0;
    let fed = false;
    for (;;) {
      const end = (Math.floor((this.#fedUntil + phase) / periodSeconds) + 1) * periodSeconds - phase;
      if (end > settled) return fed;
      for (const block of this.#cut(this.#fedUntil, end, world)) {
        this.#state = stepJudge(this.#state, block, this.#policy);
      }
      this.#fedUntil = end;
      fed = true;
    }
  }

  /** One period as blocks of one weight each. */
  #cut(from: number, to: number, world: World): EvidenceBlock[] {
    const inside = this.#weights.filter(([at]) => at > from && at < to).map(([at]) => at);
    const edges = [from, ...inside, to];
    return edges.slice(1).map((end, index) => {
      const start = edges[index] ?? from;
      const sum = world.window(start, end);
      const slow = this.#context.latency ? world.slowWindow(start, end) : undefined;
      return {
        startMs: start * 1000,
        endMs: end * 1000,
        weightPercent: this.#weights.findLast(([at]) => at <= start)?.[1] ?? 0,
        stable: {
          invocations: sum.stableCount,
          errors: sum.stableBad,
          ...(slow && { durationMs: { count: sum.stableCount, above: slow.stable } }),
        },
        canary: {
          invocations: sum.canaryCount,
          errors: sum.canaryBad,
          ...(slow && { durationMs: { count: sum.canaryCount, above: slow.canary } }),
        },
      };
    });
  }

  #probesReject(): boolean {
    const count = this.#options.probes ?? 0;
    const attempts = (rate: number) => Array.from({ length: 3 }, () => this.#context.random.next() >= rate);
    const results = Array.from({ length: count }, (_, index) => ({
      payload: String(index),
      stable: attempts(this.#context.rates[0]),
      canary: attempts(this.#context.rates[1]),
    }));
    return count > 0 && judgeProbes(results).kind === 'fail';
  }
}
