import fc from 'fast-check';
import { type AnalysisPolicy, type EvidenceBlock, judge, profiles, resolvePolicy } from './index.js';

/** What must hold for whatever a metric source may report. */

const history = {
  invocations: 5000,
  errors: 20,
  requestsPerSecond: 3,
  dispersion: 1.5,
  latencyThresholdsMs: [80, 200, 900],
};
const policies: AnalysisPolicy[] = [
  ...Object.values(profiles),
  resolvePolicy(profiles.fast, { history }),
  resolvePolicy(profiles.cloudwatch, { history: { ...history, requestsPerSecond: 0.1 } }),
];

const amount = fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 100_000 }), fc.constantFrom(0, 1));
const odd = fc.oneof(
  { weight: 9, arbitrary: amount },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -3, Number.POSITIVE_INFINITY) },
);

const version = fc.record({
  invocations: odd,
  errors: odd,
  throttles: odd,
  durationMs: fc.record({ count: odd, above: fc.array(odd, { minLength: 0, maxLength: 3 }) }),
});

const blocks = fc
  .array(
    fc.record({
      stable: version,
      canary: version,
      weightPercent: fc.constantFrom(1, 10, 50, 95),
      seconds: fc.integer({ min: 1, max: 600 }),
    }),
    {
      maxLength: 12,
    },
  )
  .map((list) => {
    let startMs = 1_700_000_000_000;
    return list.map(({ seconds, ...rest }): EvidenceBlock => {
      const block = { startMs, endMs: startMs + seconds * 1000, ...rest };
      startMs = block.endMs;
      return block;
    });
  });

function everyNumber(value: unknown, path: string, found: string[] = []): string[] {
  if (typeof value === 'number' && !Number.isFinite(value)) found.push(path);
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) everyNumber(inner, `${path}.${key}`, found);
  }
  return found;
}

test('state and verdict survive JSON unchanged: every number in them is finite', () => {
  fc.assert(
    fc.property(blocks, fc.constantFrom(...policies), (list, policy) => {
      const judged = judge(undefined, list, policy);
      expect(everyNumber(judged, 'judged')).toEqual([]);
      expect(JSON.parse(JSON.stringify(judged))).toEqual(judged);
      expect(judged.verdict.sentence).not.toMatch(/NaN|undefined|Infinity/);
    }),
    { numRuns: 60 },
  );
});

test('however the blocks are cut into calls, a crash and a replay give the same verdict', () => {
  fc.assert(
    fc.property(blocks, fc.nat({ max: 12 }), fc.constantFrom(...policies), (list, cut, policy) => {
      const first = judge(undefined, list.slice(0, cut), policy);
      const resumed = judge(JSON.parse(JSON.stringify(first.state)), list.slice(cut), policy);
      expect(resumed).toEqual(judge(undefined, list, policy));
    }),
    { numRuns: 60 },
  );
});

test('without a canary invocation nothing passes and nothing fails', () => {
  const silent = blocks.map((list) =>
    list.map((block) => ({ ...block, canary: { invocations: 0, errors: 0, throttles: 0 } })),
  );
  fc.assert(
    fc.property(silent, fc.constantFrom(...policies), (list, policy) => {
      expect(['continue', 'inconclusive']).toContain(judge(undefined, list, policy).verdict.kind);
    }),
    { numRuns: 60 },
  );
});

test('a block that is fed twice, or that begins before the last one ended, changes no number', () => {
  fc.assert(
    fc.property(blocks, fc.constantFrom(...policies), (list, policy) => {
      const once = judge(undefined, list, policy);
      const twice = judge(once.state, list, policy);
      expect({ ...twice.state, ignoredBlocks: 0 }).toEqual({ ...once.state, ignoredBlocks: 0 });
      expect(twice.verdict.numbers.ignoredBlocks).toBe(list.length);
    }),
    { numRuns: 60 },
  );
});

test('a weight is always advised within the bounds of the policy', () => {
  fc.assert(
    fc.property(blocks, fc.constantFrom(...policies), (list, policy) => {
      const { kind, advice } = judge(undefined, list, policy).verdict;
      expect(advice.nextWeightPercent).toBeGreaterThanOrEqual(kind === 'fail' ? 0 : policy.ramp.minimumWeightPercent);
      expect(advice.nextWeightPercent).toBeLessThanOrEqual(policy.bake.maximumWeightPercent);
    }),
    { numRuns: 60 },
  );
});
