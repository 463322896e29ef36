import { refused } from '../cloudwatch/errors.js';
import { flag, type Input, list, number, text, texts } from '../cloudwatch/input.js';
import { type Place, partitionOf } from '../lambda/names.js';
import type { MonitoringOperation } from '../wire/monitoring-front.js';
import { BadPattern, compileFilter } from './filter-pattern.js';
import type { LogEvent, LogGroup, LogStore, LogStream } from './log-store.js';

const PAGE = 10_000;

const noGroup = () => refused('ResourceNotFoundException', 'The specified log group does not exist.');

function groupOf(store: LogStore, place: Place, input: Input): LogGroup {
  const identifier = text(input['logGroupIdentifier'])
    ?.replace(/^arn:.*:log-group:/, '')
    .replace(/:\*$/, '');
  const group = store.group(place, text(input['logGroupName']) ?? identifier ?? '');
  if (!group) throw noGroup();
  return group;
}

function streamOf(group: LogGroup, input: Input): LogStream {
  const stream = group.streams.get(text(input['logStreamName']) ?? '');
  if (!stream) throw refused('ResourceNotFoundException', 'The specified log stream does not exist.');
  return stream;
}

function within(input: Input): (event: LogEvent) => boolean {
  const from = number(input['startTime']) ?? Number.NEGATIVE_INFINITY;
  const to = number(input['endTime']) ?? Number.POSITIVE_INFINITY;
  return (event) => event.timestamp >= from && event.timestamp <= to;
}

function filterLogEvents(store: LogStore): MonitoringOperation {
  return (place, input) => {
    const group = groupOf(store, place, input);
    const names = texts(input['logStreamNames']);
    const prefix = text(input['logStreamNamePrefix']) ?? '';
    const matches = filterOf(text(input['filterPattern']));
    const timely = within(input);
    const after = number(text(input['nextToken'])) ?? 0;
    const limit = Math.min(number(input['limit']) ?? PAGE, PAGE);
    const found: { stream: LogStream; event: LogEvent }[] = [];
    for (const stream of group.streams.values()) {
      if (names.length > 0 ? !names.includes(stream.name) : !stream.name.startsWith(prefix)) continue;
      for (const event of stream.events)
        if (event.sequence > after && timely(event) && matches(event.message.trimEnd())) found.push({ stream, event });
    }
    found.sort((a, b) => a.event.sequence - b.event.sequence);
    const page = found.slice(0, limit);
    return {
      events: page.map(({ stream, event }) => ({
        logStreamName: stream.name,
        timestamp: event.timestamp,
        message: event.message,
        ingestionTime: event.timestamp,
        eventId: String(event.sequence).padStart(56, '0'),
      })),
      searchedLogStreams: [],
      nextToken: found.length > limit ? String(page[page.length - 1]?.event.sequence) : undefined,
    };
  };
}

function filterOf(pattern: string | undefined) {
  try {
    return compileFilter(pattern);
  } catch (error) {
    if (error instanceof BadPattern) throw refused('InvalidParameterException', error.message);
    throw error;
  }
}

/** Tokens name the sequence next to the page: `f/` reads on after it, `b/` reads back before it. */
function getLogEvents(store: LogStore): MonitoringOperation {
  return (place, input) => {
    const stream = streamOf(groupOf(store, place, input), input);
    const timely = within(input);
    const limit = Math.min(number(input['limit']) ?? PAGE, PAGE);
    const [direction, bound] = text(input['nextToken'])?.split('/') ?? [];
    let events = stream.events.filter(timely);
    const forward = direction === undefined ? (flag(input['startFromHead']) ?? false) : direction === 'f';
    if (direction === 'f') events = events.filter((event) => event.sequence > Number(bound));
    if (direction === 'b') events = events.filter((event) => event.sequence < Number(bound));
    const page = forward ? events.slice(0, limit) : events.slice(-limit);
    const first = page[0]?.sequence ?? Number(bound ?? 0);
    const last = page[page.length - 1]?.sequence ?? Number(bound ?? 0);
    return {
      events: page.map(({ timestamp, message }) => ({ timestamp, message, ingestionTime: timestamp })),
      nextForwardToken: `f/${last}`,
      nextBackwardToken: `b/${first}`,
    };
  };
}

