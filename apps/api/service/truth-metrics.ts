import { Counter, Gauge, type Metric, type Registry } from 'prom-client';
import { phases } from '#contracts';
import { ROLLBACK_BUCKETS, WORKER_SILENT_MS } from '#store';
import type { Truth, TruthLooks } from './truth.js';

type Figures = NonNullable<Truth['figures']>;
type Say = (value: number, labels?: Record<string, string>) => void;

interface Definition {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** Deployments that have ended are counted by outcome; these are the phases of those that have not. */
const LIVE_PHASES = phases.slice(0, phases.indexOf('succeeded'));
const ROUNDS = ['sweep', 'reconciler', 'rollback lane', 'questions'];

/**
 * What Postgres and the queue say, in Prometheus' form: the same from every API process, whatever became of the workers.
 * Labels come from lists in our own code, and from the accounts and regions of the targets; never from a deployment.
 * When the database does not answer its series are absent, because a zero would be a lie.
 */
export function addTruthMetrics(registry: Registry, looks: TruthLooks): void {
  new TruthMetrics(registry, looks).add();
}

class TruthMetrics {
  constructor(
    private readonly registry: Registry,
    private readonly looks: TruthLooks,
  ) {}

  add(): void {
    this.gauge(
      { name: 'sluice_database_up', help: '1 when Postgres answers this process, else 0.' },
      ({ figures }, say) => say(figures ? 1 : 0),
    );
    this.addDeployments();
    this.addEnds();
    this.addQueue();
    this.addBudget();
    this.addWorkers();
  }

  private addDeployments(): void {
    this.figure(
      {
        name: 'sluice_deployments',
        help: 'Deployments that have not ended, by phase. Where counting them takes more than 50 ms, as of up to a hundred times as long ago.',
        labels: ['phase'],
      },
      (figures, say) => {
        for (const phase of LIVE_PHASES) {
          say(figures.live.find((one) => one.phase === phase)?.count ?? 0, { phase });
        }
      },
    );
    this.figure(
      {
        name: 'sluice_overdue_deployments',
        help: 'Deployments whose wake-up is more than 30 seconds late. Counted up to 10000.',
      },
      (figures, say) => say(figures.overdue.count),
    );
    this.figure(
      { name: 'sluice_oldest_wakeup_seconds', help: 'How late the latest wake-up is; 0 when nothing is due.' },
      (figures, say) => say(figures.overdue.latestMs / 1000),
    );
    this.figure(
      {
        name: 'sluice_evidence_age_seconds',
        help: 'Since the end of the newest period that the judge was given, of the watched canary where that is longest. Looked for among 1000.',
      },
      ({ evidence }, say) => say(evidence.oldestMs / 1000),
    );
    this.figure(
      {
        name: 'sluice_evidence_canaries',
        help: 'Canaries that the judge watches: all of them (judged), and those whose source does not answer (silent). Counted up to 1000.',
        labels: ['state'],
      },
      ({ evidence }, say) => {
        say(evidence.judged, { state: 'judged' });
        say(evidence.silent, { state: 'silent' });
      },
    );
    this.figure(
      {
        name: 'sluice_questions_waiting',
        help: 'Questions (forecasts, explanations) that no worker has answered yet.',
      },
      ({ questionsWaiting }, say) => say(questionsWaiting),
    );
  }

  private addEnds(): void {
    const { looks } = this;
    const ended = new Counter({
      name: 'sluice_deployments_ended_total',
      help: 'Deployments that have ended, by kind and by the phase they ended in.',
      labelNames: ['kind', 'outcome'],
      registers: [this.registry],
      async collect() {
        const { figures } = await looks.look();
        ended.reset();
        for (const kind of ['rollout', 'restore']) {
          for (const outcome of figures ? phases.slice(LIVE_PHASES.length) : []) {
            ended.inc({ kind, outcome }, figures?.tally.ended[kind]?.[outcome] ?? 0);
          }
        }
      },
    });
    const harmed = new Counter({
      name: 'sluice_harmed_requests_total',
      help: 'Requests that failed on canaries that were rolled back, as the judge counted them.',
      registers: [this.registry],
      async collect() {
        const { figures } = await looks.look();
        harmed.reset();
        if (figures) harmed.inc(figures.tally.harmed);
        else harmed.remove();
      },
    });
    this.registry.registerMetric(new RollbackSeconds(looks) as unknown as Metric);
  }

  private addQueue(): void {
    this.gauge(
      { name: 'sluice_queue_up', help: '1 when the queue answers this process, else 0.', labels: ['engine'] },
      ({ queue }, say) => {
        if (queue !== 'none') say(queue ? 1 : 0, { engine: queue?.engine ?? 'unknown' });
      },
    );
    this.gauge(
      {
        name: 'sluice_queue_jobs',
        help: 'Wake-ups in the queue: waiting for a worker, being handled (active), and for later (delayed).',
        labels: ['state'],
      },
      ({ queue }, say) => {
        if (queue === 'none' || !queue) return;
        for (const state of ['waiting', 'active', 'delayed'] as const) say(queue[state], { state });
      },
    );
    this.gauge(
      { name: 'sluice_queue_oldest_seconds', help: 'How long the wake-up at the head of the line has been waiting.' },
      ({ queue }, say) => {
        if (queue !== 'none' && queue) say(queue.oldestWaitingMs / 1000);
      },
    );
  }

