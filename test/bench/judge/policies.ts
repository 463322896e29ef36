import { profiles } from '#analysis';
import { argo } from './peers/argo.js';
import { codeDeploy } from './peers/codedeploy.js';
import { flagger } from './peers/flagger.js';
import { growthBook } from './peers/growthbook.js';
import { kayenta } from './peers/kayenta.js';
import { sluice } from './sluice.js';
import type { Policy } from './world.js';

const cloudWatchData = { periodSeconds: 60, lagSeconds: 60 };
const fastData = { periodSeconds: 10, lagSeconds: 10 };

/** Peers as they ship or as their documentation configures them. */
export const peers: readonly Policy[] = [
  codeDeploy('a1', 'CodeDeploy 10 % 5 min, any error, 1 of 1', 'canary', { points: 1, above: 0 }),
  codeDeploy('a2', 'CodeDeploy 10 % 5 min, any error, 2 of 2 (AWS sample)', 'canary', { points: 2, above: 0 }),
  codeDeploy('a3', 'CodeDeploy 10 % 5 min, errors > 1 %, 2 of 2', 'canary', { points: 2, above: 0.01 }),
  codeDeploy('a4', 'CodeDeploy 10 % 5 min, errors > 5 %, 2 of 2', 'canary', { points: 2, above: 0.05 }),
  codeDeploy('b2', 'CodeDeploy linear 10 %/min, any error, 2 of 2', 'linear', { points: 2, above: 0 }),
  codeDeploy('b3', 'CodeDeploy linear 10 %/min, errors > 1 %, 2 of 2', 'linear', { points: 2, above: 0.01 }),
  flagger('c1', 'Flagger threshold 5, step 10', { threshold: 5, stepWeight: 0.1, noDataPasses: false }),
  flagger('c1g', 'Flagger threshold 5, step 10, no data passes', {
    threshold: 5,
    stepWeight: 0.1,
    noDataPasses: true,
  }),
  flagger('c2', 'Flagger threshold 10, step 5', { threshold: 10, stepWeight: 0.05, noDataPasses: false }),
  argo('d1', 'Argo 20/40/60/80, 10 min, >= 95 % every 5 min', {
    pauseSeconds: 600,
    intervalSeconds: 300,
    successRate: 0.95,
    failureLimit: 3,
  }),
  argo('d2', 'Argo 20/40/60/80, 5 min, >= 99 % every minute', {
    pauseSeconds: 300,
    intervalSeconds: 60,
    successRate: 0.99,
    failureLimit: 3,
  }),
  kayenta('e1', 'Kayenta, 3 runs of 10 min', 600),
  kayenta('e2', 'Kayenta, 3 runs of 5 min', 300),
  growthBook('h1', 'GrowthBook-style, as published', false),
  growthBook('h2', 'GrowthBook-style, zero variance repaired', true),
];

/** Not on offer with Lambda's own metrics; shown so that data and method can be told apart. */
export const alarmOnFastData: Policy = codeDeploy(
  'a2f',
  'CodeDeploy 10 % 5 min, any error, on ten-second data',
  'canary',
  { points: 2, above: 0, periodSeconds: 10 },
);

export const ours: readonly Policy[] = [
  sluice('g3', 'Sluice on CloudWatch', profiles.cloudwatch, cloudWatchData),
  sluice('g6', 'Sluice on CloudWatch, careful', profiles.careful, cloudWatchData),
  sluice('g4', 'Sluice on fast data', profiles.fast, fastData),
  sluice('g5', 'Sluice on fast data, 20 probes', profiles.fast, { ...fastData, probes: 20 }),
];
