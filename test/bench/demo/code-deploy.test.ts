import { asOnAws, type Coming, onOurData, publishedAtOnce, replayCodeDeploy } from './code-deploy.js';

/** Ten requests a second for seven minutes; those at or after `fromMs` fail on the canary. */
const stream = (fromMs: number): Coming[] =>
  Array.from({ length: 4200 }, (_, index) => ({ atMs: index * 100, failsOnCanary: index * 100 >= fromMs }));

test('one breaching minute stops it, when that minute has been published', () => {
  expect(replayCodeDeploy(stream(0), 30_000, asOnAws, 1).stoppedAfterMs).toBe(90_000);
  expect(replayCodeDeploy(stream(0), 30_000, publishedAtOnce, 1).stoppedAfterMs).toBe(30_000);
  expect(replayCodeDeploy(stream(0), 30_000, onOurData, 1).stoppedAfterMs).toBe(15_000);
});

test('a tenth of the requests is harmed until then', () => {
  const { harmed } = replayCodeDeploy(stream(0), 0, asOnAws, 3);
  expect(harmed).toBeGreaterThan(90);
  expect(harmed).toBeLessThan(150);
});

test('without an error it is promoted, and what fails afterwards hits everybody', () => {
  expect(replayCodeDeploy(stream(1e9), 0, asOnAws, 1)).toEqual({ harmed: 0, stoppedAfterMs: null });
  expect(replayCodeDeploy(stream(400_000), 0, asOnAws, 1)).toEqual({ harmed: 200, stoppedAfterMs: null });
});

test('an alarm that turns red after the five minutes is not watched any more', () => {
  expect(replayCodeDeploy(stream(290_000), 0, asOnAws, 1).stoppedAfterMs).toBeNull();
});
