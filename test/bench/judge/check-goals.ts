import type { CountsRow, LatencyRow } from './efficiency.js';
import {
  type Goal,
  geometricMean,
  isLarge,
  missed,
  type PolicyResult,
  ratiosToBestPeer,
  secondsLost,
} from './goals.js';
import type { CellResult } from './simulate.js';
import { percentage, short } from './table.js';

/** Everything the goals are measured on. */
export interface Measured {
  readonly peers: readonly PolicyResult[];
  readonly cloudWatch: PolicyResult;
  readonly fast: PolicyResult;
  readonly probes: PolicyResult;
  readonly ours: readonly PolicyResult[];
  readonly counts: readonly CountsRow[];
  readonly latency: readonly LatencyRow[];
}

/** The seven goals and one stretch goal, each with the number wanted and the number measured. */
export function checkGoals(measured: Measured): Goal[] {
  return [
    falseRollbacks(measured),
    stressedFalseRollbacks(measured),
    ...totalFailure(measured),
    meanLoss(measured),
    bestPeer(measured),
    ...speed(measured),
    ...efficiency(measured),
    misses(measured),
    lateOnset(measured),
  ];
}

function falseRollbacks({ ours }: Measured): Goal {
  const worst = Math.max(...ours.flatMap((policy) => policy.good.map((result) => result.rolledBack)));
  return goal('M1 false rollbacks, worst good cell of ours', '<= 0.6 %', `${percentage(worst)} %`, worst <= 0.006);
}

function stressedFalseRollbacks({ ours, peers }: Measured): Goal {
  const busy = (policy: PolicyResult) => policy.stress.filter((result) => result.cell.rps >= 1);
  const worst = Math.max(...ours.flatMap((policy) => busy(policy).map((result) => result.rolledBack)));
  const sample = peers.find((peer) => peer.code === 'a2');
  const theirs = Math.max(0, ...(sample ? [...busy(sample), ...sample.good].map((result) => result.rolledBack) : []));
  return goal(
    'M1 the same under incident, drift, clumps, >= 1 rps',
    '<= 0.6 %',
    `${percentage(worst)} % (AWS sample alarm ${percentage(theirs)} %)`,
    worst <= 0.006,
  );
}

function totalFailure({ peers, cloudWatch, fast, probes }: Measured): Goal[] {
  const sample = peers.find((peer) => peer.code === 'a2');
  const harm = (policy: PolicyResult | undefined, rps: number) => totalFailureAt(policy, rps)?.harmedMean ?? Number.NaN;
  const ratio = (policy: PolicyResult, rps: number, wanted: number, data: string) => {
    const value = harm(sample, rps) / harm(policy, rps);
    const numbers = `${short(value)}x (${short(harm(sample, rps))} against ${short(harm(policy, rps))})`;
    return goal(`M2 total failure at ${rps} rps, ${data}`, `>= ${wanted}x fewer harmed`, numbers, value >= wanted);
  };
  const probed = Math.max(...[10, 100, 1000].map((rps) => harm(probes, rps)));
  return [
    ratio(cloudWatch, 100, 10, 'CloudWatch'),
    ratio(cloudWatch, 1000, 35, 'CloudWatch'),
    ratio(fast, 10, 14, 'fast data'),
    ratio(fast, 100, 50, 'fast data'),
    ratio(fast, 1000, 150, 'fast data'),
    goal('M2 total failure with probes', '0 harmed', short(probed), probed === 0),
  ];
}

/** The cell of a canary that fails every request, against a stable version that fails none. */
export function totalFailureAt(policy: PolicyResult | undefined, rps: number): CellResult | undefined {
  return policy?.bad.find(({ cell }) => cell.rps === rps && cell.stableRate === 0 && cell.canaryRate === 1);
}

function meanLoss({ fast, probes, cloudWatch, peers }: Measured): Goal {
  const best = Math.min(secondsLost(fast.bad), secondsLost(probes.bad));
  const lost = (code: string) => {
    const peer = peers.find((candidate) => candidate.code === code);
    return peer ? secondsLost(peer.bad) : Number.NaN;
  };
  const numbers = `fast ${short(secondsLost(fast.bad))}, probes ${short(secondsLost(probes.bad))}, CloudWatch ${short(secondsLost(cloudWatch.bad))}`;
  const against = `h2 ${short(lost('h2') / best)}x, a4 ${short(lost('a4') / best)}x, b2 ${short(lost('b2') / best)}x`;
  const holds = best <= 8 && lost('h2') >= 3 * best && lost('a4') >= 10 * best && lost('b2') >= 2 * best;
  return goal('M3 mean loss, seconds of full traffic', '<= 8; 3x, 10x, 2x', `${numbers}; ${against}`, holds);
}

