import { defaultPolicy, type EvidenceBlock, judge, profiles, resolvePolicy } from './index.js';

/** Ten seconds at 20 requests a second and 10 % weight, unless said otherwise. */
function block(index: number, stable: [number, number], canary: [number, number], weightPercent = 10): EvidenceBlock {
  const startMs = 1_700_000_000_000 + index * 10_000;
  return {
    startMs,
    endMs: startMs + 10_000,
    weightPercent,
    stable: { invocations: stable[0], errors: stable[1] },
    canary: { invocations: canary[0], errors: canary[1] },
  };
}

const repeat = (times: number, stable: [number, number], canary: [number, number], weightPercent = 10) =>
  Array.from({ length: times }, (_, index) => block(index, stable, canary, weightPercent));

test('a canary that fails three requests in ten is caught within two ten-second blocks', () => {
  const { verdict } = judge(undefined, repeat(2, [180, 1], [20, 6]), defaultPolicy);
  expect(verdict.kind).toBe('fail');
  expect(verdict.sentence).toContain('errors rose from 0.6 % to 30 % (12 of 40 requests)');
  expect(verdict.advice.nextWeightPercent).toBe(0);
});

test('a good canary passes a fixed step once enough of it was seen at that weight', () => {
  const first = judge(undefined, repeat(1, [180, 1], [20, 0]), defaultPolicy);
  expect(first.verdict).toMatchObject({ kind: 'continue', reason: 'gathering' });
  const second = judge(first.state, [block(1, [180, 1], [20, 0])], defaultPolicy);
  expect(second.verdict).toMatchObject({ kind: 'pass', reason: 'nothing_suspicious' });
  const raised = judge(second.state, [block(2, [150, 0], [25, 0], 25)], defaultPolicy);
  expect(raised.verdict.kind).toBe('continue');
});

test('no data is never a pass', () => {
  for (const policy of Object.values(profiles)) {
    const { verdict } = judge(undefined, repeat(30, [200, 0], [0, 0]), policy);
    expect(verdict).toMatchObject({ kind: 'inconclusive', reason: 'no_data' });
    expect(judge(undefined, [], policy).verdict).toMatchObject({ kind: 'continue', reason: 'gathering' });
  }
});

test('a source that goes silent after a pass is inconclusive, not a pass', () => {
  const good = judge(undefined, repeat(5, [180, 0], [20, 0]), defaultPolicy);
  expect(good.verdict.kind).toBe('pass');
  const silent = Array.from({ length: 31 }, (_, index) => block(5 + index, [180, 0], [0, 0]));
  expect(judge(good.state, silent, defaultPolicy).verdict).toMatchObject({ kind: 'inconclusive', reason: 'no_data' });
});

test('a significant but trifling excess does not roll back', () => {
  const policy = resolvePolicy(profiles.cloudwatch, { minimumExcessRatio: 0.25 });
  const { verdict } = judge(undefined, repeat(40, [50_000, 5000], [50_000, 5600]), policy);
  expect(verdict.numbers.rollbackE).toBeGreaterThan(100);
  expect(verdict.kind).not.toBe('fail');
});

test('an adaptive rollout passes only when the regression is excluded', () => {
  const { verdict } = judge(undefined, repeat(4, [300, 0], [300, 0], 50), {
    ...profiles.fast,
    minimumWatchMs: 30_000,
  });
  expect(verdict).toMatchObject({ kind: 'pass', reason: 'regression_excluded' });
  expect(verdict.advice.nextWeightPercent).toBe(95);
  expect(judge(undefined, repeat(2, [300, 0], [300, 0], 50), profiles.fast).verdict.kind).toBe('continue');
});

test('an outage of both versions is not held against the canary', () => {
  const { verdict } = judge(undefined, repeat(12, [180, 54], [20, 6]), defaultPolicy);
  expect(verdict.kind).not.toBe('fail');
});

describe('after an outage of both versions', () => {
  const history = {
    invocations: 1200,
    errors: 3,
    requestsPerSecond: 20,
    dispersion: 1,
    latencyThresholdsMs: [],
  };
  const policy = resolvePolicy(profiles.fast, { history });
  const calm = (from: number, count: number, weight = 10) =>
    Array.from({ length: count }, (_, index) => block(from + index, [180, 0], [20, 0], weight));
  const outage = Array.from({ length: 6 }, (_, index) => block(4 + index, [180, 24], [20, 3]));
  const before = [...calm(0, 4), ...outage];

  test('its error rate is forgotten with its end: clean periods count for as much as before it', () => {
    const growth = (blocks: EvidenceBlock[], more: EvidenceBlock[]) => {
      const first = judge(undefined, blocks, policy);
      return judge(first.state, more, policy).verdict.numbers.advanceE / first.verdict.numbers.advanceE;
    };
    const never = growth(calm(0, 11), calm(11, 60));
    expect(never).toBeGreaterThan(30);
    // The first period after it is still bet on as if it went on.
    expect(growth([...before, ...calm(10, 1)], calm(11, 60))).toBeGreaterThan(never / 2);
  });

  test('the ramp goes on, instead of buying the outage back', () => {
    const unlucky = outage.map((each) => ({ ...each, canary: { invocations: 20, errors: 4 } }));
    const first = judge(undefined, [...calm(0, 4), ...unlucky], policy);
    const after = judge(first.state, calm(10, 18), policy);
    expect(after.verdict).toMatchObject({ kind: 'continue', reason: 'gathering' });
    expect(after.verdict.advice.nextWeightPercent).toBe(25);
  });

  test('the canary is compared with what the stable version did in it, not with the quiet hour after', () => {
    const later = Array.from({ length: 60 }, (_, index) => block(10 + index, [199, 0], [1, 0], 0.5));
    const { verdict } = judge(undefined, [...before, ...later], policy);
    expect(verdict.numbers.harmedRequests).toBeLessThan(2);
    expect(verdict.kind).not.toBe('fail');
  });

  test('a canary that fared far worse in it is rolled back', () => {
    const worse = outage.map((each) => ({ ...each, canary: { invocations: 20, errors: 18 } }));
    expect(judge(undefined, [...calm(0, 4), ...worse], policy).verdict.kind).toBe('fail');
  });
});

test('throttled requests count as failed unless the policy says otherwise', () => {
  const throttled = repeat(3, [180, 0], [20, 0]).map((each) => ({
    ...each,
    canary: { ...each.canary, throttles: 15 },
  }));
  expect(judge(undefined, throttled, defaultPolicy).verdict.kind).toBe('fail');
  const lenient = resolvePolicy(defaultPolicy, { throttlesAreBad: false });
  expect(judge(undefined, throttled, lenient).verdict.kind).toBe('pass');
});

test('the verdict does not depend on how the blocks were cut into calls, nor on a trip through JSON', () => {
  const blocks = [...repeat(5, [180, 1], [20, 0]), block(5, [190, 0], [0, 0]), block(6, [170, 2], [30, 1])];
  const whole = judge(undefined, blocks, profiles.fast);
  let state = judge(undefined, [], profiles.fast).state;
  for (const each of blocks) state = judge(JSON.parse(JSON.stringify(state)), [each], profiles.fast).state;
  expect(judge(state, [], profiles.fast)).toEqual(whole);
});