  private addBudget(): void {
    const { looks } = this;
    const labels = ['account', 'region', 'lane'] as const;
    const slots = new Counter({
      name: 'sluice_call_budget_slots_total',
      help: 'Slots of the Lambda control plane given out to workers; its rate is the use of the call budget. Up to 500 lanes are told.',
      labelNames: labels,
      registers: [this.registry],
      async collect() {
        const { figures } = await looks.look();
        slots.reset();
        for (const { accountId: account, region, lane, slotsTaken } of figures?.budgets ?? [])
          slots.inc({ account, region, lane }, slotsTaken);
      },
    });
    this.figure(
      {
        name: 'sluice_call_budget_booked_seconds',
        help: 'How far ahead the slots of a lane are given out; near 0.4 (ordinary) or 5 (rollback) it is full.',
        labels,
      },
      ({ budgets }, say) => {
        for (const { accountId: account, region, lane, bookedMs } of budgets)
          say(bookedMs / 1000, { account, region, lane });
      },
    );
  }

  private addWorkers(): void {
    const alive = ({ workers }: Figures) => workers.filter(({ silentMs }) => silentMs <= WORKER_SILENT_MS);
    this.figure(
      {
        name: 'sluice_workers',
        help: 'Worker processes: alive, and silent (said nothing for 30 seconds and did not say goodbye; forgotten after an hour).',
        labels: ['state'],
      },
      (figures, say) => {
        say(alive(figures).length, { state: 'alive' });
        say(figures.workers.length - alive(figures).length, { state: 'silent' });
      },
    );
    this.figure(
      {
        name: 'sluice_round_age_seconds',
        help: 'Since any living worker last ended a round of the sweep, the reconciler, the rollback lane or the questions.',
        labels: ['round'],
      },
      (figures, say) => {
        for (const round of ROUNDS) {
          const ages = alive(figures).flatMap(({ report, silentMs }) => {
            const agoMs = report.rounds[round]?.agoMs;
            return agoMs === undefined || agoMs === null ? [] : [agoMs + silentMs];
          });
          if (ages.length > 0) say(Math.min(...ages) / 1000, { round });
        }
      },
    );
    this.figure(
      {
        name: 'sluice_worker_event_loop_lag_seconds',
        help: 'The 99th percentile of the event loop’s delay since the last report, of the worker where it is longest.',
      },
      (figures, say) => say(Math.max(0, ...alive(figures).map(({ report }) => report.eventLoopLagMs)) / 1000),
    );
    this.gauge(
      {
        name: 'sluice_clock_skew_seconds',
        help: 'How far the clocks of the processes and the database are apart: this API’s, and the worker’s where it is most.',
        labels: ['process'],
      },
      ({ figures, clockSkewMs }, say) => {
        if (clockSkewMs !== undefined) say(Math.abs(clockSkewMs) / 1000, { process: 'api' });
        const skews = figures ? alive(figures).map(({ report }) => Math.abs(report.clockSkewMs)) : [];
        if (skews.length > 0) say(Math.max(...skews) / 1000, { process: 'worker' });
      },
    );
  }

  /** A gauge that is absent while the database does not answer. */
  private figure(definition: Definition, fill: (figures: Figures, say: Say) => void): void {
    this.gauge(definition, ({ figures }, say) => {
      if (figures) fill(figures, say);
    });
  }

  private gauge({ name, help, labels = [] }: Definition, fill: (truth: Truth, say: Say) => void): void {
    const { looks } = this;
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [this.registry],
      async collect() {
        const truth = await looks.look();
        this.reset();
        // A gauge without labels is 0 after a reset; absent is what is meant.
        if (labels.length === 0) this.remove();
        fill(truth, (value, values = {}) => this.set(values, value));
      },
    });
  }
}

interface Value {
  readonly metricName: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
}

/** Totals that Postgres keeps, told as a histogram: prom-client's own can only be observed into. */
class RollbackSeconds {
  readonly name = 'sluice_rollback_seconds';
  readonly help =
    'From the decision to go back until the alias held the rollback point; kind says whether a rollout turned back or a person asked for a restore.';
  readonly type = 'histogram';
  readonly labelNames = ['kind'];

  constructor(private readonly looks: TruthLooks) {}

  /** What a registry asks of its metrics. */
  async get() {
    const { name, help, type } = this;
    return { name, help, type, aggregator: 'omit', values: await this.told() };
  }

  private async told(): Promise<Value[]> {
    const { figures } = await this.looks.look();
    if (!figures) return [];
    const { name } = this;
    return ['rollout', 'restore'].flatMap((kind) => {
      const { count = 0, sum = 0, below = {} } = figures.tally.rollbacks[kind] ?? {};
      return [
        ...ROLLBACK_BUCKETS.map((le) => ({
          metricName: `${name}_bucket`,
          labels: { kind, le },
          value: below[le] ?? 0,
        })),
        { metricName: `${name}_bucket`, labels: { kind, le: '+Inf' }, value: count },
        { metricName: `${name}_sum`, labels: { kind }, value: sum },
        { metricName: `${name}_count`, labels: { kind }, value: count },
      ];
    });
  }
}
