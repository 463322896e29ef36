import { sharedLook } from './look-together.js';

/** A look whose answers are given by hand, in the order in which they were asked. */
function byHand() {
  const asked: { keys: readonly string[]; answer: (values: string[]) => void; fail: (error: Error) => void }[] = [];
  const look = sharedLook<string, string>(
    (keys) =>
      new Promise((answer, fail) => {
        asked.push({ keys, answer, fail });
      }),
  );
  return { asked, look };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** As many looks as go on side by side, of one key each. */
async function bothUnderWay(look: (key: string) => Promise<string>, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    void look(key);
    await settled();
  }
}

describe('looks that share their round trips', () => {
  it('asks at the end of the turn when nothing is under way, for all that the turn brought', async () => {
    const { asked, look } = byHand();
    void look('a');
    void Promise.resolve().then(() => look('b'));
    await settled();
    expect(asked.map(({ keys }) => keys)).toEqual([['a', 'b']]);
  });

  it('never answers by a look that began before the question', async () => {
    const { asked, look } = byHand();
    await bothUnderWay(look, 'a', 'b');
    const late = look('a');
    expect(asked.map(({ keys }) => keys)).toEqual([['a'], ['b']]);
    asked[0]?.answer(['too old']);
    await settled();
    expect(asked[2]?.keys).toEqual(['a']);
    asked[2]?.answer(['fresh']);
    expect(await late).toBe('fresh');
  });

  it('serves everybody who waits with one look, each with the answer to their own key', async () => {
    const { asked, look } = byHand();
    await bothUnderWay(look, 'x', 'y');
    const waiting = ['a', 'b', 'a', 'c'].map((key) => look(key));
    asked[0]?.answer(['x!']);
    await settled();
    expect(asked[2]?.keys).toEqual(['a', 'b', 'a', 'c']);
    asked[2]?.answer(['1', '2', '3', '4']);
    expect(await Promise.all(waiting)).toEqual(['1', '2', '3', '4']);
  });

  it('tells everybody who shared a failed look, and asks anew for the next one', async () => {
    const { asked, look } = byHand();
    await bothUnderWay(look, 'x', 'y');
    const failing = [look('a'), look('b')];
    asked[0]?.answer(['x!']);
    await settled();
    asked[2]?.fail(new Error('The database is away.'));
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = look('c');
    await settled();
    asked[3]?.answer(['back']);
    expect(await next).toBe('back');
  });

  it('splits what is too much for one statement', async () => {
    const { asked, look } = byHand();
    await bothUnderWay(look, 'x', 'y');
    for (let index = 0; index < 250; index += 1) void look(String(index));
    asked[0]?.answer(['x!']);
    await settled();
    expect(asked[2]?.keys).toHaveLength(200);
    asked[1]?.answer(['y!']);
    await settled();
    expect(asked[3]?.keys).toHaveLength(50);
  });
});
