import { deployment } from '../sample.fixture.js';
import { adaptiveWords } from './adaptive.js';

function ramp(
  outlook: object | undefined,
  changes: Record<string, unknown> = {},
  interval = { lower: 0, upper: 0.048 },
) {
  const counts = { invocations: 100, errors: 0, interval };
  const numbers = { canary: counts, stable: counts, ...(outlook ? { outlook } : {}) };
  const at = '2026-01-31T12:00:00.000Z';
  const evidence = { verdict: 'continue' as const, sentence: 'not enough seen yet', numbers, at };
  return deployment({
    adaptive: true,
    steps: [],
    step: null,
    weightPercent: 0.5,
    bakeUntil: null,
    evidence,
    ...changes,
  });
}

const going = { stage: 'ramp', nextWeightPercent: 1.5, leftMs: 308_000, suspicious: false };

test('says where it holds, what comes next, what is excluded and how long it may take', () => {
  // The evidence is eight seconds old when it is read, and two more have passed since.
  expect(adaptiveWords(ramp(going), 2_000)).toBe(
    'holding at 0.5 %; next at most 1.5 %; an error rate above 4.8 % is excluded; about 4m 58s left',
  );
});

test('what is not known is not said', () => {
  expect(adaptiveWords(ramp(undefined), 0)).toBeUndefined();
  const unsure = { ...going, nextWeightPercent: null, leftMs: null };
  expect(adaptiveWords(ramp(unsure, {}, { lower: 0, upper: 1 }), 0)).toBe('holding at 0.5 %; no end in sight yet');
});

test('suspicion, the holdback, a hold and a pause are told apart', () => {
  expect(adaptiveWords(ramp({ ...going, suspicious: true }), 0)).toMatch(/under suspicion: nothing is added/);
  const bake = { stage: 'bake', nextWeightPercent: null, leftMs: 28_000, suspicious: false };
  expect(adaptiveWords(ramp(bake, { weightPercent: 95 }), 0)).toBe(
    'holdback: 5 % stay on version 4 to be compared with; about 20s left, then promotion',
  );
  const deadlineAt = '2026-01-31T13:00:08.000Z';
  expect(adaptiveWords(ramp(going, { phase: 'gated', gate: 'analysis', deadlineAt }), 0)).toBe(
    'held at 0.5 %: a person decides; rolls back in 1h unless promoted',
  );
  expect(adaptiveWords(ramp(going, { phase: 'paused', deadlineAt }), 0)).toMatch(/paused at 0.5 %; rolls back in 1h/);
});
