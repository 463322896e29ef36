import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallBudget, CallMade, Lane } from '#aws';
import { addPoolMetrics, type Clock, type Config } from '#runtime';
import type { Store, WorkerReport } from '#store';
import { RecentFaults } from './recent-faults.js';

/** What the settings allow. */
type LaneRates = Config['callBudget'];

type Rounds = WorkerReport['rounds'];

/** What this worker does, counted where it happens. Labels are names from our own code: they never grow with use. */
export class WorkerFigures {
  readonly recent: RecentFaults;
  private readonly roundSeconds: Histogram<'round'>;
  private readonly roundFailures: Counter<'round'>;
  private readonly calls: Counter<'operation' | 'outcome'>;
  private readonly callSeconds: Histogram<'operation'>;
  private readonly refusals: Counter<'lane'>;
  private readonly lastRounds = new Map<string, { endedAt: number; tookMs: number; problem?: string }>();
  private walking: () => number = () => 0;

  constructor(
    registry: Registry,
    store: Pick<Store, 'connections'>,
    private readonly clock: Clock,
    rates: LaneRates,
  ) {
    this.recent = new RecentFaults(() => clock.monotonic());
    const registers = [registry];
    this.roundSeconds = new Histogram({
      name: 'sluice_round_seconds',
      help: 'How long a round of the sweep, the reconciler, the rollback lane or the questions took.',
      labelNames: ['round'],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30],
      registers,
    });
    this.roundFailures = new Counter({
      name: 'sluice_round_failures_total',
      help: 'Rounds that failed; the next one follows by itself.',
      labelNames: ['round'],
      registers,
    });
    this.calls = new Counter({
      name: 'sluice_aws_calls_total',
      help: 'Calls to AWS, by operation and outcome: ok, or the code of the fault (throttled is a 429).',
      labelNames: ['operation', 'outcome'],
      registers,
    });
    this.callSeconds = new Histogram({
      name: 'sluice_aws_call_seconds',
      help: 'How long AWS took to answer, by operation.',
      labelNames: ['operation'],
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10],
      registers,
    });
    this.refusals = new Counter({
      name: 'sluice_call_budget_refusals_total',
      help: 'Calls that had to come back later because the call budget had no room.',
      labelNames: ['lane'],
      registers,
    });
    this.addGauges(registry, store);
    addRates(registry, rates);
  }

  /** Where the number of walks comes from. */
  watch(walking: () => number): void {
    this.walking = walking;
  }

  readonly onCall = (call: CallMade): void => {
    this.recent.call(call);
    if (call.answered) return;
    this.calls.inc({ operation: call.operation, outcome: call.fault?.code ?? 'ok' });
    this.callSeconds.observe({ operation: call.operation }, call.seconds);
  };

  /** The same budget, with its refusals counted. */
  counted(budget: CallBudget): CallBudget {
    return {
      take: async (key, lane: Lane, signal) => {
        const answer = await budget.take(key, lane, signal);
        if (!answer.granted && !signal?.aborted) {
          this.refusals.inc({ lane });
          this.recent.refused(key.accountId, key.region, lane);
        }
        return answer;
      },
    };
  }

  roundEnded(round: string, tookMs: number, problem: string | undefined): void {
    this.roundSeconds.observe({ round }, tookMs / 1000);
    if (problem !== undefined) this.roundFailures.inc({ round });
    const ended = { endedAt: this.clock.monotonic(), tookMs };
    this.lastRounds.set(round, problem === undefined ? ended : { ...ended, problem });
  }

  get walks(): number {
    return this.walking();
  }

  /** For the report. A round that has not ended yet is not among them. */
  rounds(): Rounds {
    const now = this.clock.monotonic();
    const told = [...this.lastRounds].map(([name, { endedAt, tookMs, problem }]): [string, Rounds[string]] => [
      name,
      { agoMs: Math.round(now - endedAt), tookMs: Math.round(tookMs), ...(problem === undefined ? {} : { problem }) },
    ]);
    return Object.fromEntries(told);
  }

  private addGauges(registry: Registry, store: Pick<Store, 'connections'>): void {
    const walks = () => this.walking();
    new Gauge({
      name: 'sluice_walks_under_way',
      help: 'Deployments that this worker is advancing at this moment.',
      registers: [registry],
      collect() {
        this.set(walks());
      },
    });
    addPoolMetrics(registry, store);
  }
}

/** The other side of the budget's use: what it is measured against. */
function addRates(registry: Registry, rates: LaneRates): void {
  const allowed = new Gauge({
    name: 'sluice_call_budget_calls_per_second',
    help: 'Calls to the Lambda control plane that the settings allow per account and region, by lane.',
    labelNames: ['lane'],
    registers: [registry],
  });
  allowed.set({ lane: 'ordinary' }, rates.ordinaryPerSecond);
  allowed.set({ lane: 'rollback' }, rates.rollbackPerSecond);
}
