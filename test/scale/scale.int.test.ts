import { measureStatements, type StatementFigures } from './measure-statements.js';

/** Tables with rows per rollout; the others are empty here, and Postgres reads an empty table rather than its index. */
const GROWING = ['deployments', 'targets', 'events', 'evidence_blocks'];

describe('five thousand live rollouts', () => {
  let few: StatementFigures;
  let many: StatementFigures;

  beforeAll(async () => {
    few = await measureStatements({ live: 500 });
    many = await measureStatements({ live: 5_000 });
  }, 60_000);

  it('cost the rounds nothing while nothing is due: ten times as many touch no more pages', () => {
    const rounds = ['sweep', 'rollback lane', 'reconciler', 'open questions', 'what doctor calls overdue'] as const;
    for (const round of rounds) expect([round, many[round].pages <= 10]).toEqual([round, true]);
  });

  it('cost who scrapes, probes and looks no more than a thousand of them would', () => {
    expect(many.figures.scanned.filter((table) => GROWING.includes(table))).toEqual([]);
    // A thousand canaries, each with four pages of its row, its newest evidence and the ways there; all else is a few.
    expect(many.figures.pages).toBeLessThanOrEqual(5_000);
  });

  it('do not slow each other down: what one of them writes does not depend on how many there are', () => {
    const writes = ['load', 'look again later', 'record an event', 'record an end', 'call budget'] as const;
    for (const write of writes) {
      // An index of ten times the rows may be one level deeper, for each of the nine indexes.
      expect([write, many[write].pages <= few[write].pages + 40]).toEqual([write, true]);
      expect([write, many[write].scanned.filter((table) => GROWING.includes(table))]).toEqual([write, []]);
    }
  });
});
