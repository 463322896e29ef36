import { type AnalysisPolicy, type EvidenceBlock, profiles } from '#analysis';
import { type AnalysisOverrides, analysisOverrides } from '#contracts';
import { createPlan, type Plan } from '#rollout';
import { judgeBlocks, policyOf, watchingOf } from './judging.js';

function planOf(strategy: string, analysis?: Record<string, unknown>): Plan {
  const result = createPlan(strategy, analysis ? { analysis } : {});
  if (!result.ok) throw new Error(result.problem.message);
  return result.plan;
}

function block(weightPercent: number, canary: { invocations: number; errors: number }, startMs = 0): EvidenceBlock {
  return { startMs, endMs: startMs + 10_000, weightPercent, stable: { invocations: 500, errors: 1 }, canary };
}

const fresh = watchingOf(undefined);

test('an adaptive rollout does not move before anything was seen', () => {
  const plan = planOf('adaptive');
  const policy = policyOf(plan, 10, null);
  const seen = judgeBlocks(fresh, { blocks: [], readUntilMs: 0 }, policy, {
    atMs: 1,
    weightPercent: 1,
    adaptive: true,
  });
  expect(seen.ramp).toBeUndefined();
  expect(seen.evidence.verdict).not.toBe('pass');
});

test('a fixed step is not left on what was seen at the step before', () => {
  const policy = policyOf(planOf('demo'), 10, null);
  const blocks = [block(10, { invocations: 200, errors: 0 })];
  const now = { atMs: 30_000, weightPercent: 50, adaptive: false };
  const early = judgeBlocks(fresh, { blocks, readUntilMs: 10_000 }, policy, now);
  expect(early.evidence.verdict).toBe('continue');
  const more = [block(50, { invocations: 400, errors: 0 }, 20_000)];
  const later = judgeBlocks(watchingOf(early.evidence), { blocks: more, readUntilMs: 30_000 }, policy, now);
  expect(later.evidence.verdict).toBe('pass');
});

test('judging in pieces and at once comes to the same', () => {
  const policy = policyOf(planOf('demo'), 10, null);
  const now = { atMs: 40_000, weightPercent: 10, adaptive: false };
  const blocks = [0, 1, 2].map((index) => block(10, { invocations: 60, errors: index }, index * 10_000));
  const whole = judgeBlocks(fresh, { blocks, readUntilMs: 30_000 }, policy, now);
  let watching = fresh;
  for (const one of blocks) {
    const part = judgeBlocks(watching, { blocks: [one], readUntilMs: one.endMs }, policy, now);
    watching = watchingOf(JSON.parse(JSON.stringify(part.evidence)));
  }
  expect(watching.state).toEqual(JSON.parse(JSON.stringify(whole.evidence)).judge.state);
});

test('a profile that was asked for is the base of the policy, and further overrides lie on top', () => {
  const policy = policyOf(planOf('adaptive', { profile: 'careful', falseRollbackOdds: 0.002 }), 60, null);
  expect(policy.profile).toBe('careful');
  expect(policy.falseRollbackOdds).toBe(0.002);
  expect(policyOf(planOf('adaptive'), 60, null).profile).toBe('cloudwatch');
  expect(policyOf(planOf('adaptive'), 10, null).profile).toBe('fast');
  expect(policyOf(planOf('canary'), 60, null).profile).toBe('steps');
});

describe('every default of the judge can be set from outside', () => {
  const names = (Object.keys(profiles.cloudwatch) as (keyof AnalysisPolicy)[]).filter((name) => name !== 'history');

  test.each(names)('%s is in the contract', (name) => {
    expect(Object.keys(analysisOverrides.shape)).toContain(name);
  });

  test.each(Object.keys(profiles) as (keyof typeof profiles)[])('%s, written out, is the profile itself', (name) => {
    const { history: _measured, ...written } = profiles[name];
    const overrides = analysisOverrides.parse(JSON.parse(JSON.stringify(written)));
    expect(policyOf(planOf('adaptive', overrides), 60, null)).toEqual(profiles[name]);
  });

  const changes: AnalysisOverrides[] = [
    { falseRollbackOdds: 0.002 },
    { missOdds: 0.2 },
    { suspicion: 5 },
    { minimumExcess: 0.01 },
    { minimumExcessRatio: 2 },
    { rollbackNull: { ratio: 1.25, offset: 0.0005 } },
    { advanceNull: { ratio: 2, offset: 0.02 } },
    { passWhen: 'unsuspicious' },
    { minimumCanaryInvocations: 7 },
    { minimumWatchMs: 1 },
    { maximumWatchMs: 2 },
    { leaningWatchMs: 3 },
    { noDataAfterMs: 4 },
    { whenNoData: 'rollback' },
    { whenInconclusive: 'rollback' },
    { throttlesAreBad: false },
    { shares: { errors: 1, latency: [] } },
    { latency: [{ quantile: 0.75, minimumExcess: 0.1, margin: 0.2 }] },
    {
      ramp: {
        budgetPerRootRps: 1,
        budgetMinimum: 1,
        growthCap: 2,
        reactionMs: 5_000,
        minimumWeightPercent: 1,
        maximumWeightPercent: 50,
      },
    },
    { bake: { bakeMs: 1, maximumBakeMs: 2, minimumWeightPercent: 10, maximumWeightPercent: 50 } },
    { historyTest: { enabled: false, belowRequestsPerSecond: 1, share: 0.1 } },
    { measuredSplit: { enabled: false, falseAlarmOdds: 0.01, oddsFactor: 3, minimumPoints: 2 } },
  ];

  test('each has its example here', () => {
    const shown = new Set(['profile', ...changes.flatMap((change) => Object.keys(change))]);
    expect(names.filter((name) => !shown.has(name))).toEqual([]);
  });

  test.each(changes)('%j is accepted and reaches the judge', (change) => {
    const policy = policyOf(planOf('adaptive', analysisOverrides.parse(change)), 60, null);
    expect(policy).toMatchObject(change);
    expect(policy).not.toEqual(profiles.cloudwatch);
  });

  test('one member of a group leaves the others as the profile has them', () => {
    const policy = policyOf(planOf('adaptive', { profile: 'fast', bake: { bakeMs: 1 } }), 60, null);
    expect(policy.bake).toEqual({ ...profiles.fast.bake, bakeMs: 1 });
  });
});
