import type { Clock } from '../clock.js';
import { dateOf } from '../clock.js';
import type { Place } from '../lambda/names.js';
import type { MonitoringOperation } from '../wire/monitoring-front.js';
import { comparisonOf, MISSING_TREATMENTS } from './alarm-rule.js';
import { type Alarm, type AlarmStore, alarmArn } from './alarm-store.js';
import { refused } from './errors.js';
import { checkQueries, metricOf } from './get-metric-data.js';
import { dimensionList, flag, type Input, list, number, record, text, texts } from './input.js';

const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw refused('MissingParameter', `The parameter ${name} is required.`);
  return value;
}

function readAlarm(input: Input, before: Alarm | undefined, now: number): Alarm {
  const queries = list(input['Metrics']);
  const math = queries.length > 0;
  const evaluationPeriods = required(number(input['EvaluationPeriods']), 'EvaluationPeriods');
  const datapointsToAlarm = number(input['DatapointsToAlarm']);
  const treatMissing = text(input['TreatMissingData']) ?? 'missing';
  const comparison = required(text(input['ComparisonOperator']), 'ComparisonOperator');
  comparisonOf(comparison);
  if (evaluationPeriods < 1) throw refused('ValidationError', 'EvaluationPeriods must be greater than or equal to 1.');
  if (datapointsToAlarm !== undefined && (datapointsToAlarm < 1 || datapointsToAlarm > evaluationPeriods))
    throw refused('ValidationError', 'DatapointsToAlarm must be between 1 and EvaluationPeriods.');
  if (!MISSING_TREATMENTS.includes(treatMissing))
    throw refused('ValidationError', `TreatMissingData must be one of ${MISSING_TREATMENTS.join(', ')}.`);
  if (math) checkQueries(queries);
  return {
    name: required(text(input['AlarmName']), 'AlarmName'),
    description: text(input['AlarmDescription']),
    actionsEnabled: flag(input['ActionsEnabled']) ?? true,
    okActions: texts(input['OKActions']),
    alarmActions: texts(input['AlarmActions']),
    insufficientDataActions: texts(input['InsufficientDataActions']),
    metric: math ? undefined : metricOf({ ...input }),
    stat: text(input['Statistic']) ?? text(input['ExtendedStatistic']) ?? 'Average',
    unit: text(input['Unit']),
    periodSeconds: periodOf(input, queries),
    queries: math ? queries : undefined,
    evaluationPeriods,
    datapointsToAlarm,
    threshold: required(number(input['Threshold']), 'Threshold'),
    comparison,
    treatMissing,
    tags: before?.tags ?? Object.fromEntries(list(input['Tags']).map((t) => [String(t['Key']), String(t['Value'])])),
    state: before?.state ?? 'INSUFFICIENT_DATA',
    reason: before?.reason ?? 'Unchecked: Initial alarm creation',
    reasonData: before?.reasonData,
    configuredAt: now,
    updatedAt: before?.updatedAt ?? now,
    transitionedAt: before?.transitionedAt ?? now,
    heldUntil: 0,
  };
}

function periodOf(input: Input, queries: Input[]): number {
  const own = number(input['Period']);
  const theirs = queries.map((query) => number(query['Period']) ?? number(record(query['MetricStat'])['Period']));
  return own ?? theirs.find((period) => period !== undefined) ?? 60;
}

function describe(place: Place, alarm: Alarm) {
  const standard = ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'].includes(alarm.stat);
  const simple = alarm.metric && {
    MetricName: alarm.metric.name,
    Namespace: alarm.metric.namespace,
    ...(standard ? { Statistic: alarm.stat } : { ExtendedStatistic: alarm.stat }),
    Dimensions: dimensionList(alarm.metric.dimensions),
    Period: alarm.periodSeconds,
    Unit: alarm.unit,
  };
  return {
    AlarmName: alarm.name,
    AlarmArn: alarmArn(place, alarm.name),
    AlarmDescription: alarm.description,
    AlarmConfigurationUpdatedTimestamp: dateOf(alarm.configuredAt),
    ActionsEnabled: alarm.actionsEnabled,
    OKActions: alarm.okActions,
    AlarmActions: alarm.alarmActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    StateValue: alarm.state,
    StateReason: alarm.reason,
    StateReasonData: alarm.reasonData,
    StateUpdatedTimestamp: dateOf(alarm.updatedAt),
    StateTransitionedTimestamp: dateOf(alarm.transitionedAt),
    ...simple,
    Metrics: alarm.queries,
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparison,
    TreatMissingData: alarm.treatMissing,
  };
}

function describeAlarms(store: AlarmStore): MonitoringOperation {
  return (place, input) => {
    const names = texts(input['AlarmNames']);
    const prefix = text(input['AlarmNamePrefix']) ?? '';
    const state = text(input['StateValue']);
    const size = number(input['MaxRecords']) ?? 50;
    const after = text(input['NextToken']) ?? '';
    const all = store
      .list(place)
      .filter((alarm) => names.length === 0 || names.includes(alarm.name))
      .filter((alarm) => alarm.name.startsWith(prefix) && (state === undefined || alarm.state === state))
      .filter((alarm) => alarm.name > after);
    const page = all.slice(0, size);
    return {
      MetricAlarms: page.map((alarm) => describe(place, alarm)),
      CompositeAlarms: [],
      NextToken: all.length > size ? page[page.length - 1]?.name : undefined,
    };
  };
}

function switchActions(store: AlarmStore, enabled: boolean): MonitoringOperation {
  return (place, input) => {
    for (const name of texts(input['AlarmNames'])) {
      const alarm = store.find(place, name);
      if (alarm) alarm.actionsEnabled = enabled;
    }
    return {};
  };
}

/** CloudWatch's operations on alarms. */
export function alarmOperations(store: AlarmStore, clock: Clock): Record<string, MonitoringOperation> {
  return {
    PutMetricAlarm: (place, input) => {
      const before = store.find(place, text(input['AlarmName']) ?? '');
      store.put(place, readAlarm(input, before, clock.now()));
      return {};
    },
    DescribeAlarms: describeAlarms(store),
    SetAlarmState: (place, input) => {
      const state = required(text(input['StateValue']), 'StateValue');
      if (!STATES.includes(state)) throw refused('ValidationError', `StateValue must be one of ${STATES.join(', ')}.`);
      const reason = required(text(input['StateReason']), 'StateReason');
      const name = required(text(input['AlarmName']), 'AlarmName');
      store.set(place, name, state as Alarm['state'], reason, text(input['StateReasonData']));
      return {};
    },
    DeleteAlarms: (place, input) => {
      const names = texts(input['AlarmNames']);
      const unknown = names.filter((name) => !store.find(place, name));
      if (unknown.length > 0 && names.length === 1)
        throw refused('ResourceNotFound', `Unable to find alarm with name: ${unknown[0]}`, 404);
      for (const name of names) store.delete(place, name);
      return {};
    },
    EnableAlarmActions: switchActions(store, true),
    DisableAlarmActions: switchActions(store, false),
    ListTagsForResource: (place, input) => {
      const name = text(input['ResourceARN'])?.split(':alarm:')[1] ?? '';
      const tags = store.find(place, name)?.tags ?? {};
      return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    },
  };
}
