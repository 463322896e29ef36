import { gammaln } from 'simple-statistics';
import { likelihoodRatio, logEValue, type NullLine, projectOntoNull } from './e-value.js';
import { advanceE, type GateSettings, type GateState, newGate, rollbackE, stepGate } from './gate.js';
import { historyTestE, newHistoryTest, stepHistoryTest } from './history-test.js';
import { rollbackBets } from './process.js';
import { Random } from './random.fixture.js';

/** Probability of `bad` in `count`, by the definition of the binomial distribution. */
function binomialMass(bad: number, count: number, rate: number): number {
  if (rate === 0 || rate === 1) return bad === count * rate ? 1 : 0;
  const choose = gammaln(count + 1) - gammaln(bad + 1) - gammaln(count - bad + 1);
  return Math.exp(choose + bad * Math.log(rate) + (count - bad) * Math.log(1 - rate));
}

/** The e-value of every outcome of a block, for one bet. */
function outcomes(stableCount: number, canaryCount: number, bet: { stable: number; canary: number }, line: NullLine) {
  return Array.from({ length: stableCount + 1 }, (_, stableBad) =>
    Array.from({ length: canaryCount + 1 }, (__, canaryBad) =>
      Math.exp(logEValue({ stableCount, stableBad, canaryCount, canaryBad }, bet, line)),
    ),
  );
}

function masses(count: number, rate: number): number[] {
  return Array.from({ length: count + 1 }, (_, bad) => binomialMass(bad, count, rate));
}

/** Expectation of a block's e-value when the versions really fail at these rates. */
function expectation(eValues: number[][], stableMasses: number[], canaryMasses: number[]): number {
  let total = 0;
  eValues.forEach((row, stableBad) => {
    const inner = row.reduce((sum, value, canaryBad) => sum + value * (canaryMasses[canaryBad] ?? 0), 0);
    total += inner * (stableMasses[stableBad] ?? 0);
  });
  return total;
}

const grid = [0, 0.001, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1];
const arms: [number, number][] = [
  [9, 1],
  [12, 12],
  [3, 17],
  [20, 5],
];

describe('one block, by enumeration of every outcome', () => {
  const lines: [string, NullLine, 'at most' | 'at least'][] = [
    ['no worse', { ratio: 1, offset: 0 }, 'at most'],
    ['at most a quarter worse', { ratio: 1.25, offset: 0.0005 }, 'at most'],
    ['worse by half and half a point', { ratio: 1.5, offset: 0.005 }, 'at least'],
    ['slow by five points', { ratio: 1, offset: 0.05 }, 'at least'],
  ];

  test.each(lines)('"%s": no point of the null expects more than 1', (_, line, side) => {
    let worst = 0;
    for (const [stableCount, canaryCount] of arms) {
      for (const b of [0.001, 0.02, 0.2]) {
        const edge = line.ratio * b + line.offset;
        const worse = rollbackBets(b, 0.5).filter((canary) => canary > edge);
        for (const canary of side === 'at most' ? worse : [b, edge / 3].filter((rate) => rate < edge)) {
          const eValues = outcomes(stableCount, canaryCount, { stable: b, canary }, line);
          for (const stableRate of grid) {
            const reach = line.ratio * stableRate + line.offset;
            const rates = [...grid, Math.min(1, reach)];
            for (const rate of rates.filter((each) => (side === 'at most' ? each <= reach : each >= reach))) {
              const value = expectation(eValues, masses(stableCount, stableRate), masses(canaryCount, rate));
              worst = Math.max(worst, value);
            }
          }
        }
      }
    }
    expect(worst).toBeGreaterThan(0.99);
    expect(worst).toBeLessThan(1 + 1e-9);
  });

  test('the projection is the closest point of the null line', () => {
    const line = { ratio: 1.5, offset: 0.005 };
    const bet = { stable: 0.02, canary: 0.021 };
    const distance = (x: number) =>
      -likelihoodRatio(20, 1000, x, bet.stable) - likelihoodRatio(2.1, 100, 1.5 * x + 0.005, bet.canary);
    const x = projectOntoNull(bet, line, 1000, 100);
    expect(distance(x)).toBeLessThan(distance(x * 1.01));
    expect(distance(x)).toBeLessThan(distance(x * 0.99));
  });
});

