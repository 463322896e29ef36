import { together } from './together.js';

interface Sent {
  readonly inputs: readonly string[];
  readonly answer: (answers: readonly (string | undefined)[]) => void;
  readonly fail: (error: unknown) => void;
}

/** Statements whose ends come by hand, in the order in which they were sent. */
function byHand(mayShare?: (input: string) => boolean) {
  const sent: Sent[] = [];
  const send = (inputs: readonly string[]) =>
    new Promise<readonly (string | undefined)[]>((answer, fail) => {
      sent.push({ inputs, answer, fail });
    });
  const write = together<string, string>({
    alone: async (input) => (await send([input]))[0] ?? 'nothing',
    together: send,
    ...(mayShare ? { mayShare } : {}),
  });
  return { sent, write };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const inputsOf = (sent: readonly Sent[]) => sent.map(({ inputs }) => inputs);

/** Two that occupy the statements, and three that come meanwhile and share the next. */
async function crowd(mayShare?: (input: string) => boolean) {
  const { sent, write } = byHand(mayShare);
  const first = [write('x'), write('y')];
  const shared = ['a', 'b', 'c'].map(write);
  sent[0]?.answer(['done x']);
  await settled();
  const rest = async () => {
    sent[1]?.answer(['done y']);
    expect(await Promise.all(first)).toEqual(['done x', 'done y']);
  };
  return { sent, shared, rest };
}

describe('statements that come together', () => {
  it('sends what comes alone at once, as it is', async () => {
    const { sent, write } = byHand();
    const written = write('a');
    expect(inputsOf(sent)).toEqual([['a']]);
    sent[0]?.answer(['done']);
    expect(await written).toBe('done');
  });

  it('gathers what comes while statements are under way, each with its own answer', async () => {
    const { sent, shared, rest } = await crowd();
    expect(inputsOf(sent)).toEqual([['x'], ['y'], ['a', 'b', 'c']]);
    sent[2]?.answer(['1', '2', '3']);
    expect(await Promise.all(shared)).toEqual(['1', '2', '3']);
    await rest();
  });

  it('sends alone what the shared statement left out, and holds up nobody by it', async () => {
    const { sent, shared, rest } = await crowd();
    sent[2]?.answer(['1', undefined, '3']);
    expect(await shared[0]).toBe('1');
    expect(await shared[2]).toBe('3');
    expect(sent[3]?.inputs).toEqual(['b']);
    sent[3]?.answer(['2']);
    expect(await shared[1]).toBe('2');
    await rest();
  });

  it('lets one that the database refuses take none of the others with it', async () => {
    const { sent, shared, rest } = await crowd();
    sent[2]?.fail(Object.assign(new Error('unreadable'), { severity: 'ERROR', code: '22P02' }));
    await settled();
    expect(inputsOf(sent.slice(3))).toEqual([['a'], ['b'], ['c']]);
    sent[3]?.answer(['1']);
    sent[4]?.fail(new Error('still unreadable'));
    sent[5]?.answer(['3']);
    expect((await Promise.allSettled(shared)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    await rest();
  });

  it('sends nothing again when nobody knows whether it was done', async () => {
    const { sent, shared, rest } = await crowd();
    sent[2]?.fail(Object.assign(new Error('terminated'), { severity: 'FATAL', code: '57P01' }));
    const ends = await Promise.allSettled(shared);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(sent).toHaveLength(3);
    await rest();
  });

  it('goes on after one alone that failed', async () => {
    const { sent, write } = byHand();
    const first = write('a');
    sent[0]?.fail(new Error('lost'));
    await expect(first).rejects.toThrow('lost');
    const second = write('b');
    sent[1]?.answer(['done']);
    expect(await second).toBe('done');
  });

  it('never lets one wait that must not', async () => {
    const { sent, shared, rest } = await crowd((input) => input !== 'b');
    expect(inputsOf(sent)).toEqual([['x'], ['y'], ['b'], ['a', 'c']]);
    sent[2]?.answer(['2']);
    sent[3]?.answer(['1', '3']);
    expect(await Promise.all(shared)).toEqual(['1', '2', '3']);
    await rest();
  });
});
