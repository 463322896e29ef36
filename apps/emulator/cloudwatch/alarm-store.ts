import type { Clock } from '../clock.js';
import { type Place, partitionOf } from '../lambda/names.js';
import { evaluatePoints, type Verdict } from './alarm-rule.js';
import { refused } from './errors.js';
import { pointsOf, runQueries } from './get-metric-data.js';
import type { Input } from './input.js';
import type { MetricName, MetricStore } from './metric-store.js';

export interface Alarm {
  name: string;
  description: string | undefined;
  actionsEnabled: boolean;
  okActions: string[];
  alarmActions: string[];
  insufficientDataActions: string[];
  metric: MetricName | undefined;
  stat: string;
  unit: string | undefined;
  periodSeconds: number;
  /** A metric-math alarm: the queries, of which one returns data. */
  queries: Input[] | undefined;
  evaluationPeriods: number;
  datapointsToAlarm: number | undefined;
  threshold: number;
  comparison: string;
  treatMissing: string;
  tags: Record<string, string>;
  state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  reason: string;
  reasonData: string | undefined;
  configuredAt: number;
  updatedAt: number;
  transitionedAt: number;
  /** A state that somebody set holds until the next evaluation. */
  heldUntil: number;
}

/** AWS looks a little further back than the evaluation periods, so that late or missing points do not blind it. */
const EXTRA_PERIODS = 2;

/** Alarms, evaluated whenever they are read: the state is always that of the newest complete period. */
export class AlarmStore {
  private readonly alarms = new Map<string, Alarm>();

  constructor(
    private readonly metrics: MetricStore,
    private readonly clock: Clock,
  ) {}

  put(place: Place, alarm: Alarm): void {
    this.alarms.set(keyOf(place, alarm.name), alarm);
  }

  find(place: Place, name: string): Alarm | undefined {
    return this.alarms.get(keyOf(place, name));
  }

  delete(place: Place, name: string): boolean {
    return this.alarms.delete(keyOf(place, name));
  }

  list(place: Place): Alarm[] {
    const prefix = keyOf(place, '');
    const all = [...this.alarms].filter(([key]) => key.startsWith(prefix)).map(([, alarm]) => alarm);
    for (const alarm of all) this.evaluate(place, alarm);
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  set(place: Place, name: string, state: Alarm['state'], reason: string, reasonData: string | undefined): void {
    const alarm = this.find(place, name);
    if (!alarm) throw refused('ResourceNotFound', `Unable to find alarm with name: ${name}`, 404);
    const width = alarm.periodSeconds * 1000;
    alarm.heldUntil = (Math.floor(this.clock.now() / width) + 1) * width;
    this.move(alarm, { state, reason, reasonData });
  }

  reset(): void {
    this.alarms.clear();
  }

  export(): [string, Alarm][] {
    return [...this.alarms];
  }

  import(alarms: [string, Alarm][]): void {
    this.alarms.clear();
    for (const [key, alarm] of alarms) this.alarms.set(key, alarm);
  }

  private evaluate(place: Place, alarm: Alarm): void {
    const now = this.clock.now();
    if (now < alarm.heldUntil) return;
    const width = alarm.periodSeconds * 1000;
    const to = Math.floor(now / width) * width;
    const from = to - (alarm.evaluationPeriods + EXTRA_PERIODS) * width;
    const points = this.pointsOf(place, alarm, from, to);
    const inWindow = [...points].filter(([at]) => at >= from && at < to).sort(([a], [b]) => a - b);
    const verdict = evaluatePoints(alarm, inWindow, now);
    if (verdict) this.move(alarm, verdict);
  }

  private pointsOf(place: Place, alarm: Alarm, from: number, to: number): Map<number, number> {
    if (alarm.metric)
      return pointsOf(this.metrics, place, alarm.metric, alarm.stat, { from, to, period: alarm.periodSeconds });
    const queries = alarm.queries ?? [];
    const shown = queries.find((query) => query['ReturnData'] !== false && query['ReturnData'] !== 'false');
    const results = runQueries(this.metrics, place, queries, { from, to });
    return results.get(String(shown?.['Id'] ?? '')) ?? new Map();
  }

  private move(alarm: Alarm, verdict: Verdict): void {
    if (alarm.state !== verdict.state) {
      alarm.transitionedAt = this.clock.now();
      alarm.updatedAt = this.clock.now();
    } else if (alarm.reason === verdict.reason) return;
    else alarm.updatedAt = this.clock.now();
    alarm.state = verdict.state;
    alarm.reason = verdict.reason;
    alarm.reasonData = verdict.reasonData;
  }
}

const keyOf = (place: Place, name: string) => `${place.account}/${place.region}/${name}`;

export const alarmArn = (place: Place, name: string) =>
  `arn:${partitionOf(place.region)}:cloudwatch:${place.region}:${place.account}:alarm:${name}`;