/** Share of runs in which `evidence` ever reaches each threshold. */
function everReaches(seed: number, runs: number, thresholds: number[], run: (random: Random) => number): number[] {
  const random = new Random(seed);
  const highest = Array.from({ length: runs }, () => run(random));
  return thresholds.map((threshold) => highest.filter((value) => value >= threshold).length / runs);
}

const settings: GateSettings = {
  prior: { count: 0, bad: 0 },
  rollbackNull: { ratio: 1, offset: 0 },
  advanceNull: { ratio: 1.5, offset: 0.005 },
  dispersion: 1,
};

function watch(
  random: Random,
  rates: (look: number) => [number, number],
  value: (state: GateState) => number,
  counts: [number, number],
  under = settings,
) {
  let [state, highest] = [newGate, 0];
  for (let look = 0; look < 60; look++) {
    const [stableRate, canaryRate] = rates(look);
    const block = {
      stableCount: counts[0],
      stableBad: random.binomial(counts[0], stableRate),
      canaryCount: counts[1],
      canaryBad: random.binomial(counts[1], canaryRate),
    };
    state = stepGate(state, block, under);
    highest = Math.max(highest, value(state));
  }
  return highest;
}

describe('over a whole rollout of 60 looks, by simulation', () => {
  const runs = 250;
  // Three standard deviations of a proportion over this many runs are allowed on top of the bound.
  const allowed = (bound: number) => bound + 3 * Math.sqrt((bound * (1 - bound)) / runs);

  test.each([
    ['0.1 %', 0.001],
    ['1 %', 0.01],
    ['10 %', 0.1],
  ])('a canary as good as a stable version at %s is rolled back less often than promised', (_, rate) => {
    const shares = everReaches(7, runs, [10, 20, 100], (random) =>
      watch(random, () => [rate, rate], rollbackE, [540, 60]),
    );
    expect(shares[0]).toBeLessThan(allowed(0.1));
    expect(shares[1]).toBeLessThan(allowed(0.05));
    expect(shares[2]).toBeLessThan(allowed(0.01));
  });

  test('an incident that hits both versions does not change that', () => {
    const rates = (look: number): [number, number] => (look >= 20 && look < 30 ? [0.2, 0.2] : [0.01, 0.01]);
    const [, , hundred] = everReaches(11, runs, [10, 20, 100], (random) => watch(random, rates, rollbackE, [540, 60]));
    expect(hundred).toBeLessThan(allowed(0.01));
  });

  test('a canary exactly on the margin is called good less often than promised', () => {
    const rates = (): [number, number] => [0.01, 1.5 * 0.01 + 0.005];
    const [twenty] = everReaches(13, runs, [20], (random) => watch(random, rates, advanceE, [300, 300]));
    expect(twenty).toBeLessThan(allowed(0.05));
  });

  test.each([
    ['rolled back', rollbackE, 100, 0.01, (rate: number) => rate],
    ['called good', advanceE, 20, 0.05, (rate: number) => 1.5 * rate + 0.005],
  ] as const)(
    'an outage whose rate is forgotten afterwards: %s less often than promised',
    (_, value, at, bound, worst) => {
      const under = { ...settings, prior: { count: 1000, bad: 10 }, unusualRate: 0.06 };
      const rates = (look: number): [number, number] => {
        const rate = look % 20 >= 5 && look % 20 < 10 ? 0.2 : 0.01;
        return [rate, worst(rate)];
      };
      const [share] = everReaches(19, runs, [at], (random) => watch(random, rates, value, [540, 60], under));
      expect(share).toBeLessThan(allowed(bound));
    },
  );

  test('the comparison with history keeps its promise for a canary no worse than that history', () => {
    const history = {
      invocations: 20_000,
      errors: 200,
      requestsPerSecond: 0.1,
      dispersion: 1,
      latencyThresholdsMs: [],
    };
    const [hundred] = everReaches(17, runs, [100], (random) => {
      let [state, highest] = [newHistoryTest, 0];
      for (let look = 0; look < 60; look++) {
        const errors = { stableCount: 3, stableBad: 0, canaryCount: 3, canaryBad: random.binomial(3, 0.01) };
        state = stepHistoryTest(state, errors, history);
        highest = Math.max(highest, historyTestE(state));
      }
      return highest;
    });
    expect(hundred).toBeLessThan(allowed(0.01));
  });
});
