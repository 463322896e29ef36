import { createHash } from 'node:crypto';
import type { InvocationReading, Invoker, Outcome } from '#aws';
import type { ProbePlan } from '#rollout';
import { systemClock } from '#runtime';
import { failed, fault, succeeded } from '../../libs/aws/faults.js';
import { sendProbes } from './probing.js';

const fn = { accountId: '000000000000', region: 'us-east-1', functionName: 'checkout' };
const plan: ProbePlan = {
  payloads: 0,
  compare: 'outcome',
  timeoutSeconds: 5,
  deadlineSeconds: 20,
  onInconclusive: 'fail',
};
const good: Outcome<InvocationReading> = succeeded({ failed: false, answer: { ok: true }, logTail: '' });
const bad = (errorType: string) =>
  succeeded({ failed: true, answer: { errorType, errorMessage: 'hunter2' }, logTail: '' });
const refusal = (code: 'throttled' | 'access_denied' | 'timed_out', retryAfterMs = 1) =>
  failed(fault(code, code === 'access_denied' ? 'never' : 'again', { internal: code, retryAfterMs }));

type Script = (version: string, payload: unknown, call: number) => Outcome<InvocationReading>;

async function send(payloads: unknown[], script: Script, change: Partial<ProbePlan> = {}, signal?: AbortSignal) {
  const calls: { version: string; payload: unknown }[] = [];
  let underWay = 0;
  let most = 0;
  const invoker: Invoker = {
    async invoke(_fn, version, text) {
      underWay += 1;
      most = Math.max(most, underWay);
      await systemClock.sleep(1);
      underWay -= 1;
      const payload: unknown = JSON.parse(text);
      calls.push({ version, payload });
      const nth = calls.filter((one) => one.version === version && one.payload === payload).length;
      return script(version, payload, nth);
    },
    close: () => undefined,
  };
  const errand = { invoker, clock: systemClock, fn, stable: '1', canary: '2', payloads, plan: { ...plan, ...change } };
  const done = await sendProbes({ ...errand, signal: signal ?? new AbortController().signal });
  return { done, calls, most };
}

test('a payload that only the canary fails is tried three times on both versions, in turn', async () => {
  const { done, calls } = await send(['order'], (version) => (version === '2' ? bad('TypeError') : good));
  expect(done.results).toEqual([{ payload: '1', stable: [true, true, true], canary: [false, false, false] }]);
  expect(calls.map(({ version }) => version).join('')).toBe('121212');
  expect(done.errorTypes.get('1')).toBe('TypeError');
});

test('a canary that succeeds once is not asked again, nor one whose stable version fails as well', async () => {
  const flaky = await send(['order'], (version, _payload, nth) => (version === '2' && nth === 1 ? bad('Error') : good));
  expect(flaky.done.results[0]).toEqual({ payload: '1', stable: [true, true], canary: [false, true] });
  const both = await send(['order'], () => bad('Error'));
  expect(both.done.results[0]).toEqual({ payload: '1', stable: [false], canary: [false] });
});

test('never more than five at once, and no more payloads after ten convictions', async () => {
  const payloads = Array.from({ length: 100 }, (_, index) => index);
  const { most, calls } = await send(payloads, (version) => (version === '2' ? bad('Error') : good));
  expect(most).toBe(5);
  expect(calls.length).toBeLessThan(16 * 6);
});

test('a throttled invocation says nothing about a version: it is sent again', async () => {
  const { done } = await send([1], (version, _payload, nth) =>
    version === '2' && nth < 4 ? refusal('throttled') : good,
  );
  expect(done.results[0]).toEqual({ payload: '1', stable: [true], canary: [true] });
});

test('an invocation that takes longer than it may has failed', async () => {
  const { done } = await send([1], (version) => (version === '2' ? refusal('timed_out') : good));
  expect(done.errorTypes.get('1')).toBe('ProbeTimedOut');
  expect(done.results[0]?.canary).toEqual([false, false, false]);
});

test('a refusal by Lambda ends everything and convicts nobody', async () => {
  const { done, calls } = await send([1, 2, 3, 4, 5, 6, 7], () => refusal('access_denied'));
  expect(done.refusal?.code).toBe('access_denied');
  expect(calls.length).toBeLessThanOrEqual(5);
  expect(done.results.every(({ stable, canary }) => stable.length + canary.length === 0)).toBe(true);
});

test('an answer that says 5xx is a failure, though Lambda calls it a success', async () => {
  const answer = (statusCode: number) => succeeded({ failed: false, answer: { statusCode, body: 'x' }, logTail: '' });
  const { done } = await send([1], (version) => answer(version === '2' ? 502 : 404));
  expect(done.errorTypes.get('1')).toBe('HTTP 502');
});

test('the form of answers is compared when asked for, and a stable version that varies is no measure', async () => {
  const answer = (value: unknown) => succeeded({ failed: false, answer: value, logTail: '' });
  const changed: Script = (version) => answer(version === '2' ? { total: '12' } : { total: 12 });
  expect((await send([1], changed)).done.results[0]?.canary).toEqual([true]);
  const seen = await send([1], changed, { compare: 'shape' });
  expect(seen.done.results[0]?.canary).toEqual([false, false, false]);
  expect(seen.done.errorTypes.get('1')).toBe('AnswerOfAnotherShape');
  const varying: Script = (version, _payload, nth) => answer(version === '2' ? 'text' : { [`k${nth}`]: 1 });
  expect((await send([1], varying, { compare: 'shape' })).done.results[0]?.canary.at(-1)).toBe(true);
});

test('an error type that could be data is not repeated', async () => {
  const secret = `user ${createHash('md5').update('x').digest('hex')} not found`;
  const { done } = await send([1], (version) => (version === '2' ? bad(secret) : good));
  expect(done.errorTypes.get('1')).toBe('Unhandled');
});

test('paces are read from the report at the end of the log, cold starts apart', async () => {
  const tail = (init: string) =>
    `RequestId: x\nREPORT RequestId: x\tDuration: 12.50 ms\tBilled Duration: 13 ms\t${init}\n`;
  const script: Script = (version) =>
    succeeded({ failed: false, answer: 1, logTail: tail(version === '2' ? 'Init Duration: 250.00 ms\t' : '') });
  const { done } = await send([1, 2], script);
  expect(done.pace.stable).toEqual({ warmMs: [12.5, 12.5], initMs: [] });
  expect(done.pace.canary).toEqual({ warmMs: [], initMs: [250, 250] });
});

test('when the lease is lost nothing more is sent', async () => {
  const lost = new AbortController();
  const { calls } = await send(
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    () => {
      lost.abort();
      return good;
    },
    {},
    lost.signal,
  );
  expect(calls.length).toBeLessThanOrEqual(5);
});
