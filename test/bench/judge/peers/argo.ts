import type { Policy, Rollout, Wish, World } from '../world.js';

/**
 * Argo Rollouts with a background analysis: weights 20/40/60/80, a pause at each, the success rate of the last window
 * measured at an interval; more than `failureLimit` bad measurements abort. A window without data is passed over,
 * which is kinder than Argo's own error limit. Data is ten seconds late.
 */
export interface ArgoOptions {
  readonly pauseSeconds: number;
  readonly intervalSeconds: number;
  readonly successRate: number;
  readonly failureLimit: number;
}

const weights = [0.2, 0.4, 0.6, 0.8];
const lag = 10;

export function argo(code: string, name: string, options: ArgoOptions): Policy {
  return { code, name, begin: () => new ArgoRollout(options) };
}

class ArgoRollout implements Rollout {
  #failed = 0;

  constructor(readonly options: ArgoOptions) {}

  at(seconds: number, world: World): Wish {
    const { pauseSeconds, intervalSeconds, successRate, failureLimit } = this.options;
    if (seconds > 0 && seconds % intervalSeconds === 0) {
      const sum = world.window(seconds - lag - intervalSeconds, seconds - lag);
      if (sum.canaryCount > 0 && 1 - sum.canaryBad / sum.canaryCount < successRate) this.#failed++;
      if (this.#failed > failureLimit) return 'rollback';
    }
    const weight = weights[Math.floor(seconds / pauseSeconds)];
    return weight === undefined ? 'promote' : { weight };
  }
}
