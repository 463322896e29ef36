import type { Policy, Rollout, Wish, World } from '../world.js';

/**
 * Flagger: every minute the canary's success rate of the last minute must be at least 99 %. Failures add up and are
 * looked at before the next analysis; no data counts as a failure. Data is ten seconds late.
 */
export interface FlaggerOptions {
  readonly threshold: number;
  readonly stepWeight: number;
  readonly noDataPasses: boolean;
}

const interval = 60;
const maximumWeight = 0.5;
const lag = 10;

export function flagger(code: string, name: string, options: FlaggerOptions): Policy {
  return { code, name, begin: () => new FlaggerRollout(options) };
}

class FlaggerRollout implements Rollout {
  #failed = 0;
  #weight: number;

  constructor(readonly options: FlaggerOptions) {
    this.#weight = options.stepWeight;
  }

  at(seconds: number, world: World): Wish {
    if (seconds === 0 || seconds % interval !== 0) return { weight: this.#weight };
    if (this.#failed >= this.options.threshold) return 'rollback';
    const sum = world.window(seconds - lag - interval, seconds - lag);
    const passes = sum.canaryCount === 0 ? this.options.noDataPasses : 1 - sum.canaryBad / sum.canaryCount >= 0.99;
    if (!passes) this.#failed++;
    else if (this.#weight >= maximumWeight - 1e-9) return 'promote';
    else this.#weight = Math.min(maximumWeight, this.#weight + this.options.stepWeight);
    return { weight: this.#weight };
  }
}
