import { analysisOverrides, mergeAnalysis } from './analysis.js';

test.each([
  ['a rate in percent', { minimumExcess: 3 }],
  ['odds of nothing, which would never roll back', { falseRollbackOdds: 0 }],
  ['a profile nobody knows', { profile: 'reckless' }],
  ['a member that does not exist', { falseRollbackOds: 0.01 }],
  ['a ramp that cannot grow', { ramp: { growthCap: 1 } }],
  ['bounds that cross', { ramp: { minimumWeightPercent: 10, maximumWeightPercent: 5 } }],
  ['bounds of the holdback that cross', { bake: { minimumWeightPercent: 60, maximumWeightPercent: 50 } }],
  ['a weight that no alias takes', { ramp: { minimumWeightPercent: 0 } }],
  ['a margin of nothing, which nothing can exclude', { advanceNull: { offset: 0 } }],
  ['no metric that may raise an alarm', { shares: { errors: 0, latency: [0, 0, 0] } }],
  ['a measured history, which nobody can set', { history: null }],
])('%s is refused', (_name, overrides) => {
  expect(analysisOverrides.safeParse(overrides).success).toBe(false);
});

test('a deployment’s overrides lie over its target’s, group by group', () => {
  const usual = { profile: 'careful' as const, bake: { bakeMs: 1, maximumBakeMs: 2 }, latency: [] };
  const asked = { suspicion: 4, bake: { bakeMs: 5 }, latency: [{ quantile: 0.5, minimumExcess: 0.1, margin: 0.1 }] };
  expect(mergeAnalysis(usual, asked)).toEqual({ ...asked, profile: 'careful', bake: { bakeMs: 5, maximumBakeMs: 2 } });
});
