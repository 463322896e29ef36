import { backtest, type EvidenceBlock, explain, judge, profiles } from './index.js';

function blocks(count: number, canaryErrors: (index: number) => number): EvidenceBlock[] {
  return Array.from({ length: count }, (_, index) => ({
    startMs: index * 10_000,
    endMs: (index + 1) * 10_000,
    weightPercent: 50,
    stable: { invocations: 300, errors: 0 },
    canary: { invocations: 300, errors: canaryErrors(index) },
  }));
}

const good = blocks(10, () => 0);
const bad = blocks(10, () => 30);
const late = blocks(12, (index) => (index < 8 ? 0 : 60));

test('a policy is told which recorded rollouts it would have stopped, and when', () => {
  const result = backtest(
    [
      { id: 'good', blocks: good, ended: 'promoted' },
      { id: 'bad', blocks: bad, ended: 'promoted' },
      { id: 'late', blocks: late, ended: 'rolled_back' },
      { id: 'short', blocks: good.slice(0, 1) },
    ],
    profiles.fast,
  );
  expect(result.rows.map((row) => row.outcome)).toEqual(['passed', 'stopped', 'stopped', 'undecided']);
  expect(result.promotedButStopped).toEqual(['bad']);
  expect(result.rows[1]).toMatchObject({ afterMs: 10_000 });
  expect(result.rows[1]?.harmedUntilDecision).toBeLessThan(result.rows[1]?.harmedRecorded ?? 0);
  expect(result.rows[2]?.afterMs).toBe(90_000);
  expect(result.rows[3]?.afterMs).toBeNull();
});

test('explaining a rollout ends where judging it ends', () => {
  const rows = explain(late, profiles.fast);
  const { verdict } = judge(undefined, late, profiles.fast);
  expect(rows.at(-1)).toMatchObject({ kind: verdict.kind, rollbackE: verdict.numbers.rollbackE });
  expect(rows).toHaveLength(late.length);
  expect(rows.findIndex((row) => row.kind === 'fail')).toBe(8);
});
