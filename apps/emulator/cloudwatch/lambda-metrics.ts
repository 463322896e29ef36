import type { Clock } from '../clock.js';
import { placeOf } from '../lambda/describe.js';
import type { Place } from '../lambda/names.js';
import type { Execution } from '../runtime/invoker.js';
import { type MetricStore, Statistic } from './metric-store.js';

/** What happened to one resource within one moment of recording: expanded into metrics when it is published. */
interface Tally {
  place: Place;
  dimensionSets: Record<string, string>[];
  /** Bucket start → the values of the invocations that began in it. */
  buckets: Map<number, Bucket>;
}

interface Bucket {
  ran: number;
  failed: number;
  throttled: number;
  duration: Statistic;
  concurrency: Statistic;
}

/** How finely recordings are grouped before publication: the delay is kept to within this. */
const SLOT_MS = 250;

/** Lambda's own metrics: invocations are counted where they began, under each set of dimensions that AWS offers. */
export class LambdaMetrics {
  private slot: { startedAt: number; tallies: Map<string, Tally> } | undefined;

  constructor(
    private readonly store: MetricStore,
    private readonly clock: Clock,
  ) {}

  ran(execution: Execution, startedAt: number, durationMs: number, failed: boolean, concurrency: number): void {
    const bucket = this.bucket(execution, startedAt);
    bucket.ran += 1;
    if (failed) bucket.failed += 1;
    bucket.duration.add(durationMs);
    bucket.concurrency.add(concurrency);
  }

  throttled(execution: Execution, startedAt: number): void {
    this.bucket(execution, startedAt).throttled += 1;
  }

  private bucket(execution: Execution, startedAt: number): Bucket {
    const now = this.clock.now();
    if (!this.slot || now - this.slot.startedAt >= SLOT_MS) this.slot = this.openSlot(now);
    const { fn, qualifier, version } = execution;
    const key = `${fn.account}/${fn.region}/${fn.name}:${qualifier ?? ''}>${version.version}`;
    let tally = this.slot.tallies.get(key);
    if (!tally) {
      tally = { place: placeOf(fn), dimensionSets: dimensionSets(execution), buckets: new Map() };
      this.slot.tallies.set(key, tally);
    }
    const width = this.store.settings.resolutionSeconds * 1000;
    const start = Math.floor(startedAt / width) * width;
    let bucket = tally.buckets.get(start);
    if (!bucket) {
      bucket = { ran: 0, failed: 0, throttled: 0, duration: new Statistic(), concurrency: new Statistic() };
      tally.buckets.set(start, bucket);
    }
    return bucket;
  }

  private openSlot(now: number) {
    const slot = { startedAt: now, tallies: new Map<string, Tally>() };
    this.store.later(() => {
      if (this.slot === slot) this.slot = undefined;
      for (const tally of slot.tallies.values()) this.publish(tally);
    });
    return slot;
  }

  private publish(tally: Tally): void {
    for (const dimensions of tally.dimensionSets)
      for (const [start, bucket] of tally.buckets) {
        const of = (name: string, unit: string) =>
          this.store.statistic(tally.place, { namespace: 'AWS/Lambda', name, dimensions }, start, unit);
        const attempts = bucket.ran + bucket.throttled;
        if (bucket.ran > 0) {
          of('Invocations', 'Count').add(1, bucket.ran);
          if (bucket.failed > 0) of('Errors', 'Count').add(1, bucket.failed);
          if (bucket.ran > bucket.failed) of('Errors', 'Count').add(0, bucket.ran - bucket.failed);
          of('Duration', 'Milliseconds').merge(bucket.duration);
          of('ConcurrentExecutions', 'Count').merge(bucket.concurrency);
        }
        if (bucket.throttled > 0) of('Throttles', 'Count').add(1, bucket.throttled);
        if (attempts > bucket.throttled) of('Throttles', 'Count').add(0, attempts - bucket.throttled);
      }
  }
}

/** By function, by resource, and for aliases also by the version that answered; and once without any dimension. */
function dimensionSets({ fn, qualifier, version }: Execution): Record<string, string>[] {
  const FunctionName = fn.name;
  const Resource = qualifier === undefined ? fn.name : `${fn.name}:${qualifier}`;
  const sets: Record<string, string>[] = [{}, { FunctionName }, { FunctionName, Resource }];
  if (qualifier !== undefined && qualifier !== version.version)
    sets.push({ FunctionName, Resource, ExecutedVersion: version.version });
  return sets;
}
