import type { Policy, Rollout, Sum, Wish, World } from '../world.js';

/**
 * A GrowthBook-style safe rollout: 1/5/10/25/50 % in seven and a half minutes, 50 % until half an hour, its asymptotic
 * confidence sequence looked at every minute on data ten seconds late; still undecided means ship. `repaired` keeps
 * the variance above zero, so that a total failure against a clean stable version is seen.
 */
const steps = [0.01, 0.05, 0.1, 0.25, 0.5];
const stepSeconds = 90;
const shipAfter = 1800;
const lag = 10;
const alpha = 0.05;
const tuning = 5000;

export function growthBook(code: string, name: string, repaired: boolean): Policy {
  return { code, name, begin: () => new GrowthBookRollout(repaired) };
}

class GrowthBookRollout implements Rollout {
  constructor(readonly repaired: boolean) {}

  at(seconds: number, world: World): Wish {
    if (seconds > 0 && seconds % 60 === 0 && lowerBound(world.window(0, seconds - lag), this.repaired) > 0) {
      return 'rollback';
    }
    if (seconds >= shipAfter) return 'promote';
    return { weight: steps[Math.min(steps.length - 1, Math.floor(seconds / stepSeconds))] ?? 0.5 };
  }
}

/** Lower end of the confidence sequence for canary rate minus stable rate. */
export function lowerBound(sum: Sum, repaired: boolean, odds = alpha): number {
  const { stableCount, stableBad, canaryCount, canaryBad } = sum;
  if (stableCount === 0 || canaryCount === 0) return -1;
  const spread = (bad: number, count: number) => {
    const rate = repaired ? (bad + 0.5) / (count + 1) : bad / count;
    return (rate * (1 - rate)) / count;
  };
  const variance = spread(stableBad, stableCount) + spread(canaryBad, canaryCount);
  if (variance === 0) return -1;
  const n = stableCount + canaryCount;
  const logAlpha = -2 * Math.log(odds);
  const rho = (logAlpha + Math.log(logAlpha + 1)) / tuning;
  const scale = ((2 * (n * rho + 1)) / (n * n * rho)) * Math.log(Math.sqrt(n * rho + 1) / odds);
  return canaryBad / canaryCount - stableBad / stableCount - Math.sqrt(variance * n * scale);
}
