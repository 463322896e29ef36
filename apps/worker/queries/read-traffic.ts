import { LATEST } from '#rollout';
import type { TargetRow } from '#store';
import { measuringOf } from '../evidence.js';
import type { WorkerParts } from '../parts.js';

export interface Traffic {
  readonly requestsPerSecond: number;
  /** Fraction of invocations that failed; 0 without any. */
  readonly errorRate: number;
  /** How much of the past these numbers are about; with no traffic, how much was looked at. */
  readonly overSeconds: number;
}

/** CloudWatch keeps two weeks at hand: quarters of an hour, so that one answer holds them. */
const LONG_PERIOD_SECONDS = 900;
const LONG_PERIODS = 1_344;

/** Other sources are asked for as much as a baseline needs: three hours of minutes, ten minutes of anything finer. */
const PERIODS = 180;
const FAST_PERIODS = 60;

/** What a version has served lately, from where the target is measured: for forecasts, which decide nothing. */
export async function readTraffic(
  parts: WorkerParts,
  target: TargetRow,
  version: string,
  toMs: number,
): Promise<{ ok: true; value: Traffic } | { ok: false; reason: string }> {
  const measuring = measuringOf(parts, target);
  const fast = measuring.periodSeconds < 60;
  const long = measuring.keepsWeeks && !fast;
  const periodSeconds = long ? LONG_PERIOD_SECONDS : measuring.periodSeconds;
  const periods = long ? LONG_PERIODS : fast ? FAST_PERIODS : PERIODS;
  const { accountId, region, functionName, aliasName } = target;
  const place = { accountId, region, functionName, alias: aliasName, stableVersion: version, canaryVersion: LATEST };
  const fromMs = toMs - periods * periodSeconds * 1000;
  const reading = await measuring.source.read({ ...place, fromMs, toMs, periodSeconds, weightPercent: 0 });
  if (!reading.ok) return reading;
  const seen = reading.blocks.map((block) => block.stable);
  const first = seen.findIndex(({ invocations }) => invocations > 0);
  if (first < 0)
    return { ok: true, value: { requestsPerSecond: 0, errorRate: 0, overSeconds: seen.length * periodSeconds } };
  const used = seen.slice(first);
  const invocations = sum(used.map((counts) => counts.invocations));
  const errors = sum(used.map((counts) => counts.errors));
  const overSeconds = used.length * periodSeconds;
  return {
    ok: true,
    value: { requestsPerSecond: invocations / overSeconds, errorRate: errors / invocations, overSeconds },
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
