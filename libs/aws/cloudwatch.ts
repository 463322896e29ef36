import {
  CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { type Clock, systemClock } from '#runtime';
import type { CallOptions } from './address.js';
import { attempt, type CallObserver } from './call.js';
import { type AwsConnection, ClientCache } from './clients.js';
import { failed, fault, type Outcome, succeeded } from './faults.js';

/** What one version answered through one alias, period by period. */
export interface VersionMetricsRequest {
  readonly functionName: string;
  readonly alias: string;
  readonly version: string;
  /** Whole periods only: both ends are multiples of the period. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodSeconds: number;
  /** Durations are counted against these; empty = no duration is asked for. */
  readonly latencyThresholdsMs: readonly number[];
}

/** One period. A member that CloudWatch has no point for is absent: "no data" and "zero" are different answers. */
export interface VersionPeriod {
  readonly startMs: number;
  readonly invocations?: number;
  readonly errors?: number;
  readonly throttles?: number;
  readonly durationCount?: number;
  /** How many durations lie above each threshold, in the thresholds' order. */
  readonly durationsAbove: readonly (number | undefined)[];
  readonly p50?: number;
  readonly p90?: number;
  readonly p99?: number;
}

export interface CloudWatchReader {
  /**
   * One answer per request, in the same order: its periods in order of time, periods without any point left out.
   * Requests share calls: 500 metrics each, the most that CloudWatch takes.
   */
  getVersionMetrics(
    where: { readonly accountId: string; readonly region: string },
    requests: readonly VersionMetricsRequest[],
    call: CallOptions,
  ): Promise<Outcome<VersionPeriod[][]>>;
  close(): void;
}

export interface CloudWatchReaderOptions extends AwsConnection {
  readonly clock?: Clock;
}

export function createCloudWatchReader(options: CloudWatchReaderOptions = {}): CloudWatchReader {
  return new SdkCloudWatchReader(options);
}

const QUERIES_PER_CALL = 500;

/** Requests whose union is longer than this do not share a call. */
const LONGEST_SHARED_PERIODS = 180;

/** A query and where its values belong. */
interface Question {
  readonly request: number;
  readonly metric: string;
  readonly stat: string;
  readonly put: (period: MutablePeriod, value: number) => void;
}

type MutablePeriod = { -readonly [K in keyof VersionPeriod]: VersionPeriod[K] } & {
  durationsAbove: (number | undefined)[];
};

class SdkCloudWatchReader implements CloudWatchReader {
  private readonly clock: Clock;
  private readonly onCall: CallObserver | undefined;
  private readonly clients: ClientCache<CloudWatchClient>;

  constructor(options: CloudWatchReaderOptions) {
    this.clock = options.clock ?? systemClock;
    this.onCall = options.onCall;
    this.clients = new ClientCache(options, (settings) => new CloudWatchClient(settings));
  }

  async getVersionMetrics(
    where: { readonly accountId: string; readonly region: string },
    requests: readonly VersionMetricsRequest[],
    call: CallOptions,
  ): Promise<Outcome<VersionPeriod[][]>> {
    const endsAt = this.clock.monotonic() + call.timeoutMs;
    const periods = requests.map(() => new Map<number, MutablePeriod>());
    const questions = requests.flatMap((request, index) => questionsFor(request, index));
    for (const batch of batchesOf(questions, requests)) {
      const left = { ...call, timeoutMs: endsAt - this.clock.monotonic() };
      const answers = await this.ask(where, requests, batch, left);
      if (!answers.ok) return answers;
      for (const result of answers.value) collect(result, batch, requests, periods);
    }
    return succeeded(periods.map((one) => [...one.values()].sort((a, b) => a.startMs - b.startMs)));
  }

  close(): void {
    this.clients.close();
  }

  private async ask(
    where: { readonly accountId: string; readonly region: string },
    requests: readonly VersionMetricsRequest[],
    batch: readonly Question[],
    call: CallOptions,
  ): Promise<Outcome<MetricDataResult[]>> {
    const endsAt = this.clock.monotonic() + call.timeoutMs;
    const asked = batch.map((question) => requests[question.request]).filter((request) => request !== undefined);
    const results: MetricDataResult[] = [];
    let nextToken: string | undefined;
    do {
      const command = new GetMetricDataCommand({
        StartTime: new Date(Math.min(...asked.map((request) => request.fromMs))),
        EndTime: new Date(Math.max(...asked.map((request) => request.toMs))),
        ScanBy: 'TimestampAscending',
        MetricDataQueries: batch.map((question, index) => toQuery(question, requests, index)),
        ...(nextToken ? { NextToken: nextToken } : {}),
      });
      const answer = await attempt(
        this.clock,
        command as unknown as Parameters<typeof attempt>[1],
        { operation: 'GetMetricData', kind: 'read', onCall: this.onCall },
        { ...call, timeoutMs: endsAt - this.clock.monotonic() },
        (abortSignal) => this.clients.for(where).send(command, { abortSignal }),
      );
      if (!answer.ok) return answer;
      const page = answer.value.MetricDataResults ?? [];
      const refused = page.find((result) => result.StatusCode === 'InternalError' || result.StatusCode === 'Forbidden');
      if (refused) return failed(faultOf(String(refused.StatusCode)));
      results.push(...page);
      nextToken = answer.value.NextToken || undefined;
    } while (nextToken);
    return succeeded(results);
  }
}

function faultOf(status: string) {
  const internal = `GetMetricData: a metric was answered with ${status}.`;
  return status === 'Forbidden'
    ? fault('access_denied', 'never', { internal })
    : fault('service_error', 'again', { internal });
}

function questionsFor(request: VersionMetricsRequest, index: number): Question[] {
  const ask = (metric: string, stat: string, put: Question['put']): Question => ({ request: index, metric, stat, put });
  const counts = [
    ask('Invocations', 'Sum', (period, value) => {
      period.invocations = value;
    }),
    ask('Errors', 'Sum', (period, value) => {
      period.errors = value;
    }),
    ask('Throttles', 'Sum', (period, value) => {
      period.throttles = value;
    }),
  ];
  if (request.latencyThresholdsMs.length === 0) return counts;
  const percentiles = (['p50', 'p90', 'p99'] as const).map((stat) =>
    ask('Duration', stat, (period, value) => {
      period[stat] = value;
    }),
  );
  // TC(x:) is CloudWatch's "trimmed count": how many samples lie above x.
  const above = request.latencyThresholdsMs.map((threshold, at) =>
    ask('Duration', `TC(${threshold}:)`, (period, value) => {
      period.durationsAbove[at] = value;
    }),
  );
  const count = ask('Duration', 'SampleCount', (period, value) => {
    period.durationCount = value;
  });
  return [...counts, count, ...percentiles, ...above];
}

/**
 * At most 500 metrics a call, and only neighbours in time together: a call has one span for all its metrics, so one
 * reading of last week would fetch a week of points for every other.
 */
function batchesOf(questions: readonly Question[], requests: readonly VersionMetricsRequest[]): Question[][] {
  const spanOf = (question: Question) => requests[question.request] as VersionMetricsRequest;
  const sorted = [...questions].sort((a, b) => spanOf(a).fromMs - spanOf(b).fromMs);
  const batches: Question[][] = [];
  let batch: Question[] = [];
  let [fromMs, toMs] = [0, 0];
  for (const question of sorted) {
    const span = spanOf(question);
    const end = Math.max(toMs, span.toMs);
    const wide = end - fromMs > LONGEST_SHARED_PERIODS * span.periodSeconds * 1000 && span.fromMs !== fromMs;
    if (batch.length === 0 || batch.length === QUERIES_PER_CALL || wide) {
      batch = [];
      batches.push(batch);
      [fromMs, toMs] = [span.fromMs, span.toMs];
    }
    batch.push(question);
    toMs = Math.max(toMs, span.toMs);
  }
  return batches;
}

/** These three dimensions together are what separates a canary: without `Resource` other aliases' traffic is counted too. */
function toQuery(question: Question, requests: readonly VersionMetricsRequest[], index: number): MetricDataQuery {
  const request = requests[question.request] as VersionMetricsRequest;
  return {
    Id: `q${index}`,
    MetricStat: {
      Metric: {
        Namespace: 'AWS/Lambda',
        MetricName: question.metric,
        Dimensions: [
          { Name: 'FunctionName', Value: request.functionName },
          { Name: 'Resource', Value: `${request.functionName}:${request.alias}` },
          { Name: 'ExecutedVersion', Value: request.version },
        ],
      },
      Period: request.periodSeconds,
      Stat: question.stat,
    },
    ReturnData: true,
  };
}

function collect(
  result: MetricDataResult,
  batch: readonly Question[],
  requests: readonly VersionMetricsRequest[],
  periods: readonly Map<number, MutablePeriod>[],
): void {
  const question = batch[Number(result.Id?.slice(1))];
  const request = question && requests[question.request];
  const into = question && periods[question.request];
  if (!question || !request || !into) return;
  for (const [index, at] of (result.Timestamps ?? []).entries()) {
    const [startMs, value] = [at.getTime(), result.Values?.[index]];
    // One call covers the span of all its requests, so points outside of this one's own span come along.
    if (value === undefined || !Number.isFinite(value) || startMs < request.fromMs || startMs >= request.toMs) continue;
    const period = into.get(startMs) ?? { startMs, durationsAbove: request.latencyThresholdsMs.map(() => undefined) };
    question.put(period, value);
    into.set(startMs, period);
  }
}
