import { dispersion } from '#analysis';
import { Random } from './random.js';
import type { Scenario } from './world.js';

/** The cells of the benchmark: five levels of traffic, thirteen bad canaries and three good ones. */
export const trafficLevels = [0.1, 1, 10, 100, 1000] as const;

export const badPairs: readonly (readonly [number, number])[] = [
  [0, 0.01],
  [0, 0.05],
  [0, 0.5],
  [0, 1],
  [0.001, 0.002],
  [0.001, 0.011],
  [0.001, 0.051],
  [0.001, 0.5],
  [0.001, 1],
  [0.01, 0.02],
  [0.01, 0.06],
  [0.01, 0.5],
  [0.01, 1],
];

export const goodRates = [0, 0.001, 0.01] as const;

export interface Cell extends Scenario {
  readonly label: string;
  readonly stableRate: number;
  readonly canaryRate: number;
  /** What the week before says about clumping; measured once, as the worker would. */
  readonly dispersion: number;
}

export function scenarioCell(
  label: string,
  rps: number,
  stableRate: number,
  canaryRate: number,
  more: Partial<Scenario> = {},
): Cell {
  const clump = more.clump ?? 1;
  const historyRate = more.historyRate ?? stableRate;
  return {
    label,
    rps,
    stableRate,
    canaryRate,
    clump,
    historyRate,
    rates: more.rates ?? (() => [stableRate, canaryRate]),
    ...(more.slow && { slow: more.slow }),
    dispersion: weekDispersion(rps, historyRate, clump),
  };
}

const minutesAWeek = 7 * 24 * 60;

function weekDispersion(rps: number, rate: number, clump: number): number {
  const random = new Random(20_000 + clump);
  const mean = (rps * 60 * rate) / clump;
  return dispersion(Array.from({ length: minutesAWeek }, () => clump * random.poisson(mean)));
}

export const badCells: readonly Cell[] = trafficLevels.flatMap((rps) =>
  badPairs.map(([from, to]) => scenarioCell(`${percent(from)} -> ${percent(to)}`, rps, from, to)),
);

export const goodCells: readonly Cell[] = trafficLevels.flatMap((rps) =>
  goodRates.map((rate) => scenarioCell(`good at ${percent(rate)}`, rps, rate, rate)),
);

function percent(rate: number): string {
  return `${Number((rate * 100).toFixed(3))} %`;
}

/** A good canary while something happens to both versions, or whose errors come in clumps. */
export const stressCells: readonly Cell[] = trafficLevels.flatMap((rps) => [
  scenarioCell('shared incident 5 %, 3 min', rps, 0.001, 0.001, { rates: during(120, 300, 0.05, 0.001) }),
  scenarioCell('shared incident 30 %, 3 min', rps, 0.001, 0.001, { rates: during(120, 300, 0.3, 0.001) }),
  scenarioCell('shared drift x4 in 10 min', rps, 0.005, 0.005, { rates: drifting(0.005, 4, 600) }),
  scenarioCell('clumps of 5', rps, 0.005, 0.005, { clump: 5 }),
  scenarioCell('clumps of 20', rps, 0.005, 0.005, { clump: 20 }),
]);

/** Canaries that turn bad after a while. */
export const lateCells: readonly Cell[] = trafficLevels.flatMap((rps) => [
  scenarioCell('turns 50 % bad at 3 min', rps, 0.001, 0.5, { rates: (at) => [0.001, at >= 180 ? 0.5 : 0.001] }),
  scenarioCell('turns 50 % bad at 8 min', rps, 0.001, 0.5, { rates: (at) => [0.001, at >= 480 ? 0.5 : 0.001] }),
]);

function during(from: number, to: number, inside: number, outside: number): Scenario['rates'] {
  return (at) => (at >= from && at < to ? [inside, inside] : [outside, outside]);
}

function drifting(from: number, factor: number, seconds: number): Scenario['rates'] {
  return (at) => {
    const rate = from * (1 + (factor - 1) * Math.min(1, at / seconds));
    return [rate, rate];
  };
}

/** Bad canaries like those of the demo, at its traffic and above. */
export const demoCells: readonly Cell[] = [20, 50].flatMap((rps) => [
  scenarioCell('0.5 % -> 30 %', rps, 0.005, 0.3),
  scenarioCell('0.5 % -> 100 %', rps, 0.005, 1),
]);
