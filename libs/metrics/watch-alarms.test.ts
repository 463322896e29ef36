import type { AlarmReading } from '#aws';
import { seeAlarms } from './watch-alarms.js';

const START = 1_800_000_000_000;
const read = (...alarms: AlarmReading[]) => ({ ok: true as const, value: alarms });
const alarm = (state: AlarmReading['state'], sinceMs = START - 60_000, name = 'errors'): AlarmReading => ({
  name,
  state,
  sinceMs,
});

describe('alarms during a rollout', () => {
  test('one that goes off fails the watch and is named', () => {
    const quiet = seeAlarms(undefined, ['errors'], read(alarm('OK')), START);
    expect(quiet.word).toBe('quiet');
    const red = seeAlarms(quiet.memory, ['errors'], read(alarm('ALARM', START + 30_000)), START + 60_000);
    expect(red).toMatchObject({ word: 'fail', sentence: expect.stringContaining('"errors" went off') });
  });

  test('one that went off between the shift and the first look fails the watch as well', () => {
    expect(seeAlarms(undefined, ['errors'], read(alarm('ALARM', START + 1)), START).word).toBe('fail');
  });

  test('one that was red before is shown and does not block, even when it flaps', () => {
    const first = seeAlarms(undefined, ['errors'], read(alarm('ALARM')), START);
    expect(first).toMatchObject({ word: 'quiet', shown: [{ redAtStart: true, state: 'ALARM' }] });
    expect(first.sentence).toContain('"errors" had been red before');
    const green = seeAlarms(first.memory, ['errors'], read(alarm('OK', START + 10_000)), START);
    expect(seeAlarms(green.memory, ['errors'], read(alarm('ALARM', START + 20_000)), START).word).toBe('quiet');
  });

  test('a red baseline hides no other alarm', () => {
    const alarms = [alarm('ALARM'), alarm('ALARM', START + 5, 'latency')];
    const seen = seeAlarms(undefined, ['errors', 'latency'], read(...alarms), START);
    expect(seen).toMatchObject({ word: 'fail', sentence: expect.not.stringContaining('errors') });
  });

  test('too little data is shown and decides nothing', () => {
    const seen = seeAlarms(undefined, ['errors'], read(alarm('INSUFFICIENT_DATA')), START);
    expect(seen).toMatchObject({ word: 'quiet', shown: [{ state: 'INSUFFICIENT_DATA' }] });
    expect(seen.sentence).toContain('too little data');
  });

  test('alarms that cannot be read, or do not exist, are never taken for quiet ones', () => {
    const fault = { code: 'access_denied', retry: 'never', public: 'Not allowed.', internal: '' } as const;
    expect(seeAlarms(undefined, ['errors'], { ok: false, fault }, START).word).toBe('blind');
    expect(seeAlarms(undefined, ['errors', 'gone'], read(alarm('OK')), START)).toMatchObject({
      word: 'blind',
      sentence: expect.stringContaining('"gone"'),
    });
  });

  test('what was red at the start is remembered from the first reading that worked, against the true start', () => {
    const fault = { code: 'timed_out', retry: 'again', public: 'Slow.', internal: '' } as const;
    const blind = seeAlarms(undefined, ['errors'], { ok: false, fault }, START);
    expect(seeAlarms(blind.memory, ['errors'], read(alarm('ALARM', START + 5)), START + 60_000).word).toBe('fail');
  });
});
