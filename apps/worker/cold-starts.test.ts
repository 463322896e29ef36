import { withColdStarts } from './cold-starts.js';
import { watchingOf } from './judging.js';

const blocks = (stable: number[], canary: number[]) => {
  const counts = { invocations: 20, errors: 0 };
  const sides = { stable: { ...counts, initMs: stable }, canary: { ...counts, initMs: canary } };
  return [{ startMs: 0, endMs: 10_000, weightPercent: 50, ...sides }];
};
const judged = (verdict: 'continue' | 'pass' | 'fail' = 'pass') => ({
  evidence: { verdict, sentence: 'No worse', numbers: {}, judge: watchingOf(undefined), at: 0 },
  blocks: [],
  ramp: { kind: 'promote' as const },
});
const around = (middle: number) => Array.from({ length: 20 }, (_, index) => middle + index);
const gated = { settings: { metrics: { source: 'logs', textRuntime: 'nodejs', coldStartsSlowerThan: 2 } } };

test('slower cold starts are told beside the verdict, and change it only where the target says so', () => {
  const seen = blocks(around(300), around(900));
  const told = withColdStarts(judged(), seen, { settings: {} });
  expect(told.evidence).toMatchObject({
    verdict: 'pass',
    sentence: 'No worse; cold starts take 909 ms instead of 309 ms (medians of 20 and 20)',
    numbers: { coldStarts: { slower: true, stable: { count: 20, medianMs: 309 }, canary: { medianMs: 909 } } },
  });
  expect(told.ramp).toEqual({ kind: 'promote' });
  const stopped = withColdStarts(judged(), seen, gated);
  expect(stopped.ramp).toBeUndefined();
  expect(stopped.evidence).toMatchObject({
    verdict: 'fail',
    sentence: 'Cold starts take 909 ms instead of 309 ms (medians of 20 and 20), more than 2 times as long',
  });
});

test('a canary that merely has more cold starts is not slower, and is not stopped', () => {
  const { evidence, ramp } = withColdStarts(judged(), blocks(around(300).slice(0, 5), around(300)), gated);
  expect(evidence).toMatchObject({ verdict: 'pass', sentence: 'No worse', numbers: { coldStarts: { slower: false } } });
  expect(ramp).toEqual({ kind: 'promote' });
});

test('they are gathered over looks, survive being stored, and say nothing where the source knows none', () => {
  const first = withColdStarts(judged('continue'), blocks(around(300), around(900).slice(0, 2)), gated);
  expect(first.evidence.verdict).toBe('continue');
  const stored = JSON.parse(JSON.stringify(first.evidence)) as typeof first.evidence;
  const next = { ...judged('continue'), evidence: { ...judged().evidence, judge: watchingOf(stored) } };
  expect(withColdStarts(next, blocks([], around(900).slice(2)), gated).evidence.verdict).toBe('fail');
  const silent = judged();
  expect(withColdStarts(silent, blocks([], []), gated)).toBe(silent);
});
