import { type Cell, scenarioCell } from './cells.js';
import { codeDeploy } from './peers/codedeploy.js';
import { flagger } from './peers/flagger.js';
import { ours } from './policies.js';
import { type CellResult, simulate } from './simulate.js';
import type { Policy } from './world.js';

/**
 * Slow canaries in a rollout: durations log-normal around 100 ms, no errors. Each policy sees the share of requests
 * above its own limits: ours the three frozen thresholds, an alarm on the p99 whether more than 1 % lie above it.
 */
const sigma = 0.5;
const thresholdsMs = [0, 1.2815515655446004, 2.3263478740408408].map((z) => 100 * Math.exp(sigma * z));
const alarmMs = 1.5 * (thresholdsMs[2] ?? 0);
const flaggerMs = 500;

interface Slowdown {
  readonly label: string;
  readonly factor: number;
  /** Share of requests that take two seconds more. */
  readonly stuck: number;
}

const slowdowns: readonly Slowdown[] = [
  { label: 'as before', factor: 1, stuck: 0 },
  { label: '+25 %', factor: 1.25, stuck: 0 },
  { label: '+50 %', factor: 1.5, stuck: 0 },
  { label: 'x2', factor: 2, stuck: 0 },
  { label: '2 % +2 s', factor: 1, stuck: 0.02 },
];

/** Share of requests slower than `limitMs`. */
function slower(limitMs: number, { factor, stuck }: Slowdown): number {
  const tail = upperTail(Math.log(limitMs / (100 * factor)) / sigma);
  return stuck + (1 - stuck) * tail;
}

/** Upper tail of the standard normal, by numerical integration. */
function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const steps = 2000;
  const width = 10 / steps;
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const x = z + (step + 0.5) * width;
    sum += Math.exp((-x * x) / 2) * width;
  }
  return sum / Math.sqrt(2 * Math.PI);
}

const before: Slowdown = { label: 'before', factor: 1, stuck: 0 };

function cellFor(rps: number, slowdown: Slowdown, limitMs: number | null): Cell {
  if (limitMs !== null) return scenarioCell(slowdown.label, rps, slower(limitMs, before), slower(limitMs, slowdown));
  const slow = {
    stable: thresholdsMs.map((limit) => slower(limit, before)),
    canary: thresholdsMs.map((limit) => slower(limit, slowdown)),
  };
  return scenarioCell(slowdown.label, rps, 0.0005, 0.0005, { slow });
}

/** Each with the limit its question is about; none for the three thresholds. */
const contestants: readonly (readonly [Policy, number | null])[] = [
  [codeDeploy('p99', 'CodeDeploy, p99 > 1.5 x before, 2 of 2', 'canary', { points: 2, above: 0.01 }), alarmMs],
  [flagger('p99', 'Flagger, p99 <= 500 ms', { threshold: 5, stepWeight: 0.1, noDataPasses: false }), flaggerMs],
  ...ours.filter((policy) => ['g3', 'g4'].includes(policy.code)).map((policy) => [policy, null] as const),
];

export interface LatencyRollouts {
  readonly name: string;
  readonly cells: readonly CellResult[];
}

export const latencyLevels = [1, 10, 100, 1000] as const;

export function latencyRollouts(runs: number, seed: number): LatencyRollouts[] {
  return contestants.map(([policy, limitMs]) => ({
    name: policy.name,
    cells: latencyLevels.flatMap((rps) =>
      slowdowns.map((slowdown) => simulate(policy, cellFor(rps, slowdown, limitMs), runs, seed)),
    ),
  }));
}
