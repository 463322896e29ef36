import { Random } from '../judge/random.js';

/**
 * CodeDeploy's `Canary10Percent5Minutes` with the alarm of AWS's own sample template, on a recorded stream of requests:
 * `Errors`, `Sum` > 0, two evaluation periods, on the dimension ExecutedVersion. A new version's metric has no older data
 * points, and missing ones are not counted, so that one breaching point alone raises the alarm. CodeDeploy is taken to
 * act the moment the alarm is red, which flatters it.
 */
export interface AlarmSettings {
  readonly periodMs: number;
  /** How long after its end a period is published. */
  readonly publishedAfterMs: number;
}

/** AWS: Lambda's metrics have one-minute periods; they are taken to appear a minute after they end. */
export const asOnAws: AlarmSettings = { periodMs: 60_000, publishedAfterMs: 60_000 };
/** The same alarm, if CloudWatch published the minute the moment it ends. */
export const publishedAtOnce: AlarmSettings = { periodMs: 60_000, publishedAfterMs: 0 };
/** What CloudWatch does not offer for Lambda: the very data the judge has. */
export const onOurData: AlarmSettings = { periodMs: 10_000, publishedAfterMs: 5_000 };

/** A request of the stream: when it comes, and whether it would fail on the canary. */
export interface Coming {
  readonly atMs: number;
  readonly failsOnCanary: boolean;
}

const CANARY_SHARE = 0.1;
const CANARY_MS = 300_000;

export interface Replayed {
  /** Requests that the canary failed. */
  readonly harmed: number;
  /** When the alarm stopped it, milliseconds after the start; null when it was promoted. */
  readonly stoppedAfterMs: number | null;
}

/** Walks the stream from `startMs` on; after a promotion every request is the canary's until the stream ends. */
export function replayCodeDeploy(
  stream: readonly Coming[],
  startMs: number,
  alarm: AlarmSettings,
  seed: number,
): Replayed {
  const random = new Random(seed);
  let harmed = 0;
  /** When the first period with an error is published: the alarm needs no second one. */
  let redAtMs = Number.POSITIVE_INFINITY;
  for (const { atMs, failsOnCanary } of stream) {
    if (atMs < startMs) continue;
    // An alarm is watched only while the deployment runs.
    if (redAtMs <= Math.min(atMs, startMs + CANARY_MS)) return { harmed, stoppedAfterMs: redAtMs - startMs };
    const onCanary = atMs >= startMs + CANARY_MS || random.next() < CANARY_SHARE;
    if (!onCanary || !failsOnCanary) continue;
    harmed += 1;
    const periodEndMs = (Math.floor(atMs / alarm.periodMs) + 1) * alarm.periodMs;
    redAtMs = Math.min(redAtMs, periodEndMs + alarm.publishedAfterMs);
  }
  return { harmed, stoppedAfterMs: null };
}
