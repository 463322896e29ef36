import { feasibility } from '#analysis';
import { createPlan, type PlanOptions, type StrategyInput } from '#rollout';
import { policyOf } from '../judging.js';
import { summaryOf } from './summary.js';

function summary(strategy: StrategyInput, requestsPerSecond: number, options: PlanOptions = {}): string[] {
  const made = createPlan(strategy, options);
  if (!made.ok) throw new Error(made.problem.message);
  const { plan } = made;
  const steps = plan.steps.map(({ weightPercent, bakeSeconds }) => ({ weightPercent, bakeMs: bakeSeconds * 1000 }));
  const pace = { periodMs: 60_000, settleMs: 60_000 };
  const seen = feasibility({ requestsPerSecond, errorRate: 0.002, steps, ...pace }, policyOf(plan, 60, null));
  const traffic = { requestsPerSecond, errorRate: 0.002, overSeconds: 14 * 86_400 };
  return summaryOf('checkout', plan, traffic, seen, policyOf(plan, 60, null));
}

test('says in two sentences what was measured, and when a good version passes', () => {
  const [first, second, ...more] = summary('adaptive', 100);
  expect(first).toBe('100 requests a second and 0.2 % errors over the last 14d.');
  expect(second).toMatch(
    /^adaptive begins at 0\.833 %; a good version passes after about 4m and has all traffic after about 35m; a version that fails every time harms about 100 requests\.$/,
  );
  expect(more).toEqual([]);
});

test('fixed steps are told what they cannot see, and what to do instead', () => {
  const [, second] = summary('Canary10Percent5Minutes', 1);
  expect(second).toMatch(
    /can only see an error rate above \d+ %; all traffic after 5m at the earliest\. Rather use the/,
  );
});

test('without traffic it says what will happen, when, and what to type', () => {
  const [first, second] = summary('adaptive', 0);
  expect(first).toBe('No traffic was seen over the last 14d.');
  expect(second).toMatch(/1 % and waits.*after 5m.*a person decides.*sluice promote checkout.*24h|1d.*all-at-once/);
  expect(summary('adaptive', 0, { analysis: { whenNoData: 'rollback' } })[1]).toMatch(/5m without one put the stable/);
});

test('too little traffic for a verdict is said, with what comes then', () => {
  expect(summary('adaptive', 0.005)[1]).toMatch(/too little for a verdict: after 15m it goes on unless/);
  expect(summary('adaptive', 0.005, { analysis: { whenInconclusive: 'hold' } })[1]).toMatch(/it waits for a person/);
});

test('what is not watched is said plainly', () => {
  expect(summary('all-at-once', 10)[1]).toMatch(/nothing is compared before/);
  expect(summary('Canary10Percent5Minutes', 10, { analysis: null })[1]).toMatch(/judge is switched off/);
});
