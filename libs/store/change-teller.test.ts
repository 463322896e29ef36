import type { Clock } from '#runtime';
import { ChangeTeller } from './change-teller.js';
import type { Executor } from './database.js';

/** A teller whose statements are answered by hand, and whose waiting ends by hand. */
function byHand() {
  const statements: { payloads: string[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const query = ({ values }: { values: [string[]] }) =>
    new Promise<void>((answer, fail) => {
      statements.push({ payloads: values[0], answer, fail });
    });
  const sleepers: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (_, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        if (signal) signal.onabort = () => resolve();
        sleepers.push(resolve);
      }),
  };
  const teller = new ChangeTeller({ query } as unknown as Executor, clock);
  const pass = async () => {
    for (const wake of sleepers.splice(0)) wake();
    await settled();
  };
  return { teller, statements, pass };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const change = (deploymentId: string, sequence = 1) => ({ deploymentId, sequence, phase: 'baking' });

describe('changes told after their writes', () => {
  it('still stand in for a wake-up when more is told of the same deployment', async () => {
    const { teller, statements, pass } = byHand();
    teller.tell(change('a', 1));
    teller.tell({ ...change('a', 1), unqueued: true });
    teller.tell(change('a', 2));
    teller.tell(change('b', 1));
    await settled();
    await pass();
    expect(statements[0]?.payloads).toEqual(['a 2 baking unqueued', 'b 1 baking']);
  });

  it('share a statement when they come together, each deployment once and as it is last', async () => {
    const { teller, statements, pass } = byHand();
    teller.tell(change('a', 1));
    teller.tell(change('b', 7));
    teller.tell(change('a', 2));
    await settled();
    expect(statements).toEqual([]);
    await pass();
    expect(statements.map(({ payloads }) => payloads)).toEqual([['a 2 baking', 'b 7 baking']]);
  });

  it('never have two statements under way', async () => {
    const { teller, statements, pass } = byHand();
    teller.tell(change('a'));
    await pass();
    teller.tell(change('b'));
    await pass();
    expect(statements).toHaveLength(1);
    statements[0]?.answer();
    await settled();
    await pass();
    expect(statements[1]?.payloads).toEqual(['b 1 baking']);
  });

  it('are dropped when the database does not take them, and the next ones are told', async () => {
    const { teller, statements, pass } = byHand();
    teller.tell(change('a'));
    await pass();
    statements[0]?.fail(new Error('The database is away.'));
    await settled();
    teller.tell(change('b'));
    await pass();
    expect(statements.map(({ payloads }) => payloads)).toEqual([['a 1 baking'], ['b 1 baking']]);
  });

  it('do not pile up while the database does not answer, and go in bounded statements', async () => {
    const { teller, statements, pass } = byHand();
    for (let index = 0; index < 10_500; index += 1) teller.tell(change(`d${index}`));
    for (let told = 0; told < 30; told += 1) {
      await pass();
      statements.at(-1)?.answer();
      await settled();
    }
    expect(Math.max(...statements.map(({ payloads }) => payloads.length))).toBe(500);
    expect(statements.flatMap(({ payloads }) => payloads)).toHaveLength(10_000);
  });

  it('are told at once when the store closes, which waits for it', async () => {
    const { teller, statements } = byHand();
    teller.tell(change('a'));
    let closed = false;
    const closing = teller.close().then(() => {
      closed = true;
    });
    await settled();
    expect(statements.map(({ payloads }) => payloads)).toEqual([['a 1 baking']]);
    expect(closed).toBe(false);
    statements[0]?.answer();
    await closing;
  });
});
