import { createPlan, namedStrategies, type StrategyInput } from './strategy.js';

const weights = (input: StrategyInput) => {
  const result = createPlan(input);
  return result.ok ? result.plan.steps.map((step) => [step.weightPercent, step.bakeSeconds]) : result.problem;
};

const linear = (seconds: number) => [10, 20, 30, 40, 50, 60, 70, 80, 90].map((weight) => [weight, seconds]);

describe("CodeDeploy's predefined configurations mean what they mean there", () => {
  test.each<[string, number[][]]>([
    ['AllAtOnce', []],
    ['Canary10Percent5Minutes', [[10, 300]]],
    ['Canary10Percent10Minutes', [[10, 600]]],
    ['Canary10Percent15Minutes', [[10, 900]]],
    ['Canary10Percent30Minutes', [[10, 1800]]],
    ['Linear10PercentEvery1Minute', linear(60)],
    ['Linear10PercentEvery2Minutes', linear(120)],
    ['Linear10PercentEvery3Minutes', linear(180)],
    ['Linear10PercentEvery10Minutes', linear(600)],
  ])('%s', (name, steps) => {
    expect(weights(name)).toEqual(steps);
  });

  test('none of them waits for an analysis: they end on the clock, watched all the while', () => {
    for (const name of Object.keys(namedStrategies).filter((known) => /^[A-Z]/.test(known))) {
      const result = createPlan(name);
      expect(result.ok && result.plan.steps.flatMap((step) => step.gates)).toEqual([]);
      expect(result.ok && result.plan.analysis).toEqual({});
    }
  });
});

describe('a plan', () => {
  test('a linear strategy ends below 100 percent, whatever its step', () => {
    expect(weights({ type: 'linear', stepPercent: 33, bake: '1m' })).toEqual([
      [33, 60],
      [66, 60],
      [99, 60],
    ]);
    expect(weights({ type: 'linear', stepPercent: 50, bake: 10 })).toEqual([[50, 10]]);
  });

  test('steps keep their gates in order', () => {
    const result = createPlan({
      type: 'steps',
      steps: [{ weight: 0.5, bake: '1h30m', gates: ['analysis', 'approval'] }],
    });
    expect(result.ok && result.plan.steps).toEqual([
      { weightPercent: 0.5, bakeSeconds: 5400, gates: [{ kind: 'analysis' }, { kind: 'approval' }] },
    ]);
  });

  test.each<[string, StrategyInput, string]>([
    ['a name nobody knows', 'sideways', 'strategy'],
    ['a name of the language itself', 'constructor', 'strategy'],
    ['a weight of 100', { type: 'steps', steps: [{ weight: 100, bake: '1m' }] }, 'strategy.steps[0].weight'],
    ['a weight of 0', { type: 'steps', steps: [{ weight: 0, bake: '1m' }] }, 'strategy.steps[0].weight'],
    ['four decimals', { type: 'steps', steps: [{ weight: 0.0001, bake: '1m' }] }, 'strategy.steps[0].weight'],
    ['no number', { type: 'steps', steps: [{ weight: Number.NaN, bake: '1m' }] }, 'strategy.steps[0].weight'],
    [
      'weights that fall',
      {
        type: 'steps',
        steps: [
          { weight: 20, bake: '1m' },
          { weight: 20, bake: '1m' },
        ],
      },
      'strategy.steps[1].weight',
    ],
    ['a bake of nothing', { type: 'canary', weightPercent: 5, bake: '0s' }, 'strategy.steps[0].bake'],
    ['a bake of eight days', { type: 'canary', weightPercent: 5, bake: '8d' }, 'strategy.steps[0].bake'],
    ['a bake in words', { type: 'canary', weightPercent: 5, bake: 'soon' }, 'strategy.steps[0].bake'],
    ['a linear step below one', { type: 'linear', stepPercent: 0.5, bake: '1m' }, 'strategy.stepPercent'],
    [
      'a hundred and one steps',
      { type: 'steps', steps: Array.from({ length: 101 }, (_, index) => ({ weight: (index + 1) / 2, bake: '1m' })) },
      'strategy.steps',
    ],
  ])('%s is refused, and the refusal says where', (_why, input, path) => {
    expect(weights(input)).toMatchObject({ path });
  });

  test('an analysis gate without analysis could never pass and is refused', () => {
    const gated: StrategyInput = { type: 'canary', weightPercent: 5, bake: '1m', gates: ['analysis'] };
    expect(createPlan(gated, { analysis: null })).toMatchObject({ ok: false, problem: { path: 'analysis' } });
    expect(createPlan('adaptive', { analysis: null })).toMatchObject({ ok: false, problem: { path: 'analysis' } });
    expect(createPlan('AllAtOnce', { analysis: null })).toMatchObject({ ok: true });
  });
});
