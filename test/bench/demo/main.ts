import { parseArgs } from 'node:util';
import { House } from './house.js';
import { modelTable } from './model.js';
import { goalsOf, reportOf } from './report.js';
import { type Figures, runRollout, type Scenario } from './rollouts.js';

/**
 * What the default strategy does to bad, slow and good versions in the real standalone, in real time:
 * `npm run bench:demo -- [--quick] [--seeds N] [--parallel N] [--rps N] [--no-check]`. What is counted, and what is
 * replayed, stands above the tables. With `--model N` nothing is run: how long good versions take over N seeds.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seeds: { type: 'string' },
    parallel: { type: 'string', default: '6' },
    rps: { type: 'string', default: '20' },
    'no-check': { type: 'boolean', default: false },
    model: { type: 'string' },
  },
});
const seeds = Number(values.seeds ?? (values.quick ? 3 : 20));
const requestsPerSecond = Number(values.rps);
const others = values.quick ? 1 : 5;

const numbered = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const scenario = (name: Scenario['name'], release: Scenario['release'], seed: number): Scenario => ({
  name,
  release,
  seed,
  requestsPerSecond,
});
/** The long ones first, so that the end is not one of them alone. */
const waiting: Scenario[] = [
  ...numbered(others).map((seed) => scenario('incident', 'v2', 300 + seed)),
  ...numbered(others).map((seed) => scenario('good', 'v2', 200 + seed)),
  ...numbered(others).map((seed) => scenario('slow', 'v4-slow', 100 + seed)),
  ...numbered(seeds).map((seed) => scenario('bad', 'v3-bad', seed)),
];
const all = [...waiting];
const figures: Figures[] = [];

async function work(house: House): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const measured = await runRollout(house, next);
    figures.push(measured);
    const { harmed, canaryRequests, end, seconds } = measured;
    const words = `${harmed} of ${canaryRequests} canary requests failed, ${end} after ${seconds.toFixed(0)} s`;
    console.error(`${figures.length}/${all.length}  ${next.name} ${next.seed}: ${words}`);
  }
}

async function measure(): Promise<void> {
  const house = await House.open();
  try {
    await Promise.all(Array.from({ length: Number(values.parallel) }, () => work(house)));
  } finally {
    await house.close();
  }
  console.log(reportOf(figures, requestsPerSecond));
  const goals = goalsOf(figures);
  for (const { goal, holds, measured } of goals) console.log(`${holds ? 'holds ' : 'FAILED'}  ${goal}: ${measured}`);
  if (!values['no-check'] && goals.some(({ holds }) => !holds)) process.exitCode = 1;
}

if (values.model) console.log(modelTable(Number(values.model), requestsPerSecond));
else await measure();
