import { decisionOf, feasibility, newJudge, profiles, stepJudge } from './index.js';
import { Random } from './random.fixture.js';

const minute = 60_000;
const fixed = [{ weightPercent: 10, bakeMs: 5 * minute }];
const cloudWatch = { periodMs: minute, settleMs: minute };

test('a quiet function is told what ten percent for five minutes cannot see, and what would', () => {
  const plan = feasibility(
    { requestsPerSecond: 0.5, errorRate: 0.001, steps: fixed, ...cloudWatch },
    profiles.cloudwatch,
  );
  const [step] = plan.steps;
  expect(step?.canaryInvocations).toBeCloseTo(15);
  expect(step?.smallestVisibleErrorRate).toBeGreaterThan(0.2);
  expect(step?.sentence).toMatch(/^10 % for 5 minutes can only see an error rate above \d+ %$/);
  expect(plan.advice.join(' ')).toMatch(/adaptive.*probes/);
});

test('a function with a request a minute cannot see anything with fixed steps', () => {
  const plan = feasibility(
    { requestsPerSecond: 1 / 60, errorRate: 0, steps: fixed, ...cloudWatch },
    profiles.cloudwatch,
  );
  expect(plan.steps[0]?.smallestVisibleErrorRate).toBeNull();
  expect(plan.steps[0]?.sentence).toContain('cannot even see');
  expect(plan.advice.join(' ')).toContain('probes');
});

test('the more traffic, the smaller the error rate that can be seen, and the sooner a good version passes', () => {
  const plans = [1, 10, 100, 1000].map((requestsPerSecond) =>
    feasibility({ requestsPerSecond, errorRate: 0.001, steps: fixed, ...cloudWatch }, profiles.cloudwatch),
  );
  const visible = plans.map((plan) => plan.steps[0]?.smallestVisibleErrorRate ?? 1);
  expect(visible).toEqual([...visible].sort((a, b) => b - a));
  const passes = plans.map((plan) => plan.adaptive.passAfterMs ?? Number.POSITIVE_INFINITY);
  expect(passes.at(-1)).toBeLessThanOrEqual(5 * minute);
  expect(passes.at(-1)).toBeLessThanOrEqual(passes[1] ?? 0);
});

test('what it says is visible is caught four times out of five, half of that is not', () => {
  const input = { requestsPerSecond: 10, errorRate: 0.005, steps: fixed, ...cloudWatch };
  const visible = feasibility(input, profiles.cloudwatch).steps[0]?.smallestVisibleErrorRate ?? 1;
  const history = { invocations: 864_000, errors: 4320, requestsPerSecond: 10, dispersion: 1, latencyThresholdsMs: [] };
  const policy = { ...profiles.cloudwatch, history };
  const random = new Random(5);
  const caught = (rate: number) => {
    const runs = 300;
    let count = 0;
    for (let run = 0; run < runs; run++) {
      const blocks = Array.from({ length: 4 }, (_, index) => ({
        startMs: index * minute,
        endMs: (index + 1) * minute,
        weightPercent: 10,
        stable: { invocations: 540, errors: random.binomial(540, 0.005) },
        canary: { invocations: 60, errors: random.binomial(60, rate) },
      }));
      let state = newJudge;
      const failed = blocks.some((block) => {
        state = stepJudge(state, block, policy);
        return decisionOf(state, policy).kind === 'fail';
      });
      if (failed) count++;
    }
    return count / runs;
  };
  expect(caught(visible)).toBeGreaterThan(0.7);
  expect(caught(visible)).toBeLessThan(0.97);
  expect(caught(visible / 2)).toBeLessThan(0.5);
});
