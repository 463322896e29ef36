import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { type Clock, systemClock } from '#runtime';
import type { CallOptions } from './address.js';
import { attempt, type CallObserver } from './call.js';
import { type AwsConnection, ClientCache } from './clients.js';
import { type Outcome, succeeded } from './faults.js';

export interface AlarmReading {
  readonly name: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  /** Since when it has been in this state, milliseconds of AWS's time; absent when CloudWatch does not say. */
  readonly sinceMs?: number;
}

export interface AlarmReader {
  /** Metric and composite alarms by name. A name that no alarm has is missing from the answer. */
  describeAlarms(
    where: { readonly accountId: string; readonly region: string },
    names: readonly string[],
    call: CallOptions,
  ): Promise<Outcome<AlarmReading[]>>;
  close(): void;
}

export function createAlarmReader(options: AwsConnection & { readonly clock?: Clock } = {}): AlarmReader {
  return new SdkAlarmReader(options);
}

/** The most names that one DescribeAlarms call takes. */
const NAMES_PER_CALL = 100;

interface DescribedAlarm {
  readonly AlarmName?: string | undefined;
  readonly StateValue?: AlarmReading['state'] | undefined;
  readonly StateTransitionedTimestamp?: Date | undefined;
  readonly StateUpdatedTimestamp?: Date | undefined;
}

class SdkAlarmReader implements AlarmReader {
  private readonly clock: Clock;
  private readonly onCall: CallObserver | undefined;
  private readonly clients: ClientCache<CloudWatchClient>;

  constructor(options: AwsConnection & { readonly clock?: Clock }) {
    this.clock = options.clock ?? systemClock;
    this.onCall = options.onCall;
    this.clients = new ClientCache(options, (settings) => new CloudWatchClient(settings));
  }

  async describeAlarms(
    where: { readonly accountId: string; readonly region: string },
    names: readonly string[],
    call: CallOptions,
  ): Promise<Outcome<AlarmReading[]>> {
    const endsAt = this.clock.monotonic() + call.timeoutMs;
    const alarms: AlarmReading[] = [];
    for (let start = 0; start < names.length; start += NAMES_PER_CALL) {
      const command = new DescribeAlarmsCommand({
        AlarmNames: names.slice(start, start + NAMES_PER_CALL),
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        MaxRecords: NAMES_PER_CALL,
      });
      const answer = await attempt(
        this.clock,
        command as unknown as Parameters<typeof attempt>[1],
        { operation: 'DescribeAlarms', kind: 'read', onCall: this.onCall },
        { ...call, timeoutMs: endsAt - this.clock.monotonic() },
        (abortSignal) => this.clients.for(where).send(command, { abortSignal }),
      );
      if (!answer.ok) return answer;
      const { MetricAlarms = [], CompositeAlarms = [] } = answer.value;
      alarms.push(...[...MetricAlarms, ...CompositeAlarms].flatMap(readingOf));
    }
    return succeeded(alarms);
  }

  close(): void {
    this.clients.close();
  }
}

function readingOf(alarm: DescribedAlarm): AlarmReading[] {
  const { AlarmName: name, StateValue: state } = alarm;
  if (name === undefined || state === undefined) return [];
  const since = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp;
  return [{ name, state, ...(since ? { sinceMs: since.getTime() } : {}) }];
}
