import { readSettings } from './read-settings.js';

const before = {
  analysis: { suspicion: 5 },
  analysisOff: false,
  metrics: { source: 'logs' as const, textRuntime: 'python' as const },
  deadlines: { personSeconds: 60 },
  probes: { safe: true, recordFromLog: null },
};
const read = (options: Parameters<typeof readSettings>[0]) => readSettings(options, '/', before);

test('nothing named is nothing changed', async () => {
  expect(await read({})).toEqual({});
});

test('one part of a member keeps the others as the target has them', async () => {
  expect(await read({ profile: 'careful' })).toEqual({ analysis: { suspicion: 5, profile: 'careful' } });
  expect(await read({ period: '10s' })).toEqual({ metrics: { ...before.metrics, periodSeconds: 10 } });
  expect(await read({ analysisDeadline: '15m' })).toEqual({
    deadlines: { personSeconds: 60, analysisSeconds: 900 },
  });
});

test('a source by its name begins anew, and its pace lies over it', async () => {
  expect(await read({ metrics: 'cloudwatch', settle: '90' })).toEqual({
    metrics: { source: 'cloudwatch', settleSeconds: 90 },
  });
});

test('the judge is switched off and on, alarms are named and taken away', async () => {
  expect(await read({ judge: 'off' })).toEqual({ analysis: null });
  const off = { ...before, analysis: null, analysisOff: true };
  expect(await readSettings({ judge: 'on' }, '/', off)).toEqual({ analysis: {} });
  expect(await read({ alarm: ['a', 'b'], alarms: true })).toEqual({ alarms: ['a', 'b'] });
  expect(await read({ alarms: false })).toEqual({ alarms: [] });
});

test('consent to payloads from the log comes with the mark that the target has', async () => {
  expect(await read({ probesFromLog: true })).toEqual({ probes: { safe: true, recordFromLog: true } });
  expect(await read({ probesSafe: false })).toEqual({ probes: { safe: false } });
});

test.each([
  [{ metrics: 'prometheus' }, /needs more than its name/],
  [{ period: 'soon' }, /--period soon is not a duration/],
  [{ judge: 'off' as const, profile: 'fast' }, /--judge off and --profile/],
  [{ alarm: ['a'], alarms: false }, /--alarm and --no-alarms/],
])('%j is refused', async (options, message) => {
  await expect(read(options)).rejects.toThrow(message);
});
