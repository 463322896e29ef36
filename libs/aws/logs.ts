import { CloudWatchLogsClient, type FilteredLogEvent, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { type Clock, systemClock } from '#runtime';
import type { CallOptions } from './address.js';
import { attempt, type CallObserver } from './call.js';
import { type AwsConnection, ClientCache } from './clients.js';
import { type Outcome, succeeded } from './faults.js';

export interface LogQuery {
  readonly logGroup: string;
  /** CloudWatch Logs' own filter pattern. */
  readonly filterPattern: string;
  /** By the events' own time stamps, milliseconds; both ends belong to it. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How many pages (each up to 10 000 events or 1 MB) may be spent. */
  readonly maxPages: number;
  /** Events per page; absent: as many as CloudWatch Logs gives. */
  readonly limit?: number;
}

export interface LogLine {
  readonly id: string;
  readonly stream: string;
  readonly timestampMs: number;
  /** When CloudWatch Logs received it. */
  readonly ingestedMs: number;
  readonly message: string;
}

/** `complete`: there is nothing more in the span; otherwise the pages ran out first and any line may be missing. */
export interface LogPages {
  readonly lines: readonly LogLine[];
  readonly complete: boolean;
}

export interface LogsReader {
  /** All lines of the span that match, each once, in no promised order. */
  filterLogEvents(
    where: { readonly accountId: string; readonly region: string },
    query: LogQuery,
    call: CallOptions,
  ): Promise<Outcome<LogPages>>;
  close(): void;
}

export function createLogsReader(options: AwsConnection & { readonly clock?: Clock } = {}): LogsReader {
  return new SdkLogsReader(options);
}

class SdkLogsReader implements LogsReader {
  private readonly clock: Clock;
  private readonly onCall: CallObserver | undefined;
  private readonly clients: ClientCache<CloudWatchLogsClient>;

  constructor(options: AwsConnection & { readonly clock?: Clock }) {
    this.clock = options.clock ?? systemClock;
    this.onCall = options.onCall;
    this.clients = new ClientCache(options, (settings) => new CloudWatchLogsClient(settings));
  }

  async filterLogEvents(
    where: { readonly accountId: string; readonly region: string },
    query: LogQuery,
    call: CallOptions,
  ): Promise<Outcome<LogPages>> {
    const endsAt = this.clock.monotonic() + call.timeoutMs;
    const lines = new Map<string, LogLine>();
    let nextToken: string | undefined;
    // A page may be empty and still name a next one, so only the token says when the span is exhausted.
    for (let page = 0; page < query.maxPages; page += 1) {
      const command = new FilterLogEventsCommand({
        logGroupName: query.logGroup,
        filterPattern: query.filterPattern,
        startTime: query.fromMs,
        endTime: query.toMs,
        ...(query.limit ? { limit: query.limit } : {}),
        ...(nextToken ? { nextToken } : {}),
      });
      const answer = await attempt(
        this.clock,
        command as unknown as Parameters<typeof attempt>[1],
        { operation: 'FilterLogEvents', kind: 'read', onCall: this.onCall },
        { ...call, timeoutMs: endsAt - this.clock.monotonic() },
        (abortSignal) => this.clients.for(where).send(command, { abortSignal }),
      );
      if (!answer.ok) return answer;
      for (const event of answer.value.events ?? []) keep(lines, event);
      nextToken = answer.value.nextToken || undefined;
      if (!nextToken) return succeeded({ lines: [...lines.values()], complete: true });
    }
    return succeeded({ lines: [...lines.values()], complete: false });
  }

  close(): void {
    this.clients.close();
  }
}

function keep(lines: Map<string, LogLine>, event: FilteredLogEvent): void {
  const { eventId, logStreamName, timestamp, ingestionTime, message } = event;
  if (eventId === undefined || logStreamName === undefined || timestamp === undefined || message === undefined) return;
  lines.set(eventId, {
    id: eventId,
    stream: logStreamName,
    timestampMs: timestamp,
    ingestedMs: ingestionTime ?? timestamp,
    message,
  });
}
