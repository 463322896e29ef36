import type { Policy, Rollout, Sum, Wish, World } from '../world.js';

/**
 * CodeDeploy with a CloudWatch alarm on the canary's metrics. Periods of a minute, visible a minute after they
 * end; an alarm on a metric this new counts only the data points that exist, so one breaching point can raise it.
 */
/** Periods that the alarm looks back over for data points. */
const lookBack = 5;

export interface AlarmOptions {
  /** Breaching points needed (and points asked for). */
  readonly points: number;
  /** Error share above which a point breaches; 0 means any error. */
  readonly above: number;
  /** Length of a period, which is also how late it is seen; 60 seconds with Lambda's own metrics. */
  readonly periodSeconds?: number;
}

export function codeDeploy(code: string, name: string, schedule: 'canary' | 'linear', alarm: AlarmOptions): Policy {
  return { code, name, begin: () => new CodeDeployRollout(schedule, alarm) };
}

class CodeDeployRollout implements Rollout {
  constructor(
    readonly schedule: 'canary' | 'linear',
    readonly alarm: AlarmOptions,
  ) {}

  get #period(): number {
    return this.alarm.periodSeconds ?? 60;
  }

  at(seconds: number, world: World): Wish {
    const periodEnds = (seconds + world.phase) % this.#period === 0;
    if (seconds > 0 && periodEnds && this.#inAlarm(seconds, world)) return 'rollback';
    if (this.schedule === 'canary') return seconds >= 300 ? 'promote' : { weight: 0.1 };
    const step = Math.floor(seconds / 60) + 1;
    return step >= 10 ? 'promote' : { weight: step / 10 };
  }

  #inAlarm(seconds: number, world: World): boolean {
    const points: boolean[] = [];
    for (let back = 0; back < lookBack && points.length < this.alarm.points; back++) {
      const end = seconds - this.#period - back * this.#period;
      if (end <= 0) break;
      const sum = world.window(end - this.#period, end);
      if (sum.canaryCount > 0) points.push(this.#breaches(sum));
    }
    return points.length > 0 && points.every(Boolean);
  }

  #breaches(sum: Sum): boolean {
    return sum.canaryBad / sum.canaryCount > this.alarm.above;
  }
}