function groupArn(place: Place, group: LogGroup): string {
  return `arn:${partitionOf(place.region)}:logs:${place.region}:${place.account}:log-group:${group.name}`;
}

function describeLogStreams(store: LogStore): MonitoringOperation {
  return (place, input) => {
    const group = groupOf(store, place, input);
    const prefix = text(input['logStreamNamePrefix']) ?? '';
    const byTime = text(input['orderBy']) === 'LastEventTime';
    const limit = number(input['limit']) ?? 50;
    const start = number(text(input['nextToken'])) ?? 0;
    const all = [...group.streams.values()].filter((stream) => stream.name.startsWith(prefix));
    all.sort((a, b) => (byTime ? (a.lastAt ?? 0) - (b.lastAt ?? 0) : a.name < b.name ? -1 : 1));
    if (flag(input['descending'])) all.reverse();
    return {
      logStreams: all.slice(start, start + limit).map((stream) => ({
        logStreamName: stream.name,
        creationTime: stream.createdAt,
        firstEventTimestamp: stream.firstAt,
        lastEventTimestamp: stream.lastAt,
        lastIngestionTime: stream.lastAt,
        uploadSequenceToken: String(stream.events[stream.events.length - 1]?.sequence ?? 0),
        arn: `${groupArn(place, group)}:log-stream:${stream.name}`,
        storedBytes: 0,
      })),
      nextToken: start + limit < all.length ? String(start + limit) : undefined,
    };
  };
}

function describeLogGroups(store: LogStore): MonitoringOperation {
  return (place, input) => {
    const prefix = text(input['logGroupNamePrefix']) ?? '';
    const limit = number(input['limit']) ?? 50;
    const start = number(text(input['nextToken'])) ?? 0;
    const all = store
      .groupsOf(place)
      .filter((group) => group.name.startsWith(prefix))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      logGroups: all.slice(start, start + limit).map((group) => ({
        logGroupName: group.name,
        creationTime: group.createdAt,
        retentionInDays: group.retentionInDays,
        metricFilterCount: 0,
        arn: `${groupArn(place, group)}:*`,
        logGroupArn: groupArn(place, group),
        logGroupClass: 'STANDARD',
        storedBytes: 0,
      })),
      nextToken: start + limit < all.length ? String(start + limit) : undefined,
    };
  };
}

function putLogEvents(store: LogStore): MonitoringOperation {
  return (place, input) => {
    const group = groupOf(store, place, input);
    const stream = streamOf(group, input);
    store.append(
      place,
      group.name,
      stream.name,
      list(input['logEvents']).map((event) => String(event['message'])),
    );
    return { nextSequenceToken: String(stream.events.length) };
  };
}

/** CloudWatch Logs over the functions' logs. */
export function logOperations(store: LogStore): Record<string, MonitoringOperation> {
  const name = (input: Input) => text(input['logGroupName']) ?? '';
  return {
    FilterLogEvents: filterLogEvents(store),
    GetLogEvents: getLogEvents(store),
    DescribeLogStreams: describeLogStreams(store),
    DescribeLogGroups: describeLogGroups(store),
    PutLogEvents: putLogEvents(store),
    CreateLogGroup: (place, input) => {
      if (store.group(place, name(input)))
        throw refused('ResourceAlreadyExistsException', 'The specified log group already exists');
      store.ensureGroup(place, name(input));
      return {};
    },
    CreateLogStream: (place, input) => {
      store.ensureStream(groupOf(store, place, input), text(input['logStreamName']) ?? '');
      return {};
    },
    DeleteLogGroup: (place, input) => {
      if (!store.deleteGroup(place, name(input))) throw noGroup();
      return {};
    },
    PutRetentionPolicy: (place, input) => {
      groupOf(store, place, input).retentionInDays = number(input['retentionInDays']);
      return {};
    },
    DeleteRetentionPolicy: (place, input) => {
      groupOf(store, place, input).retentionInDays = undefined;
      return {};
    },
    ListTagsForResource: () => ({ tags: {} }),
    ListTagsLogGroup: () => ({ tags: {} }),
  };
}
