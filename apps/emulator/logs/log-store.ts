import type { Clock } from '../clock.js';
import type { Place } from '../lambda/names.js';

export interface LogEvent {
  /** Grows by one per event over the whole store: order and identity. */
  sequence: number;
  timestamp: number;
  message: string;
}

export interface LogStream {
  name: string;
  createdAt: number;
  firstAt: number | undefined;
  lastAt: number | undefined;
  events: LogEvent[];
}

export interface LogGroup {
  name: string;
  createdAt: number;
  retentionInDays?: number | undefined;
  streams: Map<string, LogStream>;
}

/** Kept per stream; older events are forgotten, as a retention policy would. */
const EVENTS_KEPT = 20_000;
/** Kept per group: each environment has a stream of its own, and environments come and go. */
const STREAMS_KEPT = 200;

/** The functions' logs, in memory: groups of streams of events. */
export class LogStore {
  private readonly groups = new Map<string, LogGroup>();
  private sequence = 0;

  constructor(private readonly clock: Clock) {}

  append(place: Place, groupName: string, streamName: string, lines: string[]): void {
    const group = this.ensureGroup(place, groupName);
    const stream = this.ensureStream(group, streamName);
    const now = this.clock.now();
    for (const message of lines) {
      this.sequence += 1;
      stream.events.push({ sequence: this.sequence, timestamp: now, message });
    }
    stream.firstAt ??= now;
    stream.lastAt = now;
    if (stream.events.length > EVENTS_KEPT * 1.5) stream.events = stream.events.slice(-EVENTS_KEPT);
  }

  ensureGroup(place: Place, name: string): LogGroup {
    const key = keyOf(place, name);
    let group = this.groups.get(key);
    if (!group) {
      group = { name, createdAt: this.clock.now(), streams: new Map() };
      this.groups.set(key, group);
    }
    return group;
  }

  ensureStream(group: LogGroup, name: string): LogStream {
    let stream = group.streams.get(name);
    if (!stream) {
      stream = { name, createdAt: this.clock.now(), firstAt: undefined, lastAt: undefined, events: [] };
      group.streams.set(name, stream);
      const [oldest] = group.streams.keys();
      if (group.streams.size > STREAMS_KEPT && oldest !== undefined) group.streams.delete(oldest);
    }
    return stream;
  }

  group(place: Place, name: string): LogGroup | undefined {
    return this.groups.get(keyOf(place, name));
  }

  groupsOf(place: Place): LogGroup[] {
    const prefix = keyOf(place, '');
    return [...this.groups].filter(([key]) => key.startsWith(prefix)).map(([, group]) => group);
  }

  deleteGroup(place: Place, name: string): boolean {
    return this.groups.delete(keyOf(place, name));
  }

  reset(): void {
    this.groups.clear();
  }
}

const keyOf = (place: Place, name: string) => `${place.account}/${place.region}/${name}`;
