import { short, table } from '../judge/table.js';
import type { Figures, Scenario } from './rollouts.js';

const of = (figures: readonly Figures[], name: Scenario['name']) =>
  figures.filter(({ scenario }) => scenario.name === name).sort((a, b) => a.scenario.seed - b.scenario.seed);

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
    : (sorted[Math.floor(middle)] ?? 0);
}

const WAYS = ['aws', 'atOnce', 'sameData'] as const;
type Way = (typeof WAYS)[number];

interface Comparison {
  readonly ours: number;
  readonly fixed: Readonly<Record<Way, number>>;
  /** Median harm of the fixed strategy over the median of ours. */
  readonly ratio: Readonly<Record<Way, number>>;
}

export function compare(bad: readonly Figures[]): Comparison {
  const ours = median(bad.map(({ harmed }) => harmed));
  const by = <T>(make: (way: Way) => T) => Object.fromEntries(WAYS.map((way) => [way, make(way)])) as Record<Way, T>;
  const fixed = by((way) => median(bad.flatMap((one) => (one.fixed ? [one.fixed[way].harmed] : []))));
  return { ours, fixed, ratio: by((way) => fixed[way] / Math.max(1, ours)) };
}

const SAYS = `What is measured: the standalone as "npm start" runs it (API, worker, database, emulator), in real time, with its
own ten-second metrics, the settings of the demo's target and the default strategy. Requests harmed are canary requests
that failed, counted from the emulator's own answer to each request.
What is replayed: CodeDeploy's Canary10Percent5Minutes with AWS's sample alarm (Errors, Sum > 0, two periods of 60 s,
ExecutedVersion), on the same stream of requests with the same outcome for each, from the moment of our own first weight.
  on AWS      its minute is published 60 s after it ends (assumed, as in npm run bench:judge); CodeDeploy acts at once
  at once     the same, if the minute were published the moment it ends
  same data   an alarm on the ten-second data the judge has, five seconds late; CloudWatch does not offer it for Lambda`;

export function reportOf(figures: readonly Figures[], requestsPerSecond: number): string {
  const bad = of(figures, 'bad');
  const { ours, fixed, ratio } = compare(bad);
  const rows = bad.map((one) => [
    `seed ${one.scenario.seed}`,
    String(one.harmed),
    `${one.seconds.toFixed(0)} s`,
    ...WAYS.map((way) => String(one.fixed?.[way].harmed ?? '-')),
  ]);
  const header = ['v3-bad, requests harmed', 'Sluice', 'put back', 'on AWS', 'at once', 'same data'];
  const middle = ['median', short(ours), '', ...WAYS.map((way) => short(fixed[way]))];
  const fewer = ['fewer by', '', '', ...WAYS.map((way) => `${ratio[way].toFixed(1)} x`)];
  const rest = figures.filter(({ scenario }) => scenario.name !== 'bad');
  const others = rest
    .sort((a, b) => a.scenario.name.localeCompare(b.scenario.name) || a.scenario.seed - b.scenario.seed)
    .map((one) => [
      `${one.scenario.name} ${one.scenario.seed}`,
      one.end,
      `${one.seconds.toFixed(0)} s`,
      `${one.harmed} of ${one.canaryRequests}`,
      one.sentence,
    ]);
  return [
    SAYS,
    '',
    `${requestsPerSecond} requests a second, ${bad.length} seeds`,
    '',
    table(header, [...rows, middle, fewer]),
    '',
    table(['others', 'end', 'after', 'canary failed', 'in words'], others),
    '',
  ].join('\n');
}

interface Goal {
  readonly goal: string;
  readonly holds: boolean;
  readonly measured: string;
}

export function goalsOf(figures: readonly Figures[]): Goal[] {
  const bad = of(figures, 'bad');
  const { ratio, ours, fixed } = compare(bad);
  const ends = (name: Scenario['name'], end: Figures['end']) => {
    const runs = of(figures, name);
    return { count: runs.filter((one) => one.end === end).length, all: runs.length };
  };
  const every = (goal: string, { count, all }: { count: number; all: number }): Goal => ({
    goal,
    holds: count === all && all > 0,
    measured: `${count} of ${all}`,
  });
  const slow = of(figures, 'slow');
  const byLatency = slow.filter((one) => one.end === 'rolled_back' && /slower than/.test(one.sentence)).length;
  const kept = of(figures, 'incident').filter((one) => one.end !== 'rolled_back').length;
  const dropped = figures.reduce((sum, one) => sum + one.dropped, 0);
  const mispredicted = figures.reduce((sum, one) => sum + one.mispredicted, 0);
  return [
    every('every bad version is rolled back', ends('bad', 'rolled_back')),
    {
      goal: 'harm under a tenth of the fixed strategy with the sample alarm',
      holds: ratio.aws > 10,
      measured: `${short(ours)} against ${short(fixed.aws)}, ${ratio.aws.toFixed(1)} x (same data ${ratio.sameData.toFixed(1)} x)`,
    },
    every('every slow version is rolled back by its latency', { count: byLatency, all: slow.length }),
    every('no good version is rolled back for an outage that both share', {
      count: kept,
      all: of(figures, 'incident').length,
    }),
    every('every good version gets all traffic', ends('good', 'succeeded')),
    { goal: 'no request was dropped by this machine', holds: dropped === 0, measured: `${dropped} dropped` },
    {
      goal: 'every canary request ended as the replay says it would',
      holds: mispredicted === 0,
      measured: `${mispredicted} did not`,
    },
  ];
}
