import type { LogLine, LogQuery, LogsReader } from '#aws';
import { readLoggedPayloads, whyNoPayloads } from './logged-payloads.js';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const marked = (payload: unknown) => JSON.stringify({ sluice: 'probe-payload', payload });

/** A log of lines by their age in minutes; every question is written down. */
class Log implements Pick<LogsReader, 'filterLogEvents'> {
  readonly asked: LogQuery[] = [];

  constructor(private readonly lines: readonly (readonly [ageMinutes: number, message: string])[]) {}

  async filterLogEvents(_where: unknown, query: LogQuery) {
    this.asked.push(query);
    const lines = this.lines.map(
      ([age, message], index): LogLine => ({
        id: String(index),
        stream: 's',
        timestampMs: NOW - age * MINUTE,
        ingestedMs: NOW,
        message,
      }),
    );
    const within = lines.filter(({ timestampMs }) => timestampMs >= query.fromMs && timestampMs <= query.toMs);
    return { ok: true as const, value: { lines: within, complete: true } };
  }

  close() {}
}

async function read(log: Log, most = 20) {
  const wish = { accountId: '1', region: 'r', logGroup: '/aws/lambda/f', most, nowMs: NOW };
  const outcome = await readLoggedPayloads(log, wish, { timeoutMs: 1000 });
  return { outcome, payloads: outcome.ok ? outcome.value.payloads : undefined };
}

test('the newest come first, each once, from lines of their own and from the messages of a JSON log', async () => {
  const asMessage = JSON.stringify({ level: 'INFO', message: { sluice: 'probe-payload', payload: { id: 2 } } });
  const log = new Log([
    [300, marked({ id: 1 })],
    [3, asMessage],
    [2, marked({ id: 1 })],
    [1, marked('text')],
  ]);
  expect((await read(log)).payloads).toEqual(['text', { id: 1 }, { id: 2 }]);
});

test('no more are taken than asked for, and nothing older is looked for once they are there', async () => {
  const log = new Log(Array.from({ length: 9 }, (_, index) => [index / 2, marked(index)] as const));
  expect((await read(log, 3)).payloads).toEqual([0, 1, 2]);
  expect(log.asked).toHaveLength(1);
});

test('a day is looked at, span by span, and no moment twice', async () => {
  const log = new Log([
    [24 * 60 - 1, marked('old')],
    [24 * 60 + 1, marked('too old')],
  ]);
  expect((await read(log)).payloads).toEqual(['old']);
  const [first, ...later] = log.asked;
  expect(first?.toMs).toBe(NOW + MINUTE);
  later.forEach((query, index) => {
    expect(query.toMs).toBe((log.asked[index]?.fromMs ?? 0) - 1);
  });
});

test('lines without a payload and payloads too large are left out and counted; all together have a bound', async () => {
  const large = 'x'.repeat(20_000);
  const log = new Log([
    [1, '{"sluice":"probe-payload"}'],
    [2, marked('y'.repeat(40_000))],
    ...Array.from({ length: 8 }, (_, index) => [3 + index / 10, marked(large + index)] as const),
  ]);
  const { outcome, payloads } = await read(log);
  expect(payloads).toHaveLength(4);
  expect(outcome).toMatchObject({ value: { unusable: 2 } });
});

test('what is missing is said without a word of what was there', async () => {
  const why = async (log: Log) => whyNoPayloads((await read(log)).outcome, '/aws/lambda/f');
  expect(await why(new Log([[1, marked(1)]]))).toBeUndefined();
  expect(await why(new Log([]))).toMatch(/log group \/aws\/lambda\/f holds no line of the last day marked/);
  expect(await why(new Log([[1, marked('secret'.repeat(9_000))]]))).toMatch(/at most 32 KB \(1 marked without\)\.$/);
  const fault = { code: 'not_found', retry: 'never', public: '', internal: '' } as const;
  expect(whyNoPayloads({ ok: false, fault }, '/other')).toBe('No probe was sent: there is no log group /other.');
});