function bestPeer({ fast, peers }: Measured): Goal {
  const rows = ratiosToBestPeer(fast, peers);
  const average = geometricMean(rows.map((row) => row.ratio));
  const won = rows.filter((row) => row.ratio >= 1).length;
  return goal(
    'M4 against the best peer of each cell, fast data',
    '>= 2x, >= 52 of 65 cells',
    `${short(average)}x, ${won} of ${rows.length}`,
    average >= 2 && won >= 52,
  );
}

function speed({ fast, cloudWatch }: Measured): Goal[] {
  const slowest = (policy: PolicyResult) =>
    Math.max(
      ...policy.good.filter(({ cell }) => cell.rps >= 100).map((result) => result.most ?? Number.POSITIVE_INFINITY),
    );
  return [
    goal(
      'M5 good canary at 95 %, >= 100 rps, fast data',
      '<= 130 s',
      `${short(slowest(fast))} s`,
      slowest(fast) <= 130,
    ),
    goal('M5 the same on CloudWatch', '<= 300 s', `${short(slowest(cloudWatch))} s`, slowest(cloudWatch) <= 300),
  ];
}

function efficiency({ counts, latency }: Measured): Goal[] {
  const worst = Math.max(...counts.map((row) => row.sluice / row.oracle));
  const small = counts.find((row) => row.label === '0 % -> 5 %');
  const fewer = small ? Math.min(small.growthBook, small.lindonMalek) / small.sluice : Number.NaN;
  const shifts = latency.filter((row) => /^(\+|x)/.test(row.label));
  const shift = Math.min(...shifts.map((row) => row.dkw / row.sluice));
  const tail = latency.find((row) => row.label.startsWith('2 %'));
  return [
    goal('M6 requests against the exact oracle', '<= 1.4x', `${short(worst)}x`, worst <= 1.4),
    goal('M6 0 -> 5 % against GrowthBook and Netflix counts', '>= 3x fewer', `${short(fewer)}x`, fewer >= 3),
    goal('M6 latency shifts against uniform bands', '>= 3x fewer', `${short(shift)}x`, shift >= 3),
    goal(
      'M6 2 % of requests two seconds slower',
      'seen; bands never',
      `${short(tail?.sluice ?? Number.NaN)}; bands ${short(tail?.dkw ?? Number.NaN)}`,
      Number.isFinite(tail?.sluice ?? Number.NaN),
    ),
  ];
}

function misses({ fast, cloudWatch }: Measured): Goal {
  const share = (policy: PolicyResult) => missed(policy.bad.filter(({ cell }) => isLarge(cell)));
  const numbers = `fast ${percentage(share(fast))} %, CloudWatch ${percentage(share(cloudWatch))} %`;
  return goal(
    'M7 missed regressions of 5 points and more',
    '<= 4 %',
    numbers,
    Math.max(share(fast), share(cloudWatch)) <= 0.04,
  );
}

function lateOnset({ fast, cloudWatch }: Measured): Goal {
  const late = (policy: PolicyResult) =>
    policy.late.find(({ cell }) => cell.rps === 1000 && cell.label.includes('8 min'));
  const caught = late(fast)?.rolledBack ?? 0;
  const lost = (late(fast)?.harmedMean ?? Number.NaN) / 1000;
  const other = late(cloudWatch);
  const beside = `CloudWatch ${percentage(other?.rolledBack ?? 0)} %, ${short((other?.harmedMean ?? Number.NaN) / 1000)} s`;
  return goal(
    'M8 turns 50 % bad after 8 min at 1000 rps, fast data',
    '>= 99 % caught, <= 20 s lost',
    `${percentage(caught)} %, ${short(lost)} s; ${beside}`,
    caught >= 0.99 && lost <= 20,
  );
}

function goal(name: string, wanted: string, measured: string, holds: boolean): Goal {
  return { name, wanted, measured, holds };
}
